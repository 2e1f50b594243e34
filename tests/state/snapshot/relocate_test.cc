// Real snapshots, moved in every layout: what restores from the copy is what restores from the
// original.
#include "state/snapshot/relocate.h"

#include <mutex>

#include "storage/file_backend.h"
#include "tests/fakes/faulty_backend.h"
#include "tests/state/snapshot/snapshot_rig.h"

namespace stateferry::state::snapshot {
namespace {

class Relocate : public SnapshotRig {};
class RelocateReal : public SnapshotRig, public ::testing::WithParamInterface<RealSnapshot> {};

INSTANTIATE_TEST_SUITE_P(Snapshots, RelocateReal, ::testing::ValuesIn(RealSnapshots()),
                         [](const auto& param) {
                           std::string name = param.param.name;
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

std::vector<OperatorStateTag> OperatorTags(const FlinkMetadata& metadata) {
  std::vector<OperatorStateTag> tags;
  EXPECT_TRUE(VisitOperatorStates(metadata, [&](const OperatorStateHandle& handle, const auto&) {
    tags.push_back(handle.tag);
    return Result<void>();
  }));
  return tags;
}

TEST_P(RelocateReal, PortableIsOneDirectoryThatCanBeMovedByHand) {
  const RealSnapshot& real = GetParam();
  const auto before = Signature(real.directory, real.map());

  auto report = Move(real.directory, Scratch("out"), Layout::kPortable, real.map());

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->transfer.status, transfer::TransferStatus::kCommitted);
  EXPECT_EQ(report->restore_pointer, Scratch("out"));
  std::filesystem::rename(Path("out"), Path("elsewhere"));
  EXPECT_EQ(Signature(Scratch("elsewhere")), before);
  for (const auto& [tag, count] : FileTags(last.metadata)) EXPECT_EQ(tag, StreamTag::kRelative);
  for (const auto tag : OperatorTags(last.metadata)) EXPECT_NE(tag, OperatorStateTag::kFileMerging);
  ExpectWhole(Scratch("elsewhere"), Scratch("elsewhere"));
  // Nothing but the files that are named, and the metadata.
  auto snapshot = Inspect(*places, Scratch("elsewhere"), {});
  ASSERT_TRUE(snapshot);
  std::size_t there = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Path("elsewhere")))
    there += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(there, snapshot->files.size() + 1);
}

TEST_P(RelocateReal, AnchoredNamesSharedFilesAtTheDestination) {
  const RealSnapshot& real = GetParam();
  const auto before = Signature(real.directory, real.map());

  auto report = Move(real.directory, Scratch("out"), Layout::kAnchored, real.map());

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Signature(Scratch("out")), before);
  ExpectWhole(Scratch("out"), Scratch("out"));
  ASSERT_TRUE(VisitStreamHandles(
      std::as_const(last.metadata),
      [&](const StreamHandle& handle, const HandleContext& context) -> Result<void> {
        if (!NamesFile(handle.tag)) return {};
        EXPECT_NE(handle.tag, StreamTag::kSegment);
        if (context.list == HandleList::kShared || context.list == HandleList::kChanges ||
            context.materialized) {
          EXPECT_EQ(handle.tag, StreamTag::kFile) << DescribeHandle(context);
        }
        if (handle.tag == StreamTag::kFile) {
          EXPECT_TRUE(handle.path.starts_with("file:" + Path("out").string() + "/"));
        }
        return {};
      }));
  for (const auto tag : OperatorTags(last.metadata)) EXPECT_NE(tag, OperatorStateTag::kFileMerging);
}

TEST_P(RelocateReal, AChainOfLayoutsKeepsEverything) {
  const RealSnapshot& real = GetParam();
  const auto before = Signature(real.directory, real.map());
  ASSERT_TRUE(Move(real.directory, Scratch("a"), Layout::kAnchored, real.map()));
  ASSERT_TRUE(Move(Scratch("a"), Scratch("b"), Layout::kPortable));
  std::filesystem::remove_all(Path("a"));
  ASSERT_TRUE(Move(Scratch("b"), Scratch("c"), Layout::kAnchored));
  std::filesystem::remove_all(Path("b"));
  auto tree = Move(Scratch("c"), Scratch("d"), Layout::kTree);
  ASSERT_TRUE(tree) << tree.error().message();
  std::filesystem::remove_all(Path("c"));
  EXPECT_EQ(tree->restore_pointer, Scratch("d/c"));
  EXPECT_EQ(Signature(Scratch("d/c")), before);
  ExpectWhole(Scratch("d/c"), Scratch("d"));
}

TEST_P(RelocateReal, GoesThroughManagedStorageAndBack) {
  const RealSnapshot& real = GetParam();
  const auto before = Signature(real.directory, real.map());
  ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, Path("store").string()));
  const Location managed = At("managed://" + Path("store").string() + "/project/snap");

  auto in = Move(real.directory, managed, Layout::kPortable, real.map());
  ASSERT_TRUE(in) << in.error().message();
  EXPECT_EQ(Signature(managed), before);
  auto out = Move(managed, Scratch("out"), Layout::kAnchored);

  ASSERT_TRUE(out) << out.error().message();
  EXPECT_EQ(Signature(Scratch("out")), before);
}

/// Files below a directory, by name.
std::map<std::string, std::string> Contents(const std::filesystem::path& root) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.is_regular_file() && entry.path().string().find("/.stateferry/") == std::string::npos)
      contents[std::filesystem::relative(entry.path(), root).string()] =
          Xxh3_128(AsBytes(ReadFile(entry.path()))).ToHex();
  return contents;
}

TEST_F(Relocate, TreeOfAJobKeepsAllItsCheckpointsAndSharesTheirFiles) {
  for (const char* name : {"p1/chk-1", "p6/chk-1", "p7/chk-1", "p8/chk-1"}) {
    SCOPED_TRACE(name);
    const RealSnapshot real = Real(name);
    const Location out = Scratch(real.entry);
    auto report = Move(real.job(), out, Layout::kTree, real.map());
    ASSERT_TRUE(report) << report.error().message();
    std::set<std::string> read;
    for (const RealSnapshot& one : RealSnapshots()) {
      if (one.entry != real.entry) continue;
      const Location moved = out.Child(one.directory.Name());
      EXPECT_EQ(Signature(moved), Signature(one.directory, one.map()));
      ExpectWhole(moved, out);
      EXPECT_EQ(report->restore_pointer.Parent(), out);
      for (const std::string& ref : one.refs) read.insert(ref);
    }
    // Shared files are there once.
    EXPECT_EQ(report->transfer.files_total, read.size());
    if (real.entry == "p8") {
      int external = 0;
      for (const auto& entry : std::filesystem::directory_iterator(out.path))
        external += entry.path().filename().string().starts_with("external-") ? 1 : 0;
      EXPECT_EQ(external, 1);
    }
  }
}

TEST_F(Relocate, NewestOfATreeIsTheRestorePointer) {
  const RealSnapshot real = CopyOf(Real("p1/chk-1"));
  // By its number, not by its name: chk-10 sorts before chk-2.
  std::filesystem::rename(real.job().path + "/chk-4", real.job().path + "/chk-10");
  auto report = Move(real.job(), Scratch("out"), Layout::kTree, real.map());
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->restore_pointer, Scratch("out/chk-10"));
  EXPECT_EQ(report->snapshots.size(), 4u);
  auto inside = Move(real.job(), real.job().Child("out"), Layout::kTree, real.map());
  ASSERT_FALSE(inside);
  EXPECT_EQ(inside.error().code(), ErrorCode::kConflict);
}

TEST_F(Relocate, MergeDirectoriesOfATreeAreBelowItAndHoldMergedFilesOnly) {
  const RealSnapshot real = Real("p6/chk-2");
  ASSERT_TRUE(Move(real.directory, Scratch("out"), Layout::kTree, real.map()));
  Signature(Scratch("out/chk-2"));
  int seen = 0;
  ASSERT_TRUE(VisitOperatorStates(
      std::as_const(last.metadata),
      [&](const OperatorStateHandle& handle, const HandleContext&) -> Result<void> {
        if (handle.tag != OperatorStateTag::kFileMerging) return {};
        ++seen;
        for (const std::string& path : {handle.task_owned_directory, handle.shared_directory}) {
          auto place = LocationOfHandlePath(path);
          EXPECT_TRUE(place && storage::IsWithin(*place, Scratch("out"))) << path;
          EXPECT_TRUE(place->Name().starts_with("job_")) << path;
        }
        return {};
      }));
  EXPECT_GT(seen, 0);
}

TEST_F(Relocate, WritesTheNameByWhichFlinkWillSeeIt) {
  const RealSnapshot real = Real("p1/chk-4");
  const auto flink_name = ParseRestoreUri("s3a://bucket/new/");
  ASSERT_TRUE(flink_name);
  auto report = Move(real.directory, Scratch("out"), Layout::kAnchored, real.map(), *flink_name);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(FlinkUri(report->restore_pointer), "s3a://bucket/new");
  Signature(Scratch("out"), {{At("s3://bucket/new"), Scratch("out")}});
  int absolute = 0;
  ASSERT_TRUE(VisitStreamHandles(std::as_const(last.metadata),
                                 [&](const StreamHandle& handle, const HandleContext&) {
                                   if (handle.tag == StreamTag::kFile) {
                                     ++absolute;
                                     EXPECT_TRUE(handle.path.starts_with("s3a://bucket/new/"));
                                   }
                                   return Result<void>();
                                 }));
  EXPECT_GT(absolute, 0);
}

TEST_F(Relocate, RefusesDestinationsThatFlinkReadsAsOthers) {
  const RealSnapshot real = Real("p7/chk-3");
  EXPECT_FALSE(ParseRestoreUri("s3://bucket/a\\b"));
  for (const char* name : {"a\\b", "blank "}) {
    auto report = Move(real.directory, Scratch(name), Layout::kAnchored, real.map());
    ASSERT_FALSE(report) << name;
    EXPECT_EQ(report.error().code(), ErrorCode::kInvalidArgument) << report.error().message();
    EXPECT_FALSE(std::filesystem::exists(Path(name)));
  }
  auto kernel =
      Move(real.directory, Scratch("out"), Layout::kAnchored, real.map(), At("file:/dev/x"));
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code(), ErrorCode::kRefused);
  EXPECT_FALSE(std::filesystem::exists(Path("out")));
  // Flink never reads managed storage.
  ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, Path("store").string()));
  const Location managed = At("managed://" + Path("store").string() + "/project/a\\b");
  EXPECT_TRUE(Move(real.directory, managed, Layout::kPortable, real.map()));
}

TEST_F(Relocate, SecondRunFindsNothingToDo) {
  const RealSnapshot real = Real("p7/chk-3");
  ASSERT_TRUE(Move(real.directory, Scratch("out"), Layout::kPortable, real.map()));
  const auto contents = Contents(Path("out"));
  auto again = Move(real.directory, Scratch("out"), Layout::kPortable, real.map());
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->transfer.already_done);
  EXPECT_EQ(again->transfer.files_moved, 0u);
  EXPECT_EQ(Contents(Path("out")), contents);
}

TEST_F(Relocate, PutsMetadataBackWhenOnlyThatIsGone) {
  const RealSnapshot real = Real("p7/chk-3");
  ASSERT_TRUE(Move(real.directory, Scratch("out"), Layout::kPortable, real.map()));
  const auto contents = Contents(Path("out"));
  std::filesystem::remove(Path("out") / "_metadata");
  ASSERT_TRUE(Move(real.directory, Scratch("out"), Layout::kPortable, real.map()));
  EXPECT_EQ(Contents(Path("out")), contents);
}

TEST_F(Relocate, RefusesASnapshotWithAMissingFileBeforeAnythingIsWritten) {
  const RealSnapshot real = CopyOf(Real("p1/chk-4"));
  std::filesystem::remove(real.tree.path + "/" + real.refs[2]);
  auto report = Move(real.directory, Scratch("out"), Layout::kPortable, real.map());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(report.error().message().find(real.refs[2]), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(Path("out")));
}

TEST_F(Relocate, RefusesAShorterFile) {
  const RealSnapshot real = CopyOf(Real("p1/chk-4"));
  std::filesystem::resize_file(real.tree.path + "/" + real.refs[2], 10);
  auto report = Move(real.directory, Scratch("out"), Layout::kPortable, real.map());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCorruption);
  EXPECT_NE(report.error().message().find("shorter"), std::string::npos);
}

TEST_F(Relocate, RefusesADestinationThatHoldsAnotherSnapshot) {
  const RealSnapshot real = Real("p1/chk-4"), other = Real("p1/chk-3");
  ASSERT_TRUE(Move(other.directory, Scratch("out"), Layout::kPortable, other.map()));
  const auto contents = Contents(Path("out"));

  auto report = Move(real.directory, Scratch("out"), Layout::kPortable, real.map());

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(Contents(Path("out")), contents);
  options.if_exists = transfer::IfExists::kOverwrite;
  ASSERT_TRUE(Move(real.directory, Scratch("out"), Layout::kPortable, real.map()));
  EXPECT_EQ(Signature(Scratch("out")), Signature(real.directory, real.map()));
}

TEST_F(Relocate, WhatItPutThereItselfIsNoConflict) {
  const RealSnapshot real = Real("p7/chk-3");
  options.if_exists = transfer::IfExists::kFail;
  ASSERT_TRUE(Move(real.directory, Scratch("out"), Layout::kPortable, real.map()));
  auto again = Move(real.directory, Scratch("out"), Layout::kPortable, real.map());
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->transfer.already_done);
}

TEST_F(Relocate, RefusesDestinationsAtInsideAndAroundTheSource) {
  const RealSnapshot real = CopyOf(Real("p7/chk-3"));
  std::filesystem::create_directory_symlink(real.directory.path, Path("link"));
  for (const Location& to : {real.directory, real.directory.Child("in"), real.job(),
                             Scratch("link"), Scratch("link/in")}) {
    auto report = Move(real.directory, to, Layout::kPortable, real.map());
    ASSERT_FALSE(report) << to.ToString();
    EXPECT_EQ(report.error().code(), ErrorCode::kConflict) << to.ToString();
  }
}

TEST_F(Relocate, RefusesDestinationsInDirectoriesThatTheSourceReads) {
  const RealSnapshot real = CopyOf(Real("p6/chk-2"));
  std::set<std::string> directories;
  for (const std::string& ref : real.refs) directories.insert(ref.substr(0, ref.rfind('/')));
  ASSERT_GT(directories.size(), 2u);
  for (const std::string& directory : directories) {
    auto report =
        Move(real.directory, real.tree.Child(directory + "/new"), Layout::kPortable, real.map());
    ASSERT_FALSE(report) << directory;
    EXPECT_EQ(report.error().code(), ErrorCode::kConflict) << directory;
  }
}

TEST_F(Relocate, KnowsAManagedStoreByAllItsNames) {
  ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, Path("store").string()));
  storage::PlacesOptions named;
  named.named_stores["main"] = Path("store").string();
  places = std::make_unique<storage::Places>(FileIo(), clock, named);
  const RealSnapshot real = Real("p7/chk-3");
  const Location by_path = At("managed://" + Path("store").string() + "/project/snap");
  ASSERT_TRUE(Move(real.directory, by_path, Layout::kPortable, real.map()));
  for (const char* to : {"managed://main/project/snap", "managed://main/project/snap/in"}) {
    auto report = Move(by_path, At(to), Layout::kPortable);
    ASSERT_FALSE(report) << to;
    EXPECT_EQ(report.error().code(), ErrorCode::kConflict) << report.error().message();
  }
}

TEST_F(Relocate, AnOverwriteThatEndsBeforeItsFirstFileLeavesTheOldSnapshotWhole) {
  const RealSnapshot real = Real("p1/chk-4"), other = Real("p1/chk-3");
  ASSERT_TRUE(Move(other.directory, Scratch("out"), Layout::kPortable, other.map()));
  const auto contents = Contents(Path("out"));
  options.if_exists = transfer::IfExists::kOverwrite;
  auto out = std::make_shared<fakes::FaultyBackend>(
      *storage::OpenFileBackend(FileIo(), Path("out").string()));
  out->Fail({.op = fakes::BackendOp::kList});
  places->Register(Scratch("out"), out);
  EXPECT_FALSE(Move(real.directory, Scratch("out"), Layout::kPortable, real.map()));
  EXPECT_EQ(Contents(Path("out")), contents);
  EXPECT_TRUE(Move(real.directory, Scratch("out"), Layout::kPortable, real.map()));
}

TEST_F(Relocate, MetadataThatIsThereAlreadyIsMadeDurable) {
  // A run that was killed has renamed it, and nobody has synced the directory since.
  class Synced final : public IoHooks {
   public:
    Result<void> Before(IoOp op, std::string_view path) override {
      std::lock_guard lock(mutex_);
      if (op == IoOp::kSync && path.ends_with("/_metadata")) file = true;
      if (op == IoOp::kSyncDir && path.ends_with("/out")) directory = true;
      return {};
    }
    bool file = false, directory = false;

   private:
    std::mutex mutex_;
  };
  const RealSnapshot real = Real("p1/chk-4");
  ASSERT_TRUE(Move(real.directory, Scratch("out"), Layout::kPortable, real.map()));
  Synced synced;
  places = std::make_unique<storage::Places>(FileIo(&synced), clock, storage::PlacesOptions());
  auto again = Move(real.directory, Scratch("out"), Layout::kPortable, real.map());
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(synced.file);
  EXPECT_TRUE(synced.directory);
}

TEST_F(Relocate, RefusesADestinationThatIsAFile) {
  WriteFile(Path("file"), "x");
  const RealSnapshot real = Real("p7/chk-3");
  auto report = Move(real.directory, Scratch("file"), Layout::kPortable, real.map());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(ReadFile(Path("file")), "x");
}

TEST_F(Relocate, NeverPutsMetadataOverACopyThatIsNotWhole) {
  const RealSnapshot real = Real("p7/chk-3");
  const std::string name = real.refs[0].substr(real.refs[0].rfind('/') + 1);
  BeforeCommit damage([&] { std::filesystem::resize_file(Path("out") / name, 1); });
  RelocateRequest request;
  request.from = real.directory;
  request.to = Scratch("out");
  request.map = real.map();
  auto report = snapshot::Relocate(request, options, Env(damage));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCorruption);
  EXPECT_NE(report.error().message().find(name), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(Path("out/_metadata")));
}

TEST_F(Relocate, DryRunWritesNothing) {
  const RealSnapshot real = Real("p7/chk-3");
  options.dry_run = true;
  auto report = Move(real.directory, Scratch("out"), Layout::kPortable, real.map());
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->transfer.files_total, real.refs.size());
  EXPECT_FALSE(std::filesystem::exists(Path("out")));
}

TEST_F(Relocate, MendsDanglingHandlesFoundInASiblingSnapshot) {
  // A job that went on from the savepoint with the relative handles of its files.
  const RealSnapshot real = CopyOf(Real("p2/savepoint-498414-ddd35ab99bf3"));
  const auto before = Signature(real.directory);
  const Location chk = real.job().Child("chk-3");
  std::filesystem::create_directory(chk.path);
  std::filesystem::rename(real.directory.path + "/_metadata", chk.path + "/_metadata");

  for (const Layout layout : {Layout::kPortable, Layout::kAnchored, Layout::kTree}) {
    const Location out = Scratch(std::string(LayoutName(layout)));
    auto report = Move(chk, out, layout);
    ASSERT_TRUE(report) << report.error().message();
    ASSERT_EQ(report->warnings.size(), 1u);
    EXPECT_NE(report->warnings[0].find("FLINK-39964"), std::string::npos);
    const Location moved = layout == Layout::kTree ? out.Child("chk-3") : out;
    EXPECT_EQ(Signature(moved), before);
    ExpectWhole(moved, out);
  }
}

TEST_F(Relocate, ManagedAnchoredWarnsThatFlinkCannotReadIt) {
  ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, Path("store").string()));
  const Location managed = At("managed://" + Path("store").string() + "/project/snap");
  const RealSnapshot real = Real("p1/chk-4");
  auto report = Move(real.directory, managed, Layout::kAnchored, real.map());
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->warnings.size(), 1u);
  EXPECT_NE(report->warnings[0].find("--restore-at"), std::string::npos);
  EXPECT_EQ(Signature(managed), Signature(real.directory, real.map()));
}

}  // namespace
}  // namespace stateferry::state::snapshot
