#pragma once
// Managed storage: content-addressed chunks in packs, indexed in RocksDB.
// docs/formats/managed-store.md.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_io.h"
#include "storage/backend.h"
#include "storage/places.h"

namespace stateferry::storage::managed {

/// Where a managed location points: the store is the nearest directory upwards that holds a STORE
/// file; the next component is the project, the rest is the key.
struct StorePath {
  std::string store_dir;
  std::string project;  ///< "" when the location is the store itself
  std::string key;      ///< "" when the location is the project itself
};
/// Errors: kNotFound when no STORE file is found upwards.
Result<StorePath> ResolveStorePath(const FileIo& io, const std::string& absolute_path);

struct StoreOptions {
  bool read_only = false;
  CompressPolicy compress;
};

struct StoreInfo {
  std::string id;
  std::uint32_t format_version = 0;
  std::string created;  ///< RFC 3339
  std::uint64_t packs = 0;
  std::uint64_t pack_bytes = 0;
  std::uint64_t chunks = 0;
  std::uint64_t chunk_plain_bytes = 0;   ///< distinct chunks, uncompressed
  std::uint64_t chunk_stored_bytes = 0;  ///< distinct chunks, as stored
  std::uint64_t files = 0;
  std::uint64_t file_bytes = 0;  ///< sum of the sizes of all files
  std::vector<std::string> projects;
};

enum class CheckLevel { kQuick, kDeep };

/// One thing that is wrong.  `snapshots` are the directories (project/key prefixes of `_metadata`)
/// or file keys that need the damaged bytes.
struct Damage {
  std::string what;  ///< one sentence with pack, offset and kind
  std::vector<std::string> files;
  std::vector<std::string> snapshots;
};
struct CheckReport {
  std::uint64_t packs = 0, chunks = 0, files = 0, bytes_read = 0;
  std::vector<Damage> damages;
};

struct GcOptions {
  bool dry_run = false;
  double min_live_fraction = 0.7;  ///< packs below it are rewritten; 0..1
  /// Of a store in a bucket: packs younger than this stay as they are, and what is marked is
  /// removed by a gc that comes later than this.  At least kShortestGrace.
  std::chrono::seconds grace{std::chrono::hours(24)};
};
struct GcReport {
  std::uint64_t packs_before = 0, packs_after = 0, packs_rewritten = 0, packs_deleted = 0;
  std::uint64_t chunks_freed = 0, bytes_rewritten = 0;
  /// Less what was copied; of a store in a bucket the packs that were removed, whose copies an
  /// earlier gc has made.
  std::uint64_t bytes_freed = 0;
  /// Of a store in a bucket: what a later gc removes.  They count neither as freed nor as deleted.
  std::uint64_t packs_marked = 0, bytes_marked = 0;
};

/// Called now and then with (done, total) bytes.
using StoreProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// An open store: one writer (StoreLock) and any number of readers beside it, in any processes.
/// Thread-safe: projects may be read and written while Info, Check or Gc run.  Errors of all calls:
/// kIo, kNoSpace, kPermission; kCorruption when the index cannot be read; kRefused when a read-only
/// store is to be changed; kIo once a failed sync or index write has made a writer useless (open it
/// again: it recovers).
class Store {
 public:
  /// Makes an empty store in `dir` (which must be absent or empty), durably.
  /// Errors: kConflict when something is there; kRefused inside another store.
  static Result<void> Init(const FileIo& io, Clock& clock, const std::string& dir);
  /// Errors: kNotFound; kLocked (another writer; the message names pid, host, start time, command);
  /// kRefused (newer format); kCorruption (the index is lost or broken: hint says rebuild-index).
  /// `clock`, and the hooks of `io`, must outlive the store.
  static Result<std::unique_ptr<Store>> Open(const FileIo& io, Clock& clock, const std::string& dir,
                                             const StoreOptions& options);
  virtual ~Store() = default;

  /// The files of one project as a backend, which must not outlive the store.
  /// Errors: kInvalidArgument when it is no name of a project.
  virtual Result<std::shared_ptr<Backend>> Project(const std::string& project) = 0;

  virtual Result<StoreInfo> Info() = 0;
  /// Reads all packs' footers, and with kDeep all their bytes.  Damage is in the report, never an
  /// error.  kCancelled on a stop.
  virtual Result<CheckReport> Check(CheckLevel level, const StoreProgress& progress,
                                    std::stop_token stop) = 0;
  /// Frees what no file and no unfinished upload needs; a stop leaves a whole store.  Errors:
  /// kCorruption when a file record or an upload cannot be read (nothing is freed then);
  /// kCancelled.
  virtual Result<GcReport> Gc(const GcOptions& options, const StoreProgress& progress,
                              std::stop_token stop) = 0;
  /// Drops all files of `project` below `prefix` (a snapshot).  Returns how many.  kNotFound when
  /// none.
  virtual Result<std::uint64_t> Forget(const std::string& project, const std::string& prefix) = 0;
  /// Unfinished uploads older than `age_s` seconds by their own records are dropped.  Returns how
  /// many.
  virtual Result<std::uint64_t> DropStaleUploads(std::int64_t age_s) = 0;

  struct WriteStats {                   ///< since Open, for progress lines
    std::uint64_t plain_bytes = 0;      ///< bytes put
    std::uint64_t duplicate_bytes = 0;  ///< of these, already there
    std::uint64_t stored_bytes = 0;     ///< written to packs
  };
  virtual WriteStats write_stats() const = 0;
};

struct RebuildReport {
  std::string uri = {};  ///< of the store
  StoreInfo info = {};
  /// Damaged, so that what they held is missing from the index (a file) or back in it (a deletion,
  /// an older version).  The log names each.
  std::uint64_t packs_left_out = 0, records_left_out = 0;
};
/// Builds the RocksDB index again from the packs alone.  The store must not be open anywhere.
Result<RebuildReport> RebuildIndex(const FileIo& io, Clock& clock, const std::string& dir,
                                   const StoreProgress& progress, std::stop_token stop);

// --- Stores in a bucket (bucket_place.h): any number of machines write into one.  Each keeps an
// index of its own in `stores_dir` + "/" + id of the store, which may be lost.

struct BucketPlace;

/// Takes in what other machines have done, whether it is opened for reading or for writing; a
/// reader beside a writer of the same machine sees what that one has taken in.
/// Errors: those of Store::Open (kLocked: a writer of this machine); those of the bucket.
Result<std::unique_ptr<Store>> OpenInBucket(const FileIo& io, Clock& clock,
                                            const BucketPlace& place, const std::string& stores_dir,
                                            const StoreOptions& options);
/// The index of this machine, built again from footers and records in the bucket.  The progress
/// counts packs.
Result<RebuildReport> RebuildIndexOfBucket(const FileIo& io, Clock& clock, const BucketPlace& place,
                                           const std::string& stores_dir,
                                           const StoreProgress& progress, std::stop_token stop);

}  // namespace stateferry::storage::managed
