#include <sys/resource.h>

#include "state/snapshot/path_map.h"
#include "tests/state/snapshot/metadata_bytes.h"
#include "tests/state/snapshot/snapshot_rig.h"

namespace stateferry::state::snapshot {
namespace {

class Inspecting : public SnapshotRig {
 protected:
  Location PutMetadata(const std::string& directory, const std::string& bytes) {
    WriteFile(Path(directory) / "_metadata", bytes);
    return Scratch(directory);
  }
  Result<Snapshot> Look(const Location& location, const PathMap& map = {}) {
    return Inspect(*places, location, {.check_exists = true, .map = map});
  }
};
class InspectReal : public Inspecting, public ::testing::WithParamInterface<RealSnapshot> {};

INSTANTIATE_TEST_SUITE_P(Snapshots, InspectReal, ::testing::ValuesIn(RealSnapshots()),
                         [](const auto& param) {
                           std::string name = param.param.name;
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

TEST_P(InspectReal, ListsExactlyTheFilesThatAreReferredTo) {
  const RealSnapshot& real = GetParam();
  auto snapshot = Look(real.directory, real.map());
  ASSERT_TRUE(snapshot) << snapshot.error().message();
  std::vector<std::string> refs;
  for (const SnapshotFile& file : snapshot->files) {
    EXPECT_EQ(file.problem, "") << file.location.ToString();
    EXPECT_EQ(file.exists, true);
    EXPECT_TRUE(storage::IsWithin(file.read_from, real.tree)) << file.read_from.ToString();
    // Where the snapshot lies now for its own files, where Flink wrote them for the others.
    const Location& base = storage::IsWithin(file.location, real.tree) ? real.tree : real.origin;
    refs.push_back(real.origin.scheme == "s3" ? file.location.ToString()
                                              : storage::RelativeTo(file.location, base));
  }
  std::sort(refs.begin(), refs.end());
  std::vector<std::string> expected = real.refs;
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(refs, expected);
  EXPECT_EQ(snapshot->checkpoint_id, real.checkpoint_id);
  EXPECT_EQ(snapshot->type, real.type);
}

TEST_P(InspectReal, WorksFromTheNameThatFlinkGaveIt) {
  const RealSnapshot& real = GetParam();
  const Location at_origin = real.origin.Child(storage::RelativeTo(real.directory, real.tree));
  auto snapshot = Look(at_origin, real.map());
  ASSERT_TRUE(snapshot) << snapshot.error().message();
  EXPECT_EQ(snapshot->directory, at_origin);
  EXPECT_EQ(snapshot->files.size(), real.refs.size());
  for (const SnapshotFile& file : snapshot->files) EXPECT_EQ(file.problem, "");
}

TEST_F(Inspecting, TakesAMetadataFileOfAnyName) {
  const RealSnapshot real = CopyOf(Real("p2/savepoint-498414-ddd35ab99bf3"));
  std::filesystem::rename(real.directory.path + "/_metadata", real.directory.path + "/other");
  auto snapshot = Look(real.directory.Child("other"));
  ASSERT_TRUE(snapshot) << snapshot.error().message();
  EXPECT_EQ(snapshot->metadata_name, "other");
  EXPECT_EQ(snapshot->directory, real.directory);
  EXPECT_EQ(snapshot->files.size(), real.refs.size());
}

TEST_F(Inspecting, RefusesAFileThatIsNoMetadata) {
  WriteFile(Path("d/file"), "hello, this is text");
  auto snapshot = Look(Scratch("d/file"));
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code(), ErrorCode::kNotFound);
}

TEST_F(Inspecting, SaysWhatIsWrongWithEachFile) {
  const RealSnapshot real = CopyOf(Real("p1/chk-4"));
  const auto path = [&](std::size_t i) { return real.tree.path + "/" + real.refs[i]; };
  std::filesystem::remove(path(0));
  std::filesystem::resize_file(path(1), 3);
  std::ofstream(path(2), std::ios::app) << "x";
  std::filesystem::remove(path(3));
  std::filesystem::create_directory_symlink("/etc/passwd", path(3));

  auto snapshot = Look(real.directory, real.map());

  ASSERT_TRUE(snapshot);
  std::map<std::string, std::string> problems;
  for (const SnapshotFile& file : snapshot->files)
    if (!file.problem.empty())
      problems[storage::RelativeTo(file.location, real.origin)] =
          file.problem.substr(0, file.problem.find(':'));
  EXPECT_EQ(problems, (std::map<std::string, std::string>{{real.refs[0], "missing"},
                                                          {real.refs[1], "shorter"},
                                                          {real.refs[2], "longer"},
                                                          {real.refs[3], "unreadable"}}));
}

TEST_F(Inspecting, SegmentsMustEndInsideTheirFile) {
  const RealSnapshot real = CopyOf(Real("p6/chk-2"));
  const std::string victim = real.tree.path + "/" + real.refs[0];
  std::filesystem::resize_file(victim, std::filesystem::file_size(victim) - 1);
  auto snapshot = Look(real.directory, real.map());
  ASSERT_TRUE(snapshot);
  int shorter = 0;
  for (const SnapshotFile& file : snapshot->files)
    shorter += file.problem.starts_with("shorter") ? 1 : 0;
  EXPECT_EQ(shorter, 1);
}

TEST_F(Inspecting, NeverChecksTheSizeOfChangelogFiles) {
  const RealSnapshot real = CopyOf(Real("p8/chk-3"));
  for (const std::string& ref : real.refs)
    if (ref.starts_with("dstl/")) std::ofstream(real.tree.path + "/" + ref, std::ios::app) << "xx";
  auto snapshot = Look(real.directory, real.map());
  ASSERT_TRUE(snapshot);
  int changelog_files = 0;
  for (const SnapshotFile& file : snapshot->files) {
    EXPECT_EQ(file.problem, "");
    changelog_files += file.size_exact ? 0 : 1;
  }
  EXPECT_GT(changelog_files, 0);
}

TEST_F(Inspecting, ReportsDanglingRelativeHandles) {
  const RealSnapshot real = CopyOf(Real("p2/savepoint-498414-ddd35ab99bf3"));
  const Location chk = Scratch("job/chk-3");
  std::filesystem::create_directories(chk.path);
  std::filesystem::rename(real.directory.path + "/_metadata", chk.path + "/_metadata");

  auto lost = Look(chk);
  ASSERT_TRUE(lost);
  ASSERT_EQ(lost->warnings.size(), 1u);
  EXPECT_NE(lost->warnings[0].find("FLINK-39964"), std::string::npos);
  EXPECT_NE(lost->warnings[0].find("--map"), std::string::npos);
  for (const SnapshotFile& file : lost->files) EXPECT_EQ(file.problem, "missing");

  auto found = Look(chk, {{chk, real.directory}});
  ASSERT_TRUE(found);
  for (const SnapshotFile& file : found->files) {
    EXPECT_TRUE(file.repaired);
    EXPECT_EQ(file.exists, false) << "Flink will not find it";
    EXPECT_EQ(file.read_from.Parent(), real.directory);
    EXPECT_NE(file.problem.find("FLINK-39964"), std::string::npos);
  }
}

TEST_F(Inspecting, AFileOfTheRightNameAndWrongSizeRepairsNothing) {
  const RealSnapshot real = CopyOf(Real("p2/savepoint-498414-ddd35ab99bf3"));
  const Location chk = real.job().Child("chk-3");
  std::filesystem::create_directories(chk.path);
  std::filesystem::rename(real.directory.path + "/_metadata", chk.path + "/_metadata");
  std::filesystem::resize_file(real.tree.path + "/" + real.refs[0], 1);
  auto snapshot = Look(chk);
  ASSERT_TRUE(snapshot);
  int repaired = 0;
  for (const SnapshotFile& file : snapshot->files) repaired += file.repaired ? 1 : 0;
  EXPECT_EQ(repaired, static_cast<int>(real.refs.size()) - 1);
}

/// File merging has a directory for each subtask.
TEST_F(Inspecting, ManyDirectoriesNeedFewDescriptors) {
  constexpr int kDirectories = 300;
  std::string list = bytes::I32(kDirectories);
  for (int i = 0; i < kDirectories; ++i) {
    const std::string file = "job/shared/" + std::to_string(i) + "/x";
    WriteFile(Path(file), "1");
    list += bytes::Utf(std::to_string(i)) + bytes::File("file:" + Path(file).string(), 1);
  }
  const Location at =
      PutMetadata("job/chk-1", bytes::OneKeyed(4, bytes::Incremental(list, bytes::I32(0))));
  WriteFile(Path("job/chk-1/meta"), "12345");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{.rlim_cur = 200, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);

  auto report = Move(at, Scratch("out"), Layout::kTree);

  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->transfer.files_moved, kDirectories + 1u);
}

TEST_F(Inspecting, StopsWhenAsked) {
  const RealSnapshot real = Real("p1/chk-4");
  stop.request_stop();
  auto looked = Inspect(*places, real.directory,
                        {.check_exists = true, .map = real.map(), .stop = stop.get_token()});
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().code(), ErrorCode::kCancelled);
}

TEST_F(Inspecting, RefusesHandlesThatLeadOutOfTheSnapshot) {
  for (const char* path : {"../x", "a/../../x", "/etc/passwd", "s3://b/x", "file:x"}) {
    const Location at = PutMetadata("d", bytes::OneStream(bytes::Relative(path, 1)));
    auto snapshot = Look(at);
    ASSERT_FALSE(snapshot) << path;
    EXPECT_EQ(snapshot.error().code(), ErrorCode::kRefused) << snapshot.error().message();
    EXPECT_NE(snapshot.error().message().find("subtask 0"), std::string::npos);
  }
}

TEST_F(Inspecting, RefusesFilesOfTheKernel) {
  for (const char* path :
       {"file:/proc/self/environ", "/dev/sda", "file:///sys/x", "file:/a/../proc/1/mem"}) {
    const Location at = PutMetadata("d", bytes::OneStream(bytes::File(path, 1)));
    auto snapshot = Look(at);
    ASSERT_FALSE(snapshot) << path;
    EXPECT_EQ(snapshot.error().code(), ErrorCode::kRefused);
  }
  const Location at = PutMetadata("d", bytes::OneStream(bytes::File("file:/dev/shm/b/x", 1)));
  EXPECT_TRUE(Look(at));
}

TEST_F(Inspecting, ReadsNoFilesOfTheKernelThroughLinks) {
  std::filesystem::create_symlink("/proc/self", Path("link"));
  const Location at =
      PutMetadata("d", bytes::OneStream(bytes::File("file:" + Path("link/environ").string(), 1)));
  const auto snapshot = Look(at);
  ASSERT_TRUE(snapshot) << snapshot.error().message();
  EXPECT_NE(snapshot->files.at(0).problem.find("files of the kernel"), std::string::npos)
      << snapshot->files.at(0).problem;
}

TEST_F(Inspecting, NeverShowsCredentials) {
  const Location at =
      PutMetadata("d", bytes::OneStream(bytes::File("s3://key:secret@bucket/cp/x", 1)));
  auto snapshot = Look(at);
  ASSERT_TRUE(snapshot) << snapshot.error().message();
  ASSERT_EQ(snapshot->files.size(), 1u);
  const std::string shown = DumpJson(ToJson(snapshot->files[0]));
  EXPECT_EQ(shown.find("secret"), std::string::npos) << shown;
  EXPECT_TRUE(snapshot->files[0].problem.starts_with("unreadable")) << shown;
}

TEST_F(Inspecting, MapsHandlesWithCredentials) {
  WriteFile(Path("b/cp/x"), "1");
  const Location at =
      PutMetadata("d", bytes::OneStream(bytes::File("s3a://key:secret@bucket/cp/x", 1)));
  auto snapshot = Look(at, {{At("s3://bucket"), Scratch("b")}});
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->files[0].problem, "");
}

TEST_F(Inspecting, HandlesOfUnknownFileSystemsAreListedAsUnreadable) {
  const Location at = PutMetadata("d", bytes::OneStream(bytes::File("hdfs://nn:8020/cp/x", 1)));
  auto snapshot = Look(at);
  ASSERT_TRUE(snapshot) << snapshot.error().message();
  EXPECT_EQ(snapshot->files[0].location.ToString(), "hdfs://nn:8020/cp/x");
  EXPECT_TRUE(snapshot->files[0].problem.starts_with("unreadable"));
}

TEST_F(Inspecting, AJobDirectoryNamesTheSnapshotsBelowIt) {
  auto snapshot = Look(Real("p1/chk-4").job());
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(snapshot.error().hint().find("chk-4"), std::string::npos);
}

TEST_F(Inspecting, NothingIsNotFound) {
  auto snapshot = Look(Scratch("nowhere"));
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code(), ErrorCode::kNotFound);
}

TEST(ApplyMap, LongestMatchWinsOnWholeComponents) {
  const PathMap map = {{At("file:/a"), At("file:/1")},
                       {At("file:/a/b"), At("s3://x")},
                       {At("file:/a/b/c"), At("file:/")}};
  EXPECT_EQ(ApplyMap(map, At("file:/a/z")).ToString(), "file:/1/z");
  EXPECT_EQ(ApplyMap(map, At("file:/a/bb")).ToString(), "file:/1/bb");
  EXPECT_EQ(ApplyMap(map, At("file:/a/b")).ToString(), "s3://x/");
  EXPECT_EQ(ApplyMap(map, At("file:/a/b/z")).ToString(), "s3://x/z");
  EXPECT_EQ(ApplyMap(map, At("file:/a/b/c/d")).ToString(), "file:/d");
  EXPECT_EQ(ApplyMap(map, At("file:/ab")).ToString(), "file:/ab");
}

}  // namespace
}  // namespace stateferry::state::snapshot
