#include "state/snapshot/rocksdb_dir.h"
#include "storage/file_backend.h"
#include "tests/fakes/faulty_backend.h"
#include "tests/state/snapshot/snapshot_rig.h"

namespace stateferry::state::snapshot {
namespace {

class CopyAndVerify : public SnapshotRig {
 protected:
  Result<transfer::TransferReport> Copy(const Location& from, const Location& to) {
    return CopyTree(from, to, {}, options, Env());
  }
  std::map<std::string, std::string> Contents(const std::string& root) {
    std::map<std::string, std::string> contents;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
      if (entry.is_regular_file())
        contents[std::filesystem::relative(entry.path(), root).string()] = ReadFile(entry.path());
    std::erase_if(contents, [](const auto& item) { return item.first.starts_with(".stateferry"); });
    return contents;
  }
  std::vector<std::string> Problems(const Location& at, VerifyLevel level) {
    auto report = VerifySnapshot(*places, at, level, {});
    EXPECT_TRUE(report) << report.error().message();
    return report ? report->problems : std::vector<std::string>{"?"};
  }
};

TEST_F(CopyAndVerify, CopiesEverythingAsItIs) {
  const RealSnapshot real = Real("p6/chk-2");
  auto report = Copy(real.tree, Scratch("out"));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Contents(Path("out").string()), Contents(real.tree.path));
  auto again = Copy(real.tree, Scratch("out"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->already_done);
}

TEST_F(CopyAndVerify, GoesIntoManagedStorageAndBack) {
  ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, Path("store").string()));
  const Location managed = At("managed://" + Path("store").string() + "/project/tree");
  const RealSnapshot real = Real("p7/chk-3");
  ASSERT_TRUE(Copy(real.tree, managed));
  EXPECT_EQ(Problems(managed, VerifyLevel::kHash).size(), 8u + 10u + 12u)
      << "absolute handles of a plain copy name the old place, which is not there";
  auto back = Copy(managed, Scratch("out"));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(Contents(Path("out").string()), Contents(real.tree.path));
}

TEST_F(CopyAndVerify, MetadataOfOtherContentIsAConflictAndNothingIsWritten) {
  const RealSnapshot real = Real("p1/chk-4");
  WriteFile(Path("out") / storage::RelativeTo(real.directory, real.tree) / "_metadata", "other");
  auto report = Copy(real.tree, Scratch("out"));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(Contents(Path("out").string()).size(), 1u);
}

TEST_F(CopyAndVerify, MetadataIsNotThereWhenAFileFailed) {
  const RealSnapshot real = Real("p1/chk-4");
  // A directory in the way of one file.
  WriteFile(Path("out") / real.refs[0] / "in-the-way", "x");
  auto report = Copy(real.tree, Scratch("out"));
  EXPECT_TRUE(!report || report->failures_total == 1);
  for (const auto& [name, bytes] : Contents(Path("out").string()))
    EXPECT_FALSE(name.ends_with("_metadata")) << name;
}

TEST_F(CopyAndVerify, MetadataThatWasReplacedMeanwhileIsNotPut) {
  WriteFile(Path("in/chk-1/_metadata"), "the files of the list");
  WriteFile(Path("in/chk-1/file"), "1");
  BeforeCommit replace([&] { WriteFile(Path("in/chk-1/_metadata"), "other files"); });
  auto report = CopyTree(Scratch("in"), Scratch("out"), {}, options, Env(replace));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kConflict) << report.error().message();
  EXPECT_FALSE(std::filesystem::exists(Path("out/chk-1/_metadata")));
  EXPECT_TRUE(Copy(Scratch("in"), Scratch("out")));
  EXPECT_EQ(ReadFile(Path("out/chk-1/_metadata")), "other files");
}

TEST_F(CopyAndVerify, ASingleObjectIsCopiedIntoTheDestination) {
  WriteFile(Path("d/file"), "content");
  ASSERT_TRUE(Copy(Scratch("d/file"), Scratch("out")));
  EXPECT_EQ(ReadFile(Path("out/file")), "content");
}

TEST_F(CopyAndVerify, NothingIsNotFound) {
  auto report = Copy(Scratch("nowhere"), Scratch("out"));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kNotFound);
}

TEST_F(CopyAndVerify, ATreeWithSnapshotsIsNotRelocatedAsPlainFiles) {
  const RealSnapshot real = Real("p1/chk-4");
  auto report = Move(real.job(), Scratch("out"), Layout::kPortable, real.map());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(report.error().hint().find("chk-"), std::string::npos);
}

TEST_F(CopyAndVerify, APlainTreeIsRelocatedAsItIs) {
  WriteFile(Path("in/a/b"), "1");
  WriteFile(Path("in/c"), "2");
  auto report = Move(Scratch("in"), Scratch("out"), Layout::kPortable);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Contents(Path("out").string()), Contents(Path("in").string()));
  EXPECT_EQ(report->kind, SnapshotKind::kPlainTree);
  EXPECT_EQ(report->restore_pointer, Location()) << "Flink restores nothing from it";
}

/// What is left of a snapshot without its `_metadata`: nothing restores from it.
TEST_F(CopyAndVerify, ASnapshotThatLostItsMetadataIsNoPlainTree) {
  const RealSnapshot real = CopyOf(Real("p5/chk-2"));
  ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, Path("store").string()));
  const Location managed = At("managed://" + Path("store").string() + "/project/nightly");
  ASSERT_TRUE(Move(real.directory, managed, Layout::kPortable, real.map()));
  ASSERT_TRUE(places->Open(managed, storage::Access::kWrite)
                  ->backend->Delete("nightly/" + std::string(kMetadataName)));
  for (const char* chk : {"chk-1", "chk-2"})
    std::filesystem::remove(real.job().path + "/" + chk + "/_metadata");
  std::filesystem::create_directories(Path("d/x/_metadata"));
  WriteFile(Path("d/x/_metadata/y"), "1");

  for (const Location& lost : {real.directory, real.tree, managed, Scratch("d/x")}) {
    auto report = Move(lost, Scratch("out"), Layout::kAnchored);
    ASSERT_FALSE(report) << lost.ToString();
    EXPECT_EQ(report.error().code(), ErrorCode::kNotFound) << report.error().message();
    EXPECT_NE(report.error().message().find("_metadata"), std::string::npos);
    EXPECT_NE(report.error().hint().find("`copy`"), std::string::npos);
    const auto problems = Problems(lost, VerifyLevel::kHash);
    // By its name alone nobody can tell that there ever was a snapshot.
    ASSERT_EQ(problems.size(), lost == managed ? 0u : 1u) << lost.ToString();
    EXPECT_TRUE(Inspect(*places, lost, {}));
  }
  // Here nothing is missing: these are no snapshots.
  const std::string job(32, 'a');
  WriteFile(Path(job) / "shared/x", "1");
  WriteFile(Path(job) / "taskowned/x", "1");
  for (const std::string& part : {job, job + "/shared", job + "/taskowned"}) {
    auto report = Move(Scratch(part), Scratch("out"), Layout::kAnchored);
    ASSERT_FALSE(report) << part;
    EXPECT_EQ(report.error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(Problems(Scratch(part), VerifyLevel::kHash).size(), 0u);
  }
  EXPECT_FALSE(std::filesystem::exists(Path("out")));
  EXPECT_TRUE(Copy(real.directory, Scratch("out")));
}

TEST_F(CopyAndVerify, LevelsLookAtMoreAndMore) {
  const RealSnapshot real = Real("p1/chk-4");
  ASSERT_TRUE(Move(real.directory, Scratch("out"), Layout::kPortable, real.map()));
  auto all_good = VerifySnapshot(*places, Scratch("out"), VerifyLevel::kDeep, {});
  ASSERT_TRUE(all_good);
  EXPECT_EQ(all_good->problems, std::vector<std::string>());
  EXPECT_EQ(all_good->files, real.refs.size() + 1) << "with _metadata";
  EXPECT_GT(all_good->bytes_read, 1'000'000u);

  const std::string name = real.refs[0].substr(real.refs[0].rfind('/') + 1);
  std::filesystem::resize_file(Path("out") / name, 5);
  EXPECT_EQ(Problems(Scratch("out"), VerifyLevel::kList).size(), 0u);
  EXPECT_EQ(Problems(Scratch("out"), VerifyLevel::kSize).size(), 1u);
  std::filesystem::remove(Path("out") / name);
  EXPECT_EQ(Problems(Scratch("out"), VerifyLevel::kList).size(), 1u);
}

TEST_F(CopyAndVerify, DeepReadsTheBlocksOfFlinksLocalSsts) {
  const RealSnapshot real = Real("p1/chk-4");
  ASSERT_TRUE(Move(real.directory, Scratch("out"), Layout::kPortable, real.map()));
  int flipped = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Path("out"))) {
    if (!entry.is_regular_file()) continue;
    std::string bytes = ReadFile(entry.path());
    if (!EndsLikeSst(AsBytes(std::string_view(bytes).substr(bytes.size() - 8)))) continue;
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    WriteFile(entry.path(), bytes);
    ++flipped;
  }
  ASSERT_GT(flipped, 0);
  EXPECT_EQ(Problems(Scratch("out"), VerifyLevel::kHash).size(), 0u);
  EXPECT_EQ(Problems(Scratch("out"), VerifyLevel::kDeep).size(), static_cast<std::size_t>(flipped));
}

TEST_F(CopyAndVerify, DeepReadsTheBlocksOfAPrefixToo) {
  const RealSnapshot real = Real("p1/chk-4");
  ASSERT_TRUE(Move(real.job(), Scratch("out"), Layout::kTree, real.map()));
  for (const char* place : {"out", "out/shared"}) {
    const auto good = VerifySnapshot(*places, Scratch(place), VerifyLevel::kDeep, {});
    ASSERT_TRUE(good) << good.error().message();
    EXPECT_EQ(good->problems, std::vector<std::string>());
    EXPECT_GT(good->files_checked_inside, 0u);
    EXPECT_EQ(VerifySnapshot(*places, Scratch(place), VerifyLevel::kHash, {})->files_checked_inside,
              0u);
  }
  std::size_t flipped = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Path("out/shared"))) {
    std::string bytes = ReadFile(entry.path());
    if (!EndsLikeSst(AsBytes(std::string_view(bytes).substr(bytes.size() - 8)))) continue;
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    WriteFile(entry.path(), bytes);
    ++flipped;
  }
  ASSERT_GT(flipped, 0u);
  EXPECT_EQ(Problems(Scratch("out"), VerifyLevel::kDeep).size(), flipped);
  EXPECT_EQ(Problems(Scratch("out/shared"), VerifyLevel::kDeep).size(), flipped);
}

TEST_F(CopyAndVerify, APrefixIsVerifiedWithItsSnapshots) {
  const RealSnapshot real = Real("p7/chk-1");
  ASSERT_TRUE(Move(real.job(), Scratch("out"), Layout::kTree, real.map()));
  EXPECT_EQ(Problems(Scratch("out"), VerifyLevel::kHash).size(), 0u);
  const Location shared = Scratch("out/shared");
  for (const auto& entry : std::filesystem::directory_iterator(shared.path)) {
    std::filesystem::remove(entry.path());
    break;
  }
  EXPECT_GE(Problems(Scratch("out"), VerifyLevel::kList).size(), 1u);
}

TEST_F(CopyAndVerify, SharedFilesOfAJobAreLookedAtOnce) {
  const RealSnapshot real = Real("p1/chk-4");
  ASSERT_TRUE(Move(real.job(), Scratch("out"), Layout::kTree, real.map()));
  auto counted = std::make_shared<fakes::FaultyBackend>(
      *storage::OpenFileBackend(FileIo(), Path("out").string()));
  places->Register(Scratch("out"), counted);
  std::set<std::string> distinct;
  std::size_t named = 0, snapshots = 0;
  for (const RealSnapshot& one : RealSnapshots()) {
    if (one.entry != real.entry) continue;
    distinct.insert(one.refs.begin(), one.refs.end());
    named += one.refs.size();
    ++snapshots;
  }
  ASSERT_LT(distinct.size(), named);

  EXPECT_EQ(Problems(Scratch("out"), VerifyLevel::kSize), std::vector<std::string>());

  // And at each _metadata, before and after reading it, and at those of the directory itself (there
  // are none).
  EXPECT_LE(counted->calls(fakes::BackendOp::kStat), distinct.size() + 2 * snapshots + 2);
}

TEST_F(CopyAndVerify, AReadThatWasStoppedIsNoDamage) {
  WriteFile(Path("d/file"), "1");
  auto stopped = std::make_shared<fakes::FaultyBackend>(
      *storage::OpenFileBackend(FileIo(), Path("d").string()));
  stopped->Fail({.op = fakes::BackendOp::kReadRange,
                 .key_contains = "file",
                 .error = Error(ErrorCode::kCancelled, "stopped on request")});
  places->Register(Scratch("d"), stopped);
  auto report = VerifySnapshot(*places, Scratch("d"), VerifyLevel::kHash, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCancelled);
}

TEST_F(CopyAndVerify, StopsWhenAsked) {
  const RealSnapshot real = Real("p1/chk-4");
  stop.request_stop();
  auto report = VerifySnapshot(*places, real.tree, VerifyLevel::kHash, stop.get_token());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace stateferry::state::snapshot
