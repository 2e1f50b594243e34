#pragma once
// Snapshots that real Flink wrote (tests/data/snapshots), and a rig that moves them.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "state/snapshot/flink_files.h"
#include "state/snapshot/flink_path.h"
#include "state/snapshot/modified_utf8.h"
#include "state/snapshot/relocate.h"
#include "storage/managed/managed_store.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/source_dir.h"
#include "tests/transfer/transfer_rig.h"

namespace stateferry::state::snapshot {

using storage::Location;
using transfer::At;
using transfer::TempDir;

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void WriteFile(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

/// One snapshot of tests/data/snapshots, with what EXPECTED.json says about it.
struct RealSnapshot {
  std::string name;  ///< "p1/chk-4"
  std::string entry;
  Location tree;    ///< where it is
  Location origin;  ///< where Flink wrote it
  Location directory;
  std::vector<std::string> refs;  ///< below the origin, or whole URIs
  std::int64_t checkpoint_id = 0;
  std::string type;

  PathMap map() const { return {{origin, tree}}; }
  Location job() const { return directory.Parent(); }
};

inline Location LocationOf(const std::filesystem::path& path) { return At(path.string()); }

inline std::vector<RealSnapshot> RealSnapshots() {
  const auto root = std::filesystem::path(fakes::SourceDir()) / "tests/data/snapshots";
  std::vector<RealSnapshot> found;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    const auto expected = ParseJson(ReadFile(entry.path() / "EXPECTED.json"));
    if (!expected) continue;
    for (const Json& json : (*expected)["snapshots"]) {
      RealSnapshot snapshot;
      snapshot.entry = entry.path().filename().string().substr(0, 2);
      const std::string path = json["path"];
      snapshot.name = snapshot.entry + "/" + path.substr(path.rfind('/') + 1);
      snapshot.tree = LocationOf(entry.path() / (*expected)["tree"].get<std::string>());
      snapshot.origin = At((*expected)["origin"].get<std::string>());
      snapshot.directory = snapshot.tree.Child(path);
      snapshot.refs = json["refs"];
      snapshot.checkpoint_id = json["checkpoint_id"];
      snapshot.type = json["type"];
      found.push_back(std::move(snapshot));
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  EXPECT_GE(found.size(), 20u);
  return found;
}

inline RealSnapshot Real(const std::string& name) {
  for (RealSnapshot& snapshot : RealSnapshots())
    if (snapshot.name == name) return snapshot;
  ADD_FAILURE() << "there is no " << name;
  return {};
}

/// What the handles of a snapshot stand for, in their order: for each the part of the state it
/// belongs to, the size it claims and the hash of its bytes.  Equal signatures restore equally,
/// wherever the bytes are and whatever the handles look like.
class SignatureMaker {
 public:
  SignatureMaker(storage::Places& places, PathMap map) : objects_(places), map_(std::move(map)) {}

  std::vector<std::string> Of(const Location& directory) {
    std::vector<std::string> lines;
    const auto place = FindMetadata(objects_, directory, map_);
    if (!place || !*place) {
      ADD_FAILURE() << "no metadata in " << directory.ToString();
      return lines;
    }
    const auto snapshot = ReadFlinkSnapshot(objects_, **place);
    if (!snapshot) {
      ADD_FAILURE() << snapshot.error().message();
      return lines;
    }
    last = *snapshot;
    const HandleResolver resolver = snapshot->Resolver(map_);
    const auto visited = VisitStreamHandles(
        snapshot->metadata,
        [&](const StreamHandle& handle, const HandleContext& context) -> Result<void> {
          if (handle.tag == StreamTag::kEmptySegment) return {};
          SF_TRY(const std::string hash, HashOf(handle, context, resolver));
          lines.push_back(DescribeHandle(context) + " " + std::to_string(handle.size_bytes) + " " +
                          hash);
          return {};
        });
    EXPECT_TRUE(visited) << visited.error().message();
    return lines;
  }

  FlinkSnapshot last;  ///< the snapshot that Of read

 private:
  Result<std::string> HashOf(const StreamHandle& handle, const HandleContext& context,
                             const HandleResolver& resolver) {
    if (!NamesFile(handle.tag)) return Xxh3_128(AsBytes(handle.data)).ToHex();
    SF_TRY(const HandleTarget target, resolver.Resolve(handle, context));
    SF_TRY(std::string bytes, objects_.ReadAll(target.read_from, 1u << 30));
    if (handle.tag == StreamTag::kSegment)
      bytes = bytes.substr(static_cast<std::size_t>(handle.start),
                           static_cast<std::size_t>(handle.size_bytes));
    return Xxh3_128(AsBytes(bytes)).ToHex();
  }

  SourceObjects objects_;
  PathMap map_;
};

/// Runs something when the files are there and `_metadata` is not.
class BeforeCommit final : public transfer::ProgressSink {
 public:
  explicit BeforeCommit(std::function<void()> act) : act_(std::move(act)) {}
  void OnProgress(const transfer::Progress& now) override {
    if (now.phase == "committing" && act_) std::exchange(act_, nullptr)();
  }
  void OnWarning(std::string_view) override {}

 private:
  std::function<void()> act_;
};

class SnapshotRig : public ::testing::Test {
 protected:
  SnapshotRig() {
    auto opened = transfer::Journal::Open(FileIo(), clock, home.path() + "/home", false);
    EXPECT_TRUE(opened);
    journal = std::move(*opened);
    options.workers = 2;
  }

  transfer::TransferEnv Env() { return Env(progress); }
  transfer::TransferEnv Env(transfer::ProgressSink& sink) {
    return {*places, *journal, clock, sink, stop.get_token()};
  }
  Location Scratch(const std::string& name) { return LocationOf(home.path() + "/" + name); }
  std::filesystem::path Path(const std::string& name) { return home.path() + "/" + name; }

  /// A copy of the tree of an entry, which tests may damage.
  RealSnapshot CopyOf(const RealSnapshot& original) {
    RealSnapshot copy = original;
    copy.tree = Scratch("copy-of-" + original.entry);
    std::filesystem::copy(original.tree.path, copy.tree.path,
                          std::filesystem::copy_options::recursive);
    copy.directory = copy.tree.Child(storage::RelativeTo(original.directory, original.tree));
    return copy;
  }

  Result<RelocateReport> Move(const Location& from, const Location& to, Layout layout,
                              const PathMap& map = {},
                              std::optional<Location> restore_at = std::nullopt) {
    RelocateRequest request;
    request.from = from;
    request.to = to;
    request.layout = layout;
    request.map = map;
    request.restore_at = std::move(restore_at);
    return Relocate(request, options, Env());
  }

  std::vector<std::string> Signature(const Location& directory, const PathMap& map = {}) {
    SignatureMaker maker(*places, map);
    auto lines = maker.Of(directory);
    last = std::move(maker.last);
    return lines;
  }

  /// Every file of a snapshot is there; none is outside of `root`.
  void ExpectWhole(const Location& directory, const Location& root, const PathMap& map = {}) {
    auto snapshot = Inspect(*places, directory, {.check_exists = true, .map = map});
    ASSERT_TRUE(snapshot) << snapshot.error().message();
    for (const SnapshotFile& file : snapshot->files) {
      EXPECT_EQ(file.problem, "") << file.location.ToString();
      EXPECT_TRUE(storage::IsWithin(file.read_from, root)) << file.read_from.ToString();
    }
  }

  TempDir home;
  fakes::FakeClock clock;
  std::unique_ptr<storage::Places> places =
      std::make_unique<storage::Places>(FileIo(), clock, storage::PlacesOptions());
  std::unique_ptr<transfer::Journal> journal;
  transfer::RecordingProgress progress;
  std::stop_source stop;
  transfer::TransferOptions options;
  FlinkSnapshot last;  ///< of the last Signature
};

/// The tags of all handles that name files.
inline std::map<StreamTag, int> FileTags(const FlinkMetadata& metadata) {
  std::map<StreamTag, int> tags;
  const auto visited =
      VisitStreamHandles(metadata, [&](const StreamHandle& handle, const HandleContext&) {
        if (handle.tag != StreamTag::kBytes) ++tags[handle.tag];
        return Result<void>();
      });
  EXPECT_TRUE(visited);
  return tags;
}

}  // namespace stateferry::state::snapshot
