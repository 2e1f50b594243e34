#pragma once
// What all parts of one open store share, and the state of writes that are not durable yet.
//
// Accepted writes gather in an Epoch: packs being written, file changes, parts of uploads.  Flush
// takes the current epoch away, puts a new one in its place, and makes the old one durable:
// packs, then one index batch.  When that fails, everything since is lost, and everyone who relied
// on it is told: Flush by its error, PutPart and Complete by the failure count.

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/codec.h"
#include "base/file_io.h"
#include "storage/managed/access_gate.h"
#include "storage/managed/chunk_index.h"
#include "storage/managed/file_record.h"
#include "storage/managed/file_table.h"
#include "storage/managed/managed_store.h"
#include "storage/managed/object_pool.h"
#include "storage/managed/pack_reader.h"
#include "storage/managed/pack_store.h"
#include "storage/managed/pack_writer.h"
#include "storage/managed/store_files.h"

namespace stateferry::storage::managed {

/// An upload as this process knows it.  Guarded by StoreCore::mutex.
struct UploadState {
  std::string token;  ///< raw
  UploadHead head;
  bool overwrite = true;
  bool recheck = false;
  struct Part {
    std::vector<ChunkId> chunks;
    std::uint64_t epoch = 0;  ///< 0: durable since before
  };
  std::map<std::uint32_t, Part> parts;
  /// The epoch of the first part; 0: resumed.  While that is the current one, the index has no rows
  /// of this upload.
  std::optional<std::uint64_t> first_epoch;
  bool ended = false;

  UploadOptions grid() const {
    return {.size_bytes = head.size_bytes, .part_bytes = head.part_bytes};
  }
};

struct Epoch {
  std::uint64_t number = 1;
  /// Per project; the last pack takes more chunks.
  std::map<std::string, std::vector<std::shared_ptr<PackWriter>>> packs;
  struct FileChange {
    std::uint64_t sequence = 0;
    std::optional<FileRecord> record;  ///< none: deleted
  };
  std::map<std::string, FileChange> files;  ///< by FileKey
  struct UploadChange {
    UploadHead head;
    std::map<std::uint32_t, std::vector<ChunkId>> parts;
  };
  std::map<std::string, UploadChange> uploads;  ///< by token
  std::set<std::string> ended_uploads;
  std::uint64_t stored_bytes = 0;
  std::optional<Error> error;  ///< a write failed: this epoch cannot become durable

  bool empty() const {
    return packs.empty() && files.empty() && uploads.empty() && ended_uploads.empty() && !error;
  }
};

/// Where a store keeps its packs and its index.
struct StoreParts {
  std::string dir;   ///< index, lock and packs being written; in the file system
  std::string name;  ///< how users name the store, in messages
  std::string uri;   ///< the place that its projects are below
  std::unique_ptr<PackStore> packs;
};
StoreParts PartsInDirectory(const FileIo& io, const std::string& dir);

class StoreCore {
 public:
  StoreCore(const FileIo& io_in, Clock& clock_in, StoreParts parts, StoreMeta meta_in,
            const StoreOptions& options_in);

  const FileIo io;
  Clock& clock;
  const StoreLayout layout;
  const StoreMeta meta;
  const StoreOptions options;
  const std::string& name() const { return name_; }
  const std::string& uri() const { return uri_; }
  const std::unique_ptr<PackStore> pack_store;
  ObjectPool<ZstdCompressor> compressors;
  ObjectPool<ZstdDecompressor> decompressors;
  ObjectPool<Bytes> scratch;

  /// The index; in a read-only store the view of one moment.
  std::shared_ptr<IndexDb> index() const;
  void set_index(std::shared_ptr<IndexDb> index);
  /// Read-only stores look again at what the writer has done meanwhile.
  Result<void> RefreshView();
  /// The same, unless another thread has done it since files_version() was `seen`.
  Result<void> RefreshViewSince(std::uint64_t seen);
  /// Changes whenever file records in the index may have changed.
  std::uint64_t files_version() const { return files_version_; }

  // --- ingest.cc
  /// Cuts, hashes and stores what is not there yet.
  Result<void> PutPart(UploadState& upload, std::uint32_t part_index, ByteSpan bytes);
  Result<void> CompleteUpload(UploadState& upload);
  Result<void> AbortUpload(UploadState& upload);
  Result<std::shared_ptr<UploadState>> StartUpload(const std::string& project, std::string_view key,
                                                   const UploadOptions& options);
  Result<void> Copy(const std::string& project, std::string_view from, std::string_view to,
                    bool overwrite);
  Result<void> Delete(const std::string& project, std::string_view key);

  /// Accepted changes first, then the index.
  Result<std::optional<FileRecord>> FindFile(std::string_view project, std::string_view key);
  /// The accepted change of that key that is not durable yet, if there is one.
  std::optional<Epoch::FileChange> PendingChange(std::string_view project, std::string_view key);
  /// Whether the index knows all chunks of the file in packs that are there.
  Result<bool> IsWhole(const std::string& project, const FileRecord& record);
  /// All accepted changes of keys that start with `prefix`, by FileKey.
  std::map<std::string, Epoch::FileChange> PendingChanges(std::string_view project,
                                                          std::string_view prefix);

  // --- flush.cc
  Result<void> Flush();
  /// How often a flush has failed: who saw a smaller number has lost what it put since.
  std::uint64_t failures() const;
  Error LostError() const;
  // --- recover.cc
  /// What a writer does first: removes leftovers, takes in packs that a crash left unindexed.
  Result<void> Recover();
  /// Packs under their final names that the index does not know (a crash came before the index
  /// batch) are indexed.  Sealed packs whose file is missing or of another length become
  /// `lost_packs`.
  Result<void> AdoptUnknownPacks();
  /// AdoptUnknownPacks, at any time.
  Result<void> HearOfOthers();
  Result<void> RemoveCondemnedPacks();
  /// Commits; after an error the store takes no more writes.
  Result<void> CommitIndex(IndexDb::Batch& batch);
  std::shared_ptr<Epoch> NewEpoch(std::uint64_t number) const;
  Result<std::unique_ptr<PackWriter>> NewPack(const std::string& project);
  /// Gives a finished pack its final name, durably.
  Result<void> PublishPack(const PackWriter& pack);
  Result<void> RemovePack(const std::string& project, const PackId& pack);

  // NewPack, PublishPack, RemovePack, CommitIndex and AdoptUnknownPacks need flush_mutex, or a
  // store that nobody else uses yet.

  /// Held shared by everything that adds references to chunks, alone by steps of gc.
  AccessGate gate;
  /// One flush (or gc step) at a time.  Taken after `gate`.
  std::mutex flush_mutex;

  // Chunks found present since gc has marked; guarded by mutex.
  bool gc_running = false;
  std::unordered_set<std::string> touched_chunks;

  /// What the index says to lie in these is not there, or not for long (doomed): it is stored again
  /// when it is put again.
  std::unordered_set<PackId> lost_packs;  // guarded by mutex

  mutable std::mutex mutex;
  std::uint64_t next_sequence = 1;  // guarded by mutex
  /// By token; expired when the caller has let go of its upload.  Guarded by mutex.
  std::map<std::string, std::weak_ptr<UploadState>> live_uploads;
  Store::WriteStats stats;          // guarded by mutex
  std::atomic<bool> broken{false};  // the index or a directory failed under us

 private:
  const std::string name_, uri_;
  struct PendingChunk {
    bool written = false;
  };
  enum class Claim { kKnown, kBusy, kMine };

  Result<void> CheckWritable() const;
  Result<std::vector<ChunkId>> StoreChunks(const UploadState& upload, ByteSpan part,
                                           std::uint64_t failures_before);
  Result<void> StoreChunk(const std::string& project, const ChunkId& id, ByteSpan plain,
                          int zstd_level, std::uint64_t failures_before);
  /// An error when a flush has failed since `failures_before`: nobody would fulfil the claim.
  Result<Claim> ClaimChunk(const UploadState& upload, const ChunkId& id,
                           std::uint64_t failures_before);
  Result<bool> HasChunks(const std::string& project, const std::vector<ChunkId>& chunks);
  bool IsLost(const PackId& pack) const;
  /// Whether the chunk lies there undamaged; `stored` is then what lies there.
  bool ReadsBack(const std::string& project, const ChunkId& id, const ChunkPlace& place,
                 Bytes& stored);
  Result<void> AppendToPack(const std::string& project, PackEntry entry, ByteSpan stored);
  Result<std::shared_ptr<PackWriter>> OpenPackOf(const std::string& project);
  void NoteError(const Error& error);
  bool Lost(std::uint64_t epoch) const;
  /// Needs `mutex`.
  Result<bool> Exists(const std::string& file_key) const;
  /// Needs `mutex`.
  void EndUpload(UploadState& upload);
  Result<void> PutFileChange(const std::string& project, std::string_view key, bool overwrite,
                             std::optional<FileRecord> record, std::uint64_t failures_before);

  Result<void> NoteLostPacks(const IndexDb& db, const std::vector<FoundPack>& files);
  Result<void> MakeDurable(Epoch& epoch);
  Result<void> SealPacks(Epoch& epoch);
  // commit_shared.cc
  Result<void> CommitShared(Epoch& epoch);
  Result<void> HearOthers(Epoch& epoch);
  Result<void> KeepChunks(Epoch& epoch);
  Result<void> CopyChunk(const std::string& project, const ChunkId& id,
                         const std::optional<ChunkPlace>& place, PackWriter& pack);
  Result<void> LookAgain(const Epoch& epoch);
  Result<bool> StillCounts(const std::string& row, const Epoch::FileChange& change);
  Result<void> PublishPacks(const Epoch& epoch);
  Result<void> IndexEpoch(const Epoch& epoch);
  void Settle(const Epoch& epoch);
  void Abandon(std::shared_ptr<Epoch> failed, const Error& error);

  std::mutex refresh_mutex_;  // one refresh at a time: each opens the index
  mutable std::mutex index_mutex_;
  std::shared_ptr<IndexDb> index_;  // guarded by index_mutex_
  std::atomic<std::uint64_t> files_version_{1};

  // All guarded by mutex.
  std::shared_ptr<Epoch> current_;
  std::shared_ptr<Epoch> flushing_;
  std::unordered_map<std::string, PendingChunk> pending_chunks_;  // by ChunkKey
  std::condition_variable chunk_written_;
  std::uint64_t failures_ = 0;
  std::string last_failure_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> lost_epochs_;
};

}  // namespace stateferry::storage::managed
