#include "storage/managed/index_db.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <utility>
#include <vector>

#include "storage/rocksdb_env.h"
#include "storage/rocksdb_read_only.h"

namespace stateferry::storage::managed {

namespace {

constexpr std::size_t kFamilies = static_cast<std::size_t>(Family::kCount);
constexpr const char* kFamilyNames[kFamilies] = {"default", "chunks",  "files",
                                                 "origins", "uploads", "packs"};

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }

Error ToError(const rocksdb::Status& status, const std::string& dir) {
  const std::string what = "index " + dir + ": " + status.ToString();
  if (status.IsNoSpace()) return Error(ErrorCode::kNoSpace, what);
  if (status.IsCorruption() || status.IsInvalidArgument())
    return Error(ErrorCode::kCorruption, what)
        .WithHint("rebuild the index from the packs: stateferry store rebuild-index");
  if (status.IsTryAgain()) return Error(ErrorCode::kUnavailable, what);
  return Error(ErrorCode::kIo, what);
}

/// Together below 64 MiB: memtables 32, blocks 8, the rest tables' own indexes and filters.
rocksdb::Options MakeOptions() {
  rocksdb::Options options;
  options.create_missing_column_families = true;
  options.env = OrderedRocksDbEnv();
  options.info_log = SilentRocksDbLogger();
  options.db_write_buffer_size = 32u << 20;
  options.write_buffer_size = 8u << 20;
  options.max_write_buffer_number = 2;
  options.max_background_jobs = 2;
  options.max_open_files = -1;
  options.compression = rocksdb::kNoCompression;
  options.allow_mmap_writes = false;
  // Every write is synced, so only the last, unacknowledged one can be torn.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.paranoid_checks = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(8u << 20);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

class RocksBatch : public IndexDb::Batch {
 public:
  explicit RocksBatch(const std::vector<rocksdb::ColumnFamilyHandle*>& handles)
      : handles_(handles) {}

  void Put(Family family, std::string_view key, std::string_view value) override {
    Note(batch_.Put(Handle(family), ToSlice(key), ToSlice(value)));
  }
  void Delete(Family family, std::string_view key) override {
    Note(batch_.Delete(Handle(family), ToSlice(key)));
  }
  std::size_t size_bytes() const override { return batch_.GetDataSize(); }

  rocksdb::WriteBatch batch_;
  rocksdb::Status status_;

 private:
  rocksdb::ColumnFamilyHandle* Handle(Family family) const {
    return handles_[static_cast<std::size_t>(family)];
  }
  void Note(rocksdb::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  const std::vector<rocksdb::ColumnFamilyHandle*>& handles_;
};

class RocksIndex : public IndexDb {
 public:
  RocksIndex(std::string dir, rocksdb::DB* db, std::vector<rocksdb::ColumnFamilyHandle*> handles)
      : dir_(std::move(dir)), db_(db), handles_(std::move(handles)) {}
  ~RocksIndex() override {
    for (auto* handle : handles_) (void)db_->DestroyColumnFamilyHandle(handle);
    (void)db_->Close();
  }

  Result<std::optional<std::string>> Get(Family family, std::string_view key) const override {
    std::string value;
    const auto status = db_->Get({}, Handle(family), ToSlice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return ToError(status, dir_);
    return std::optional(std::move(value));
  }

  Result<void> Scan(Family family, std::string_view prefix,
                    const RowVisitor& visit) const override {
    std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator({}, Handle(family)));
    for (row->Seek(ToSlice(prefix)); row->Valid(); row->Next()) {
      if (!row->key().starts_with(ToSlice(prefix))) break;
      SF_TRY(bool more, visit(row->key().ToStringView(), row->value().ToStringView()));
      if (!more) return {};
    }
    if (!row->status().ok()) return ToError(row->status(), dir_);
    return {};
  }

  std::unique_ptr<Batch> NewBatch() const override {
    return std::make_unique<RocksBatch>(handles_);
  }

  Result<void> Commit(Batch& batch) override {
    auto& rows = static_cast<RocksBatch&>(batch);
    if (!rows.status_.ok()) return ToError(rows.status_, dir_);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    const auto status = db_->Write(synced, &rows.batch_);
    if (!status.ok()) return ToError(status, dir_);
    return {};
  }

 private:
  rocksdb::ColumnFamilyHandle* Handle(Family family) const {
    return handles_[static_cast<std::size_t>(family)];
  }
  const std::string dir_;
  const std::unique_ptr<rocksdb::DB> db_;
  const std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace

Result<std::shared_ptr<IndexDb>> IndexDb::Open(const FileIo& io, const std::string& dir,
                                               Mode mode) {
  auto options = MakeOptions();
  options.create_if_missing = mode == Mode::kCreate;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const char* name : kFamilyNames) families.emplace_back(name, options);
  ReadOnlyDb opened;
  rocksdb::Status status;
  if (mode == Mode::kReadOnly) {
    status = OpenReadOnly(io, SystemClock(), options, dir, families, opened);
  } else {
    rocksdb::DB* db = nullptr;
    status = rocksdb::DB::Open(options, dir, families, &opened.families, &db);
    opened.db.reset(db);
  }
  if (!status.ok()) return ToError(status, dir);
  auto index = std::make_shared<RocksIndex>(dir, opened.db.release(), std::move(opened.families));
  if (mode != Mode::kReadOnly) {
    // RocksDB does not sync the directory that names its directory.
    SF_TRY(io.SyncDir(dir));
    SF_TRY(io.SyncDir(ParentDir(dir)));
  }
  return std::shared_ptr<IndexDb>(std::move(index));
}

}  // namespace stateferry::storage::managed
