#include <gmock/gmock.h>

#include "storage/file_backend.h"
#include "tests/fakes/faulty_backend.h"
#include "tests/state/snapshot/metadata_bytes.h"
#include "tests/state/snapshot/snapshot_rig.h"

namespace stateferry::state::snapshot {
namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;

class Orphans : public SnapshotRig {
 protected:
  /// A snapshot at job/chk-1 that names job/shared/used absolutely and job/chk-1/own relatively.
  Orphans() {
    WriteFile(Path("job/chk-1/_metadata"), bytes::OneKeyed(4, Handle(FileUri("job/shared/used"))));
    WriteFile(Path("job/chk-1/meta"), "12345");
    WriteFile(Path("job/shared/used"), "1");
    WriteFile(Path("job/shared/left"), "123");
  }
  std::string FileUri(const std::string& name) { return "file:" + Path(name).string(); }
  static std::string Handle(const std::string& shared_file) {
    const std::string list = bytes::I32(1) + bytes::Utf("1.sst") + bytes::File(shared_file, 1);
    return bytes::Incremental(list, bytes::I32(0));
  }
  /// Names of orphans below the base.
  std::vector<std::string> Names(const OrphanReport& report) {
    std::vector<std::string> names;
    for (const Orphan& orphan : report.orphans)
      names.push_back(storage::RelativeTo(orphan.location, Scratch("job")));
    return names;
  }
  Result<OrphanReport> Find(std::int64_t now_ns = INT64_MAX / 2) {
    return FindOrphans(*places, Scratch("job"), now_ns, kHour);
  }
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(Orphans, AreFilesThatNoMetadataNames) {
  auto report = Find();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(Names(*report), ElementsAre("shared/left"));
  EXPECT_EQ(report->orphans[0].size_bytes, 3u);
  EXPECT_TRUE(report->orphans[0].old_enough);
  EXPECT_EQ(report->referenced_files, 2u);
  EXPECT_EQ(report->snapshots, 1u);
}

TEST_F(Orphans, YoungFilesAreNotOldEnough) {
  auto report = Find();
  ASSERT_TRUE(report);
  const std::int64_t written = report->orphans.at(0).mtime_ns;
  const auto old_enough = [&](std::int64_t now) { return Find(now)->orphans.at(0).old_enough; };
  EXPECT_FALSE(old_enough(written + kHour - 1));
  EXPECT_TRUE(old_enough(written + kHour));
  EXPECT_FALSE(old_enough(written - 1)) << "the clock went back";
}

TEST_F(Orphans, RefuseWhenAnyMetadataCannotBeRead) {
  WriteFile(Path("job/chk-2/_metadata"), "half");
  auto report = Find();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kRefused);
  EXPECT_NE(report.error().message().find("chk-2"), std::string::npos);
}

TEST_F(Orphans, RefuseWhenThereIsNoMetadataAtAll) {
  std::filesystem::remove(Path("job/chk-1/_metadata"));
  auto report = Find();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kRefused);
}

TEST_F(Orphans, AMovedTreeKeepsWhatItsMetadataNamesElsewhere) {
  WriteFile(Path("job/chk-1/_metadata"), bytes::OneKeyed(4, Handle("s3://old/job/shared/used")));
  auto report = Find();
  ASSERT_TRUE(report);
  EXPECT_THAT(Names(*report), ElementsAre("shared/left"));
  EXPECT_EQ(report->warnings.size(), 1u);
}

/// A job that claimed a snapshot goes on using the files of the job before it.
TEST_F(Orphans, AreNoFilesThatTheJobsBesideNeed) {
  const std::string job1(32, 'a'), job2(32, 'b');
  std::filesystem::create_directory(Path("cp"));
  std::filesystem::rename(Path("job"), Path("cp/" + job1));
  WriteFile(Path("cp/" + job1 + "/shared/claimed"), "1");
  const std::string shared = FileUri("cp/" + job1 + "/shared/");
  WriteFile(Path("cp/" + job1 + "/chk-1/_metadata"), bytes::OneKeyed(4, Handle(shared + "used")));
  WriteFile(Path("cp/" + job2 + "/chk-9/_metadata"),
            bytes::OneKeyed(4, Handle(shared + "claimed")));
  auto report = FindOrphans(*places, Scratch("cp/" + job1), INT64_MAX / 2, kHour);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->orphans.size(), 1u);
  EXPECT_EQ(report->orphans[0].location.Name(), "left");
  EXPECT_EQ(report->snapshots, 1u);
}

TEST_F(Orphans, RefuseWhenMetadataHasAnotherName) {
  std::filesystem::create_directory(Path("job/savepoint-1"));
  std::filesystem::copy(Path("job/chk-1/_metadata"), Path("job/savepoint-1/_metadata.bak"));
  auto report = Find();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kRefused);
  EXPECT_NE(report.error().message().find("_metadata.bak"), std::string::npos);
}

TEST_F(Orphans, AreDeletableOnlyWhereFlinkKeepsState) {
  for (const char* file : {"README", "logs/x", "chk-1/x", "savepoint-1/x", "taskowned/a/x"})
    WriteFile(Path("job") / file, "x");
  auto report = Find();
  ASSERT_TRUE(report);
  std::map<std::string, bool> deletable;
  for (const Orphan& orphan : report->orphans)
    deletable[storage::RelativeTo(orphan.location, Scratch("job"))] = orphan.Deletable();
  EXPECT_EQ(deletable, (std::map<std::string, bool>{{"README", false},
                                                    {"logs/x", false},
                                                    {"chk-1/x", true},
                                                    {"savepoint-1/x", true},
                                                    {"shared/left", true},
                                                    {"taskowned/a/x", true}}));
}

TEST_F(Orphans, LookAgainWhenASnapshotGoesAwayMeanwhile) {
  auto job = std::make_shared<fakes::FaultyBackend>(
      *storage::OpenFileBackend(FileIo(), Path("job").string()));
  job->Fail({.op = fakes::BackendOp::kStat,
             .key_contains = "_metadata",
             .error = Error(ErrorCode::kNotFound, "gone")});
  places->Register(Scratch("job"), job);
  auto report = Find();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(Names(*report), ElementsAre("shared/left"));
}

TEST_F(Orphans, AreNoFilesThatALinkGivesAnotherName) {
  std::filesystem::create_directory_symlink("shared", Path("job/alias"));
  auto by_name = Find();
  ASSERT_TRUE(by_name);
  EXPECT_THAT(Names(*by_name), ElementsAre("shared/left"));

  WriteFile(Path("job/chk-1/_metadata"), bytes::OneKeyed(4, Handle(FileUri("job/alias/used"))));
  auto by_alias = Find();
  ASSERT_TRUE(by_alias);
  EXPECT_THAT(Names(*by_alias), ElementsAre("shared/left"));
  EXPECT_THAT(by_alias->warnings, IsEmpty());
}

TEST_F(Orphans, AFileThatADanglingHandleMeansIsKept) {
  // chk-1 names "meta" relative to itself; the file is where the job was restored from.
  std::filesystem::create_directories(Path("job/savepoint-1"));
  std::filesystem::rename(Path("job/chk-1/meta"), Path("job/savepoint-1/meta"));
  auto report = Find();
  ASSERT_TRUE(report);
  EXPECT_THAT(Names(*report), ElementsAre("shared/left"));
}

TEST_F(Orphans, WorkingFilesOfForStAreLeftAlone) {
  WriteFile(Path("job/shared/op_x_attempt_0/db/CURRENT"), "x");
  auto report = Find();
  ASSERT_TRUE(report);
  EXPECT_THAT(Names(*report), ElementsAre("shared/left"));
  EXPECT_EQ(report->warnings.size(), 1u);
}

TEST_F(Orphans, OfRealJobs) {
  // p8: what was materialized before the first checkpoint that was kept.
  const std::map<std::string, std::size_t> others = {
      {"p6/chk-2", 0}, {"p8/chk-3", 2}, {"p2/savepoint-498414-ddd35ab99bf3", 0}};
  for (const auto& [name, count] : others) {
    const RealSnapshot real = CopyOf(Real(name));
    WriteFile(real.job().path + "/shared/job_x_op_y_0_2/left", "x");
    WriteFile(real.tree.path + "/dstl/left", "x");
    auto report = FindOrphans(*places, real.tree, INT64_MAX / 2, kHour);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->orphans.size(), 2u + count) << name;
    std::size_t left = 0;
    for (const Orphan& orphan : report->orphans) {
      left += orphan.location.Name() == "left" ? 1 : 0;
      for (const RealSnapshot& other : RealSnapshots())
        for (const std::string& ref : other.refs)
          EXPECT_NE(orphan.location.Name(), ref.substr(ref.rfind('/') + 1));
    }
    EXPECT_EQ(left, 2u);
  }
}

class Listing : public SnapshotRig {};

TEST_F(Listing, IsOldestFirstByNumberInAJobAndElseByTime) {
  const RealSnapshot real = CopyOf(Real("p1/chk-1"));
  const auto put = [&](const std::string& name, int hour) {
    if (!name.starts_with("chk-"))
      std::filesystem::copy(real.job().path + "/chk-1", real.job().path + "/" + name);
    std::filesystem::last_write_time(
        real.job().path + "/" + name + "/_metadata",
        std::filesystem::file_time_type::clock::now() + std::chrono::hours(hour));
  };
  // A copy gives times in the order of names.
  std::filesystem::rename(real.job().path + "/chk-4", real.job().path + "/chk-10");
  for (const auto& [name, hour] :
       {std::pair("chk-10", -9), std::pair("chk-1", -8), std::pair("chk-2", -7),
        std::pair("chk-3", -4), std::pair("savepoint-a", -5), std::pair("savepoint-b", -3)})
    put(name, hour);
  auto listings = ListSnapshots(*places, real.tree);
  ASSERT_TRUE(listings);
  std::vector<std::string> names;
  for (const SnapshotListing& listing : *listings) {
    names.push_back(listing.location.Name());
    EXPECT_EQ(listing.kind, "checkpoint");
    EXPECT_EQ(listing.job_id, real.job().Name());
    EXPECT_TRUE(listing.readable);
  }
  EXPECT_THAT(names,
              ElementsAre("chk-1", "chk-2", "savepoint-a", "chk-3", "chk-10", "savepoint-b"));
}

TEST_F(Listing, NamesWhatCannotBeRead) {
  WriteFile(Path("b/savepoint-1/_metadata"), "x");
  auto listings = ListSnapshots(*places, Scratch("b"));
  ASSERT_TRUE(listings);
  ASSERT_EQ(listings->size(), 1u);
  EXPECT_FALSE(listings->front().readable);
  EXPECT_NE(listings->front().problem.find("_metadata"), std::string::npos);
}

TEST_F(Listing, OfAnEmptyDirectoryIsEmptyAndOfNothingNotFound) {
  std::filesystem::create_directory(Path("empty"));
  ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, Path("store").string()));
  auto listings = ListSnapshots(*places, Scratch("empty"));
  ASSERT_TRUE(listings);
  EXPECT_THAT(*listings, IsEmpty());
  const Location managed = At("managed://" + Path("store").string() + "/project/x");
  for (const Location& nothing : {Scratch("nowhere"), managed}) {
    auto failed = ListSnapshots(*places, nothing);
    ASSERT_FALSE(failed) << nothing.ToString();
    EXPECT_EQ(failed.error().code(), ErrorCode::kNotFound);
  }
}

}  // namespace
}  // namespace stateferry::state::snapshot
