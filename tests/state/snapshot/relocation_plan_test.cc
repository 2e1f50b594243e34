// The plan alone: names, forms, directories.  Nothing is read or written.
#include "state/snapshot/relocation_plan.h"

#include <fmt/format.h>

#include "state/snapshot/path_map.h"
#include "tests/state/snapshot/metadata_bytes.h"
#include "tests/state/snapshot/snapshot_rig.h"

namespace stateferry::state::snapshot {
namespace {

StreamHandle SegmentAt(std::string path, std::int64_t start, std::int64_t size, std::string id,
                       SegmentScope scope = SegmentScope::kExclusive) {
  StreamHandle handle;
  handle.tag = StreamTag::kSegment;
  handle.path = std::move(path);
  handle.start = start;
  handle.size_bytes = size;
  handle.name = std::move(id);
  handle.scope = scope;
  return handle;
}

std::string Hashed(const std::string& prefix, const std::string& source) {
  return fmt::format("{}-{:016x}", prefix, Xxh3_64(AsBytes(source)));
}
/// The directory of a tree for the files of another one.
std::string External(const std::string& directory) {
  return Hashed("external", LocationKey(At(directory)));
}
/// An empty directory of a tree from file:/cp/job.
std::string EmptyDirectory(const std::string& old_directory) {
  return Hashed("merged", LocationKey(At("file:/cp/job")) + '\0' + old_directory);
}

/// A snapshot at file:/cp/job/chk-1 with one incremental keyed handle.
class Planning : public ::testing::Test {
 protected:
  Planning() {
    keyed.tag = KeyedTag::kIncremental;
    keyed.key_groups = {0, 1};
    keyed.backend_id = "b";
    keyed.handle_id = "h";
    keyed.stream = StreamHandle::Relative("meta", 5);
    operator_state.states = {{"s", StateMode::kUnion, {0}}};
    operator_state.stream = StreamHandle::Relative("op", 7);
  }
  void Shared(StreamHandle handle) {
    keyed.shared_files.push_back(
        {std::to_string(keyed.shared_files.size()) + ".sst", std::move(handle)});
  }
  void Private(StreamHandle handle) {
    keyed.private_files.push_back(
        {std::to_string(keyed.private_files.size()) + ".txt", std::move(handle)});
  }

  SnapshotToMove Source(const std::string& directory = "file:/cp/job/chk-1") {
    SnapshotToMove source;
    source.snapshot.place = {At(directory), At(directory), "_metadata"};
    source.snapshot.metadata.version = version;
    source.snapshot.metadata.checkpoint_id = 1;
    source.snapshot.metadata.properties = version >= 4 ? bytes::NullProperties() : "";
    Operator op;
    op.parallelism = 1;
    op.max_parallelism = 1;
    Subtask subtask;
    subtask.managed_keyed = keyed;
    subtask.managed_operator = operator_state;
    op.subtasks = {subtask};
    source.snapshot.metadata.operators = {op};
    auto files = FilesOf(source.snapshot.metadata, source.snapshot.Resolver(map));
    EXPECT_TRUE(files) << files.error().message();
    source.files = files ? std::move(*files) : std::vector<SnapshotFile>();
    for (SnapshotFile& file : source.files) {
      file.exists = true;
      if (file.kind == FileKind::kSegment) file.size_bytes = 1000;
    }
    return source;
  }

  Result<FlinkRelocationPlan> Plan(Layout layout) {
    FlinkRelocation relocation;
    relocation.snapshots.push_back(Source());
    if (on_source) on_source(relocation.snapshots[0]);
    relocation.map = map;
    relocation.layout = layout;
    relocation.target = "file:/new";
    relocation.root = At("file:/cp/job");
    auto plan = PlanFlinkRelocation(std::move(relocation));
    if (plan) {
      auto read = ReadFlinkMetadata(AsBytes(plan->metadata.at(0).bytes));
      EXPECT_TRUE(read) << read.error().message();
      if (read) written = std::move(*read);
    }
    return plan;
  }
  const KeyedHandle& Keyed() { return *written.operators.at(0).subtasks.at(0).managed_keyed; }
  const StreamHandle& SharedHandle(std::size_t i) { return Keyed().shared_files.at(i).stream; }

  std::int32_t version = 4;
  KeyedHandle keyed;
  OperatorStateHandle operator_state;
  PathMap map;
  std::function<void(SnapshotToMove&)> on_source;
  FlinkMetadata written;
};

std::vector<std::string> Names(const FlinkRelocationPlan& plan) {
  std::vector<std::string> names;
  for (const auto& task : plan.files) names.push_back(task.to_name);
  return names;
}

TEST_F(Planning, BaseNamesThatCollideGetANumber) {
  Shared(StreamHandle::File("file:/a/u", 1));
  Shared(StreamHandle::File("file:/b/u", 1));
  Shared(StreamHandle::File("file:/c/u-2", 1));
  auto plan = Plan(Layout::kPortable);
  ASSERT_TRUE(plan);
  EXPECT_EQ(Names(*plan), (std::vector<std::string>{"u", "u-2", "u-2-2", "meta", "op"}));
  EXPECT_EQ(SharedHandle(0).path, "u");
  EXPECT_EQ(SharedHandle(1).path, "u-2");
  EXPECT_EQ(SharedHandle(2).path, "u-2-2");
}

TEST_F(Planning, NamesThatFlinkCannotReadAsRelativeAreChanged) {
  Shared(StreamHandle::File("file:/a/x:y", 1));
  Shared(StreamHandle::File("file:/a/_metadata", 1));
  Shared(StreamHandle::File("file:/a/" + std::string(250, 'n'), 1));
  auto plan = Plan(Layout::kPortable);
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(SharedHandle(0).path, "x_y");
  EXPECT_EQ(SharedHandle(1).path, "_metadata-2");
  EXPECT_EQ(SharedHandle(2).path.size(), 32u);
}

TEST_F(Planning, OneFileUnderTwoPathsIsOneFileInOneForm) {
  Shared(StreamHandle::File("file:/cp/job/chk-1/u", 9));
  Shared(StreamHandle::File("s3://old/chk-1/u", 9));
  Private(StreamHandle::Relative("u", 9));
  map = {{At("s3://old"), At("file:/cp/job")}};
  for (const Layout layout : {Layout::kPortable, Layout::kAnchored, Layout::kTree}) {
    auto plan = Plan(layout);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->files.size(), 3u) << LayoutName(layout);
    const StreamHandle& first = SharedHandle(0);
    for (const StreamHandle* other : {&SharedHandle(1), &Keyed().private_files.at(0).stream}) {
      EXPECT_EQ(other->tag, first.tag) << LayoutName(layout);
      EXPECT_EQ(other->path, first.path) << LayoutName(layout);
    }
  }
}

TEST_F(Planning, AnchoredMakesSharedAbsoluteAndKeepsExclusiveRelative) {
  Shared(StreamHandle::Relative("shared-was-relative", 1));
  Shared(StreamHandle::File("file:/cp/job/shared/u", 2));
  Private(StreamHandle::Relative("private", 3));
  Private(StreamHandle::File("file:/cp/job/shared/CURRENT-copy", 4));
  ASSERT_TRUE(Plan(Layout::kAnchored));
  EXPECT_EQ(SharedHandle(0).path, "file:/new/shared-was-relative");
  EXPECT_EQ(SharedHandle(1).path, "file:/new/u");
  EXPECT_EQ(SharedHandle(1).size_bytes, 2);
  EXPECT_EQ(Keyed().private_files.at(0).stream.tag, StreamTag::kRelative);
  EXPECT_EQ(Keyed().private_files.at(1).stream.path, "file:/new/CURRENT-copy");
  EXPECT_EQ(Keyed().stream.tag, StreamTag::kRelative);
}

TEST_F(Planning, SegmentsBecomeFilesOfTheirOwn) {
  Shared(SegmentAt("file:/m/p", 10, 20, "id-1", SegmentScope::kShared));
  Shared(SegmentAt("file:/m/p", 30, 5, "id-2", SegmentScope::kShared));
  Shared(SegmentAt("file:/m/p", 10, 20, "id-1", SegmentScope::kShared));
  Private(SegmentAt("file:/m/p", 35, 0, "id-3"));
  auto plan = Plan(Layout::kAnchored);
  ASSERT_TRUE(plan) << plan.error().message();
  ASSERT_EQ(plan->files.size(), 5u);
  const transfer::FileTask& first = plan->files.at(2);
  EXPECT_EQ(first.to_name, "id-1");
  EXPECT_EQ(first.from_name, "p");
  EXPECT_EQ(first.offset, 10u);
  EXPECT_EQ(first.size_bytes, 20u);
  EXPECT_FALSE(first.whole_object);
  EXPECT_EQ(SharedHandle(0).path, "file:/new/id-1");
  EXPECT_EQ(SharedHandle(0).size_bytes, 20);
  EXPECT_EQ(SharedHandle(2).path, "file:/new/id-1");
  EXPECT_EQ(Keyed().private_files.at(0).stream.path, "id-3");
}

TEST_F(Planning, ASegmentOutsideItsFileIsDamage) {
  Shared(SegmentAt("file:/m/p", 990, 20, "id-1"));
  auto plan = Plan(Layout::kPortable);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), ErrorCode::kCorruption);
  EXPECT_NE(plan.error().message().find("0.sst"), std::string::npos);
}

class PlanningMerged : public Planning {
 protected:
  void Merged(const std::string& task_owned, const std::string& shared) {
    operator_state.tag = OperatorStateTag::kFileMerging;
    operator_state.task_owned_directory = task_owned;
    operator_state.shared_directory = shared;
    operator_state.stream = SegmentAt(task_owned + "/p", 0, 10, "id-op");
  }
  const OperatorStateHandle& State() {
    return *written.operators.at(0).subtasks.at(0).managed_operator;
  }
};

TEST_F(PlanningMerged, DirectoriesAreDroppedWithTheSegments) {
  Merged("file:/cp/job/taskowned/job_1_tm_2", "file:/cp/job/shared/job_1_op_3");
  ASSERT_TRUE(Plan(Layout::kPortable));
  EXPECT_EQ(State().tag, OperatorStateTag::kPartitionable);
  EXPECT_EQ(State().stream.path, "id-op");
  ASSERT_EQ(State().states.size(), 1u);
}

TEST_F(PlanningMerged, EmptyStateIsLeftOut) {
  Merged("file:/cp/job/taskowned/job_1_tm_2", "file:/cp/job/shared/job_1_op_3");
  operator_state.states.clear();
  operator_state.empty = 1;
  operator_state.stream = StreamHandle();
  operator_state.stream.tag = StreamTag::kEmptySegment;
  ASSERT_TRUE(Plan(Layout::kAnchored));
  EXPECT_FALSE(written.operators.at(0).subtasks.at(0).managed_operator);
}

TEST_F(PlanningMerged, ATreeMovesThemWithTheirFiles) {
  Merged("file:/cp/job/taskowned/job_1_tm_2", "file:/cp/job/shared/job_1_op_3");
  auto plan = Plan(Layout::kTree);
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(State().task_owned_directory, "file:/new/taskowned/job_1_tm_2");
  EXPECT_EQ(State().shared_directory, "file:/new/shared/job_1_op_3");
  EXPECT_EQ(State().stream.path, "file:/new/taskowned/job_1_tm_2/p");
  EXPECT_EQ(State().stream.tag, StreamTag::kSegment);
}

TEST_F(PlanningMerged, ATreeNeverLetsThemHoldAnythingElse) {
  // Deleted recursively by Flink, each of these would take state, or the whole tree, with it.
  for (const char* directory :
       {"file:/cp/job", "file:/cp/job/chk-1", "file:/", "file:/cp/job/shared", "file:/proc", "x",
        "file:/other/shared", "file:/cp/job/shared/job_mixed"}) {
    SCOPED_TRACE(directory);
    keyed.shared_files.clear();
    Merged("file:/cp/job/taskowned/job_1_tm_2", directory);
    Shared(StreamHandle::File("file:/cp/job/shared/job_mixed/u", 1));
    Shared(StreamHandle::File("file:/other/shared/v", 1));
    ASSERT_TRUE(Plan(Layout::kTree));
    EXPECT_TRUE(State().shared_directory.starts_with("file:/new/merged-"));
    EXPECT_EQ(State().task_owned_directory, "file:/new/taskowned/job_1_tm_2");
  }
}

TEST_F(PlanningMerged, ATreeGivesDirectoriesFromOutsideOneOfTheirOwn) {
  Merged("file:/elsewhere/taskowned/job_1_tm_2", "file:/elsewhere/shared/job_1_op_3");
  ASSERT_TRUE(Plan(Layout::kTree));
  const std::string external = External("file:/elsewhere/taskowned/job_1_tm_2");
  EXPECT_EQ(State().stream.path, "file:/new/" + external + "/p");
  EXPECT_EQ(State().task_owned_directory, "file:/new/" + external);
  // Another relocation into the same tree has other names: with CLAIM Flink deletes all of it.
  EXPECT_EQ(State().shared_directory,
            "file:/new/" + EmptyDirectory(LocationKey(At("file:/elsewhere/shared/job_1_op_3"))));
}

TEST_F(Planning, TreeKeepsNamesAndPutsForeignDirectoriesBesides) {
  Shared(StreamHandle::File("file:/cp/job/shared/u", 1));
  const std::string first = External("file:/old-job/shared"), second = External("s3://b/");
  Shared(StreamHandle::File("file:/cp/job/" + second + "/u", 1));
  Shared(StreamHandle::File("file:/old-job/shared/u", 1));
  Shared(StreamHandle::File("s3://b/u", 1));
  auto plan = Plan(Layout::kTree);
  ASSERT_TRUE(plan);
  EXPECT_EQ(Names(*plan), (std::vector<std::string>{"chk-1/meta", "chk-1/op", second + "/u",
                                                    "shared/u", first + "/u", second + "-2/u"}));
  EXPECT_EQ(plan->metadata.at(0).to_name, "chk-1/_metadata");
  EXPECT_EQ(SharedHandle(2).path, "file:/new/" + first + "/u");
  EXPECT_EQ(Keyed().stream.path, "meta");
}

TEST_F(Planning, TreeMakesRelativeSharedFilesAbsolute) {
  // What a portable snapshot, or a native savepoint, looks like.  Flink repeats a relative shared
  // handle in the next checkpoint, where it means another directory: see FLINK-39964.
  Shared(StreamHandle::Relative("shared-was-relative", 1));
  Private(StreamHandle::Relative("private", 3));
  ASSERT_TRUE(Plan(Layout::kTree));
  EXPECT_EQ(SharedHandle(0).path, "file:/new/chk-1/shared-was-relative");
  EXPECT_EQ(Keyed().private_files.at(0).stream.path, "private");
  EXPECT_EQ(Keyed().stream.path, "meta");
}

TEST_F(Planning, AHandleThatNamesTheMetadataIsRefused) {
  Shared(StreamHandle::File("file:/cp/job/chk-1/_metadata", 1));
  auto plan = Plan(Layout::kTree);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), ErrorCode::kRefused);
}

TEST_F(Planning, VersionSevenIsRefused) {
  version = 7;
  auto plan = Plan(Layout::kPortable);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), ErrorCode::kRefused);
}

TEST_F(Planning, OldMetadataWithRelativeHandlesNeedsANewerFlink) {
  version = 2;
  keyed.tag = KeyedTag::kIncrementalOld;
  auto plan = Plan(Layout::kPortable);
  ASSERT_TRUE(plan) << plan.error().message();
  ASSERT_EQ(plan->warnings.size(), 1u);
  EXPECT_NE(plan->warnings[0].find("1.11"), std::string::npos);
}

TEST_F(Planning, ChangelogFilesKeepTheirLogicalSizeAndAreCopiedWhole) {
  KeyedHandle changes;
  changes.tag = KeyedTag::kChangelogFiles;
  changes.key_groups = {0, 1};
  changes.change_files = {{0, StreamHandle::File("file:/dstl/c", 50)}};
  changes.size_bytes = 50;
  changes.storage_id = "filesystem";
  changes.handle_id = "c";
  KeyedHandle changelog;
  changelog.tag = KeyedTag::kChangelog;
  changelog.key_groups = {0, 1};
  changelog.materialized = {keyed};
  changelog.changes = {changes};
  changelog.handle_id = "l";
  keyed = changelog;
  on_source = [](SnapshotToMove& source) {
    for (SnapshotFile& file : source.files)
      if (!file.size_exact) file.size_bytes = 51;
  };
  auto plan = Plan(Layout::kAnchored);
  ASSERT_TRUE(plan) << plan.error().message();
  const auto task = std::find_if(plan->files.begin(), plan->files.end(),
                                 [](const auto& file) { return file.to_name == "c"; });
  ASSERT_NE(task, plan->files.end());
  EXPECT_EQ(task->size_bytes, 51u);
  EXPECT_TRUE(task->whole_object);
  const StreamHandle& handle = Keyed().changes.at(0).change_files.at(0).stream;
  EXPECT_EQ(handle.path, "file:/new/c");
  EXPECT_EQ(handle.size_bytes, 50);
  // The next checkpoint refers to all of the materialized state again.
  EXPECT_EQ(Keyed().materialized.at(0).stream.path, "file:/new/meta");
}

TEST_F(Planning, ChangelogSegmentsAreRefused) {
  KeyedHandle changes;
  changes.tag = KeyedTag::kChangelogFiles;
  changes.key_groups = {0, 1};
  changes.change_files = {{0, SegmentAt("file:/dstl/c", 0, 50, "x")}};
  changes.handle_id = "c";
  KeyedHandle changelog;
  changelog.tag = KeyedTag::kChangelog;
  changelog.key_groups = {0, 1};
  changelog.changes = {changes};
  keyed = changelog;
  auto plan = Plan(Layout::kPortable);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), ErrorCode::kRefused);
}

TEST_F(Planning, TheSameInputGivesTheSamePlan) {
  for (int i = 0; i < 50; ++i)
    Shared(StreamHandle::File("file:/d" + std::to_string(i * 7 % 50) + "/u", 1));
  auto first = Plan(Layout::kPortable), second = Plan(Layout::kPortable);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(Names(*first), Names(*second));
  EXPECT_EQ(first->metadata[0].bytes, second->metadata[0].bytes);
}

TEST(MovedFiles, AFileIsOneThroughSymbolicLinksToo) {
  TempDir dir;
  const std::string root = dir.path();
  std::filesystem::create_directory(root + "/real");
  std::filesystem::create_directory_symlink(root + "/real", root + "/link");
  MovedFiles files;
  for (const char* path : {"/real/x", "/link/x", "/real/y"}) {
    SnapshotFile file;
    file.location = file.read_from = At("file:" + root + path);
    files.Whole(file);
  }
  EXPECT_EQ(files.all().size(), 2u);
}

}  // namespace
}  // namespace stateferry::state::snapshot
