#pragma once
// What a kind of snapshot must be able to do.  docs/howto/add-a-snapshot-format.md.

#include <memory>
#include <string>
#include <vector>

#include "state/snapshot/relocate.h"
#include "state/snapshot/snapshot.h"

namespace stateferry::state::snapshot {

/// An object that must come after all files, because it is what makes the rest a snapshot.
struct LastObject {
  std::string to_name;  ///< below the destination
  /// The content, when it is made here; else it is copied from `copy_from`.
  std::optional<std::string> bytes;
  storage::Location copy_from;
  std::string etag;  ///< of `copy_from` when it was listed: the files belong to that content
};

using LastVisitor = std::function<Result<void>(LastObject)>;

/// What is to be moved, decided before anything is written.
struct RelocationPlan {
  /// Streams files and last objects, the same ones in the same order each time the source is
  /// unchanged.
  std::function<Result<void>(const transfer::FileVisitor&, const LastVisitor&)> list;
  std::vector<storage::Location> read_roots;  ///< the source: the destination must lie apart
  /// Where else files are read, or Flink may delete all there is: the destination must not be in
  /// there.
  std::vector<storage::Location> read_directories;
  std::vector<std::string> snapshot_names;  ///< directories below the destination, "" = itself
  std::vector<std::string> warnings;
};

class SnapshotFormat {
 public:
  virtual ~SnapshotFormat() = default;
  virtual SnapshotKind kind() const = 0;
  /// Whether there is such a snapshot at `location`.  Errors: the place cannot be read.
  virtual Result<bool> Recognizes(storage::Places& places, const storage::Location& location,
                                  const PathMap& map) const = 0;
  /// Errors: as snapshot::Inspect.
  virtual Result<Snapshot> Inspect(storage::Places& places, const storage::Location& location,
                                   const InspectOptions& options) const = 0;
  /// Errors: as Relocate, before anything is written.
  virtual Result<RelocationPlan> PlanRelocation(storage::Places& places,
                                                const RelocateRequest& request, Layout layout,
                                                std::stop_token stop) const = 0;
  /// Whether what stands at the destination is what the plan promised.  Called before `last` is
  /// put, so that a bad copy never looks complete.
  virtual Result<void> CheckMoved(storage::Places& /*places*/, const RelocateRequest& /*request*/,
                                  const std::vector<LastObject>& /*last*/,
                                  std::stop_token /*stop*/) const {
    return {};
  }
  /// Level kDeep: looks inside the files, which were read once already.  Adds to `problems`.
  /// Returns how many files have checksums of their own inside, which were checked.
  /// Errors: kCancelled.
  virtual Result<std::uint64_t> VerifyInside(storage::Places& /*places*/,
                                             const Snapshot& /*snapshot*/, std::stop_token /*stop*/,
                                             std::vector<std::string>& /*problems*/) const {
    return 0u;
  }
};

/// All formats; the first that recognizes a location has it, and the last recognizes anything.
std::vector<std::unique_ptr<SnapshotFormat>> Formats();

/// Errors: kNotFound when nothing is at `location`.
Result<std::unique_ptr<SnapshotFormat>> FindFormat(storage::Places& places,
                                                   const storage::Location& location,
                                                   const PathMap& map);

}  // namespace stateferry::state::snapshot
