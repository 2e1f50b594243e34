#pragma once
// Makes a snapshot complete at a new place.  docs/architecture.md, "layouts".

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "state/snapshot/snapshot.h"
#include "storage/places.h"
#include "transfer/transfer.h"

namespace stateferry::state::snapshot {

enum class Layout { kPortable, kAnchored, kTree };
std::string_view LayoutName(Layout layout);
std::optional<Layout> LayoutFromName(std::string_view name);

/// The name of a place as Flink will know it: any scheme, kept as it is (s3a, hdfs...).
/// Errors: kInvalidArgument.
Result<storage::Location> ParseRestoreUri(std::string_view text);

struct RelocateRequest {
  storage::Location from;  ///< snapshot directory or metadata file; with kTree also a job directory
  storage::Location to;  ///< portable, anchored: becomes the snapshot directory; tree: the new root
  std::optional<Layout> layout;                 ///< none: portable into managed, else anchored
  std::optional<storage::Location> restore_at;  ///< the name by which Flink will see `to`:
                                                ///< ParseRestoreUri
  PathMap map;
  std::vector<std::string> command;  ///< to repeat this request
  /// Whose it is, "" for nobody's in particular: two owners never share one transfer, in which one
  /// of them would take back what the other has moved.
  std::string owner;
};

struct RelocateReport {
  transfer::TransferReport transfer;
  SnapshotKind kind = SnapshotKind::kFlink;  ///< only Flink's have a restore pointer
  Layout layout = Layout::kPortable;
  std::vector<storage::Location> snapshots;  ///< new snapshot directories
  storage::Location restore_pointer;         ///< what to give to `flink run -s` (the newest one)
  std::uint64_t metadata_bytes = 0;
  std::vector<std::string> warnings;
};

/// Inspects, checks that every file is there, moves the files, writes `_metadata` last, parses it
/// again at the destination and checks that every file it names is there with its size.
/// Errors: as Inspect and RunTransfer; kNotFound / kCorruption naming the first missing or wrong
/// file before anything is written, be it the `_metadata` of what looks like a Flink snapshot in
/// all else; kConflict when the destination holds something else, is a file,
/// or lies inside the source (or the other way round).
Result<RelocateReport> Relocate(const RelocateRequest& request,
                                const transfer::TransferOptions& options,
                                const transfer::TransferEnv& env);

/// The id of the transfer that Relocate makes of this request; its command does not count.
std::string RelocationId(const RelocateRequest& request);

/// `copy SRC DST`: every object below `from`, or the `only` ones by name below it, as it is.
/// `_metadata` objects go last.  Errors: kNotFound when one of `only` is not there.
Result<transfer::TransferReport> CopyTree(const storage::Location& from,
                                          const storage::Location& to,
                                          const std::vector<std::string>& command,
                                          const transfer::TransferOptions& options,
                                          const transfer::TransferEnv& env,
                                          const std::set<std::string>* only = nullptr);

enum class VerifyLevel { kList, kSize, kHash, kDeep };
struct VerifyReport {
  std::uint64_t files = 0, bytes_read = 0;
  /// Files whose bytes were compared with hashes that were known before; only managed storage has
  /// them.  The others were at most read.
  std::uint64_t files_hashed = 0;
  std::uint64_t files_read = 0;
  std::uint64_t files_checked_inside = 0;  ///< kDeep: by the checksums of their own blocks
  std::vector<std::string> problems;       ///< one sentence each
};
/// A snapshot: every handle resolves, sizes match; kHash and kDeep read every byte (managed places
/// check their chunk hashes while reading; local SSTs have their block checksums verified at
/// kDeep).  Any other prefix: every object is listed, or read. Of all files only those are read for
/// which `sample` holds; an empty one holds for all.
using Sample = std::function<bool(const storage::Location&)>;
Result<VerifyReport> VerifySnapshot(storage::Places& places, const storage::Location& location,
                                    VerifyLevel level, std::stop_token stop,
                                    const Sample& sample = {});

}  // namespace stateferry::state::snapshot
