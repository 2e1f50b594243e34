#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>

#include "transfer/home_lock.h"
#include "transfer/journal.h"
#include "transfer/journal_options.h"
#include "transfer/journal_records.h"

namespace stateferry::transfer {

namespace {

// Column families besides RocksDB's own "default", which stays empty.
enum Table : std::size_t { kMeta, kTransfers, kFiles, kParts, kTableCount };
constexpr std::array<const char*, kTableCount> kTableNames{"meta", "transfers", "files", "parts"};
constexpr const char* kVersionKey = "format_version";
/// A reader beside a writer may find files gone that the manifest named a moment ago.
constexpr int kReadOnlyAttempts = 20;

std::string FileKey(const std::string& id, std::uint64_t index) {
  std::string key = id;
  AppendBig<std::uint64_t>(key, index);
  return key;
}
std::string PartKey(const std::string& id, std::uint64_t index, std::uint32_t part) {
  std::string key = FileKey(id, index);
  AppendBig<std::uint32_t>(key, part);
  return key;
}
/// Past every key that starts with `id`: ids are hex digits, which sort below 0xff.
std::string AfterAll(std::string id) { return id + '\xff'; }

class RocksJournal final : public Journal {
 public:
  RocksJournal(std::string dir, std::optional<HomeLock> lock, bool read_only)
      : dir_(std::move(dir)), lock_(std::move(lock)), read_only_(read_only) {}
  ~RocksJournal() override {
    for (auto* handle : handles_) (void)db_->DestroyColumnFamilyHandle(handle);
    if (db_) (void)db_->Close();
  }
  RocksJournal(const RocksJournal&) = delete;
  RocksJournal& operator=(const RocksJournal&) = delete;

  Result<void> OpenDb();
  Result<void> CheckVersion();

  Result<std::vector<TransferRecord>> List() override;
  Result<std::optional<TransferRecord>> Find(const std::string& id) override;
  Result<void> PutTransfer(const TransferRecord& record) override;
  Result<void> AddFiles(const std::string& id, const std::vector<FileRecord>& files) override;
  Result<std::vector<FileRecord>> Files(const std::string& id, std::uint64_t first_index,
                                        std::size_t limit) override;
  Result<std::uint64_t> EndIndex(const std::string& id) override;
  Result<std::vector<PartReceipt>> Receipts(const std::string& id,
                                            std::uint64_t file_index) override;
  Result<void> Commit(const std::string& id, const Batch& batch) override;
  Result<void> DropReceipts(const std::string& id) override;
  Result<void> DropPlan(const std::string& id) override;
  Result<void> Remove(const std::string& id) override;

 private:
  Result<void> Write(rocksdb::WriteBatch& batch, bool sync, std::string_view doing);
  void DeleteReceipts(const std::string& id, const std::vector<std::uint64_t>& files,
                      rocksdb::WriteBatch& writes) const;
  Result<void> DropTables(const std::string& id, std::initializer_list<Table> tables, bool record);
  rocksdb::ColumnFamilyHandle* Handle(Table table) const { return tables_[table]; }
  std::unique_ptr<rocksdb::Iterator> Walk(Table table, const rocksdb::Slice& end) const;

  const std::string dir_;
  std::optional<HomeLock> lock_;
  const bool read_only_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  std::array<rocksdb::ColumnFamilyHandle*, kTableCount> tables_{};
};

Error Unreadable(const rocksdb::Status& status, const std::string& dir) {
  return RocksError(status, "opening the journal in " + dir)
      .WithHint("move " + dir +
                " away to start with an empty journal: running transfers then start again, what "
                "they have put at their destinations is found there");
}

Result<void> RocksJournal::OpenDb() {
  rocksdb::Options options = JournalDbOptions();
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // A newer program may have added tables; RocksDB opens for writing only when all are named, and
  // the version check that follows gives the clear error.
  std::vector<std::string> names{rocksdb::kDefaultColumnFamilyName};
  names.insert(names.end(), kTableNames.begin(), kTableNames.end());
  std::vector<std::string> present;
  if (rocksdb::DB::ListColumnFamilies(options, dir_, &present).ok())
    for (const auto& name : present)
      if (!read_only_ && std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const auto& name : names) families.emplace_back(name, options);
  rocksdb::DB* db = nullptr;
  const auto status = read_only_
                          ? rocksdb::DB::OpenForReadOnly(options, dir_, families, &handles_, &db)
                          : rocksdb::DB::Open(options, dir_, families, &handles_, &db);
  if (!status.ok()) return Unreadable(status, dir_);
  db_.reset(db);
  for (std::size_t i = 0; i < kTableCount; ++i) tables_[i] = handles_[i + 1];
  return CheckVersion();
}

Result<void> RocksJournal::CheckVersion() {
  std::string raw;
  const auto status = db_->Get({}, Handle(kMeta), kVersionKey, &raw);
  if (status.IsNotFound()) {
    auto rows = Walk(kTransfers, rocksdb::Slice());
    rows->SeekToFirst();
    if (rows->Valid())
      return Error(ErrorCode::kCorruption, "the journal in " + dir_ + " has lost its version");
    if (read_only_) return {};
    rocksdb::WriteBatch batch;
    std::string version;
    AppendLittle<std::uint32_t>(version, kJournalFormatVersion);
    batch.Put(Handle(kMeta), kVersionKey, version);
    return Write(batch, true, "writing the version of the journal");
  }
  if (!status.ok()) return Unreadable(status, dir_);
  if (raw.size() != sizeof(std::uint32_t))
    return Error(ErrorCode::kCorruption, "the journal in " + dir_ + " has a garbled version");
  const auto version = LoadLittle<std::uint32_t>(raw.data());
  if (version != kJournalFormatVersion)
    return Error(ErrorCode::kRefused,
                 fmt::format("the journal in {} has format version {}; this program knows {}", dir_,
                             version, kJournalFormatVersion))
        .WithHint(version > kJournalFormatVersion ? "use the newer program or another --home"
                                                  : "use another --home");
  return {};
}

std::unique_ptr<rocksdb::Iterator> RocksJournal::Walk(Table table,
                                                      const rocksdb::Slice& end) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  if (!end.empty()) options.iterate_upper_bound = &end;
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, Handle(table)));
}

Result<void> RocksJournal::Write(rocksdb::WriteBatch& batch, bool sync, std::string_view doing) {
  if (read_only_)
    return Error(ErrorCode::kRefused, "the journal in " + dir_ + " is open for reading only");
  rocksdb::WriteOptions options;
  options.sync = sync;
  const auto status = db_->Write(options, &batch);
  if (!status.ok()) return RocksError(status, fmt::format("{} in {}", doing, dir_));
  return {};
}

Result<std::vector<TransferRecord>> RocksJournal::List() {
  std::vector<TransferRecord> records;
  auto rows = Walk(kTransfers, rocksdb::Slice());
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    auto record = DecodeTransferRecord(rows->value().ToStringView());
    if (!record)
      return std::move(record).error().WithContext(
          fmt::format("journal {}: transfer {}", dir_, rows->key().ToString()));
    records.push_back(std::move(*record));
  }
  if (!rows->status().ok()) return RocksError(rows->status(), "reading the journal in " + dir_);
  return records;
}

Result<std::optional<TransferRecord>> RocksJournal::Find(const std::string& id) {
  std::string raw;
  const auto status = db_->Get({}, Handle(kTransfers), id, &raw);
  if (status.IsNotFound()) return std::optional<TransferRecord>();
  if (!status.ok()) return RocksError(status, "reading the journal in " + dir_);
  auto record = DecodeTransferRecord(raw);
  if (!record)
    return std::move(record).error().WithContext(fmt::format("journal {}: transfer {}", dir_, id));
  return std::optional<TransferRecord>(std::move(*record));
}

Result<void> RocksJournal::PutTransfer(const TransferRecord& record) {
  rocksdb::WriteBatch batch;
  batch.Put(Handle(kTransfers), record.id, EncodeTransferRecord(record));
  return Write(batch, true, "recording transfer " + record.id);
}

Result<void> RocksJournal::AddFiles(const std::string& id, const std::vector<FileRecord>& files) {
  rocksdb::WriteBatch batch;
  for (const auto& file : files)
    batch.Put(Handle(kFiles), FileKey(id, file.index), EncodeFileRecord(file));
  return Write(batch, false, "planning transfer " + id);
}

Result<std::vector<FileRecord>> RocksJournal::Files(const std::string& id,
                                                    std::uint64_t first_index, std::size_t limit) {
  std::vector<FileRecord> files;
  const std::string end = AfterAll(id);
  const rocksdb::Slice end_slice(end);
  auto rows = Walk(kFiles, end_slice);
  for (rows->Seek(FileKey(id, first_index)); rows->Valid() && files.size() < limit; rows->Next()) {
    const auto key = rows->key().ToStringView();
    if (key.size() != id.size() + 8 || !key.starts_with(id)) break;
    const auto index = LoadBig<std::uint64_t>(key.data() + id.size());
    auto file = DecodeFileRecord(rows->value().ToStringView());
    if (file && file->index != index)
      file = Error(ErrorCode::kCorruption, fmt::format("holds file {}", file->index));
    if (!file)
      return std::move(file).error().WithContext(
          fmt::format("journal {}: transfer {}, file {}", dir_, id, index));
    files.push_back(std::move(*file));
  }
  if (!rows->status().ok()) return RocksError(rows->status(), "reading the journal in " + dir_);
  return files;
}

Result<std::uint64_t> RocksJournal::EndIndex(const std::string& id) {
  auto rows = Walk(kFiles, rocksdb::Slice());
  rows->SeekForPrev(AfterAll(id));
  if (!rows->status().ok()) return RocksError(rows->status(), "reading the journal in " + dir_);
  if (!rows->Valid()) return std::uint64_t{0};
  const auto key = rows->key().ToStringView();
  if (key.size() != id.size() + 8 || !key.starts_with(id)) return std::uint64_t{0};
  return LoadBig<std::uint64_t>(key.data() + id.size()) + 1;
}

Result<std::vector<PartReceipt>> RocksJournal::Receipts(const std::string& id,
                                                        std::uint64_t file_index) {
  std::vector<PartReceipt> receipts;
  const std::string prefix = FileKey(id, file_index);
  const std::string end = AfterAll(id);
  const rocksdb::Slice end_slice(end);
  auto rows = Walk(kParts, end_slice);
  for (rows->Seek(prefix); rows->Valid(); rows->Next()) {
    const auto key = rows->key().ToStringView();
    if (key.size() != prefix.size() + 4 || !key.starts_with(prefix)) break;
    const auto part = LoadBig<std::uint32_t>(key.data() + prefix.size());
    auto receipt = DecodeReceipt(rows->value().ToStringView());
    if (receipt && receipt->part_index != part)
      receipt = Error(ErrorCode::kCorruption, fmt::format("holds part {}", receipt->part_index));
    if (!receipt)
      return std::move(receipt).error().WithContext(
          fmt::format("journal {}: transfer {}, file {}, part {}", dir_, id, file_index, part));
    receipts.push_back(*receipt);
  }
  if (!rows->status().ok()) return RocksError(rows->status(), "reading the journal in " + dir_);
  return receipts;
}

// Most files have no receipts, and every range that is deleted makes later reads slower.
void RocksJournal::DeleteReceipts(const std::string& id, const std::vector<std::uint64_t>& files,
                                  rocksdb::WriteBatch& writes) const {
  if (files.empty()) return;
  const std::string end = AfterAll(id);
  const rocksdb::Slice end_slice(end);
  auto rows = Walk(kParts, end_slice);
  for (const auto index : files) {
    const std::string first = FileKey(id, index);
    rows->Seek(first);
    // A walk that fails cannot say that there are none.
    if (rows->Valid() ? rows->key().starts_with(first) : !rows->status().ok())
      writes.DeleteRange(Handle(kParts), first, FileKey(id, index + 1));
  }
}

Result<void> RocksJournal::Commit(const std::string& id, const Batch& batch) {
  rocksdb::WriteBatch writes;
  DeleteReceipts(id, batch.drop_receipts_of, writes);
  DeleteReceipts(id, batch.remove_files, writes);
  for (const auto index : batch.remove_files) writes.Delete(Handle(kFiles), FileKey(id, index));
  for (const auto& part : batch.parts)
    writes.Put(Handle(kParts), PartKey(id, part.file_index, part.receipt.part_index),
               EncodeReceipt(part.receipt));
  for (const auto& file : batch.files)
    writes.Put(Handle(kFiles), FileKey(id, file.index), EncodeFileRecord(file));
  return Write(writes, true, "committing to transfer " + id);
}

Result<void> RocksJournal::DropTables(const std::string& id, std::initializer_list<Table> tables,
                                      bool record) {
  rocksdb::WriteBatch batch;
  for (const auto table : tables) batch.DeleteRange(Handle(table), id, AfterAll(id));
  if (record) batch.Delete(Handle(kTransfers), id);
  return Write(batch, true, "forgetting transfer " + id);
}

Result<void> RocksJournal::DropReceipts(const std::string& id) {
  return DropTables(id, {kParts}, false);
}
Result<void> RocksJournal::DropPlan(const std::string& id) {
  return DropTables(id, {kFiles, kParts}, false);
}
Result<void> RocksJournal::Remove(const std::string& id) {
  return DropTables(id, {kFiles, kParts}, true);
}

/// What a reader sees of a home in which nothing was ever journaled.
class EmptyJournal final : public Journal {
 public:
  Result<std::vector<TransferRecord>> List() override { return std::vector<TransferRecord>(); }
  Result<std::optional<TransferRecord>> Find(const std::string&) override {
    return std::optional<TransferRecord>();
  }
  Result<void> PutTransfer(const TransferRecord&) override { return ReadOnly(); }
  Result<void> AddFiles(const std::string&, const std::vector<FileRecord>&) override {
    return ReadOnly();
  }
  Result<std::vector<FileRecord>> Files(const std::string&, std::uint64_t, std::size_t) override {
    return std::vector<FileRecord>();
  }
  Result<std::uint64_t> EndIndex(const std::string&) override { return std::uint64_t{0}; }
  Result<std::vector<PartReceipt>> Receipts(const std::string&, std::uint64_t) override {
    return std::vector<PartReceipt>();
  }
  Result<void> Commit(const std::string&, const Batch&) override { return ReadOnly(); }
  Result<void> DropReceipts(const std::string&) override { return ReadOnly(); }
  Result<void> DropPlan(const std::string&) override { return ReadOnly(); }
  Result<void> Remove(const std::string&) override { return ReadOnly(); }

 private:
  static Result<void> ReadOnly() {
    return Error(ErrorCode::kRefused, "the journal is open for reading only");
  }
};

Result<std::unique_ptr<Journal>> OpenToRead(const FileIo& io, Clock& clock,
                                            const std::string& dir) {
  SF_TRY(auto exists, io.Exists(dir + "/CURRENT"));
  if (!exists) return std::unique_ptr<Journal>(std::make_unique<EmptyJournal>());
  for (int attempt = 1;; ++attempt) {
    auto journal = std::make_unique<RocksJournal>(dir, std::nullopt, true);
    auto opened = journal->OpenDb();
    if (opened) return std::unique_ptr<Journal>(std::move(journal));
    if (opened.error().code() == ErrorCode::kRefused || attempt == kReadOnlyAttempts)
      return std::move(opened).error();
    clock.Sleep(std::chrono::milliseconds(10), {});
  }
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Open(const FileIo& io, Clock& clock,
                                               const std::string& home_dir, bool read_only) {
  const std::string dir = home_dir + "/journal";
  if (read_only) return OpenToRead(io, clock, dir);
  // RocksDB syncs neither its own directory's parent nor, at creation, itself: an acknowledged
  // write can vanish with the whole directory in a power cut.
  SF_TRY(io.MakeDirsDurably(dir));
  SF_TRY(auto lock, HomeLock::Take(io, clock, home_dir));
  auto journal = std::make_unique<RocksJournal>(dir, std::move(lock), false);
  SF_TRY(journal->OpenDb());
  SF_TRY(io.SyncDir(dir));
  SF_TRY(io.SyncDir(home_dir));
  // A run that was killed may have made the home and not synced its name.
  auto named = io.SyncDir(ParentDir(home_dir));
  // In a directory that we cannot read we have not made it.
  if (!named && named.error().code() != ErrorCode::kPermission) return std::move(named).error();
  return std::unique_ptr<Journal>(std::move(journal));
}

}  // namespace stateferry::transfer
