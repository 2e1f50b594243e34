#pragma once
// A snapshot as people and transfers see it: operators, files, what is missing.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "storage/places.h"

namespace stateferry::state::snapshot {

enum class SnapshotKind { kFlink, kRocksDbDir, kPlainTree };

enum class FileKind { kAbsolute, kRelative, kSegment };
std::string_view FileKindName(FileKind kind);  // "file", "relative", "segment"

/// One distinct file that the snapshot needs.
struct SnapshotFile {
  storage::Location location;    ///< what the handle resolves to (before --map)
  storage::Location read_from;   ///< where the bytes are (after --map); equal without a map
  std::uint64_t size_bytes = 0;  ///< as the handles say, or the object's own when they do not know
  bool size_exact = true;        ///< false: changelog and merged files, and unknown sizes
  FileKind kind = FileKind::kAbsolute;
  std::string operator_id;     ///< of the first handle, 32 hex digits
  std::string operator_name;   ///< name, uid or id: the best known
  bool outside = false;        ///< not in the snapshot's own directory
  std::optional<bool> exists;  ///< set when asked (check_exists)
  std::string etag;            ///< when it was looked at
  std::string problem;         ///< "" or what is wrong: missing, shorter, longer, unreadable
  /// Why it is unreadable; none when it is not known to be.
  std::optional<ErrorCode> unreadable_code;
  /// A dangling relative handle (FLINK-39964) whose bytes were found elsewhere: `problem` says so
  /// and Flink cannot restore it, but a relocation reads `read_from` and mends it.
  bool repaired = false;
};

struct OperatorInfo {
  std::string id, name, uid;  ///< name and uid are "" before version 5
  std::int32_t parallelism = 0, max_parallelism = 0;
  std::int32_t subtasks_with_state = 0;
  bool fully_finished = false;
  std::uint64_t managed_keyed_bytes = 0, raw_keyed_bytes = 0, managed_operator_bytes = 0,
                raw_operator_bytes = 0, channel_bytes = 0, coordinator_bytes = 0;
};

struct Snapshot {
  SnapshotKind kind = SnapshotKind::kPlainTree;
  storage::Location directory;
  std::string metadata_name;  ///< "_metadata" or the name the pointer gave
  std::uint32_t metadata_version = 0;
  std::uint64_t metadata_bytes = 0;
  std::int64_t checkpoint_id = -1;
  std::string type;  ///< "checkpoint", "savepoint", ... from the properties; "" unknown
  std::vector<OperatorInfo> operators;
  std::vector<SnapshotFile> files;  ///< sorted by location
  std::uint64_t inline_bytes = 0;   ///< state inside _metadata
  std::vector<std::string> warnings;
};

/// OLD prefix -> NEW prefix: files that the metadata names under OLD are read under NEW.
using PathMap = std::vector<std::pair<storage::Location, storage::Location>>;

struct InspectOptions {
  bool check_exists = false;  ///< look at each file: existence, size
  PathMap map;
  std::stop_token stop = {};  ///< ends the looking: kCancelled
};

/// `location`: the snapshot directory or its metadata file.
/// Errors: kNotFound (no _metadata there), kCorruption (unparsable: what, at which byte), kRefused
/// (unknown version or handle: names operator, subtask, tag).
Result<Snapshot> Inspect(storage::Places& places, const storage::Location& location,
                         const InspectOptions& options);

struct SnapshotListing {
  storage::Location location;
  std::string job_id;  ///< from the directory name, "" when it is not in the path
  std::int64_t checkpoint_id = -1;
  std::string kind;           ///< "checkpoint", "savepoint"
  std::int64_t mtime_ns = 0;  ///< of _metadata
  bool readable = true;
  std::string problem;
};
/// Every complete snapshot (a directory with `_metadata`) at or below `base`, oldest first: chk-N
/// of one directory by N, all else by mtime of _metadata.
/// Errors: kNotFound: there is no `base`.
Result<std::vector<SnapshotListing>> ListSnapshots(storage::Places& places,
                                                   const storage::Location& base);

struct Orphan {
  storage::Location location;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  bool old_enough = false;
  /// Below a directory in which Flink keeps state: chk-N, savepoint-..., shared, taskowned, dstl.
  bool among_state = false;

  bool Deletable() const { return old_enough && among_state; }
};
struct OrphanReport {
  std::vector<Orphan> orphans;  ///< files that no _metadata names
  std::uint64_t referenced_files = 0, snapshots = 0;
  std::vector<std::string> warnings;
};
/// When `base` is the directory of a job, or below it, the snapshots of the jobs beside it count as
/// well: a job that claimed a snapshot goes on using its files.
/// Errors: kRefused when no _metadata is below `base`, any is damaged or unknown, or an orphan is
/// metadata under another name; what reading a _metadata returns (kPermission...); kCancelled.
Result<OrphanReport> FindOrphans(storage::Places& places, const storage::Location& base,
                                 std::int64_t now_ns, std::int64_t min_age_ns,
                                 std::stop_token stop = {});

/// {"path": ...}; JSON holds only text, so of a path that is not UTF-8 also {"pathBytes": ...}: the
/// bytes of the whole path as hex digits.
Json PathToJson(const storage::Location& location);
Json ToJson(const SnapshotFile& file);
Json ToJson(const OperatorInfo& op);
Json ToJson(const Snapshot& snapshot);  // without files

}  // namespace stateferry::state::snapshot
