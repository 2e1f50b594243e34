#include <fmt/format.h>

#include "storage/rocksdb_tables.h"
#include "transfer/home_lock.h"
#include "transfer/journal.h"
#include "transfer/journal_records.h"

namespace stateferry::transfer {

namespace {

enum Table : std::size_t { kTransfers, kFiles, kParts };

storage::TablesSpec SpecOf(const std::string& dir) {
  return {.dir = dir,
          .name = "journal",
          .tables = {"transfers", "files", "parts"},
          .format_version = kJournalFormatVersion,
          .unreadable_hint =
              "move " + dir +
              " away to start with an empty journal: running transfers then start again, what "
              "they have put at their destinations is found there"};
}

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
  RocksJournal(std::unique_ptr<storage::RocksTables> tables, std::optional<HomeLock> lock)
      : lock_(std::move(lock)), tables_(std::move(tables)), dir_(tables_->dir()) {}

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
  using Batched = storage::RocksTables::Batch;
  void DeleteReceipts(const std::string& id, const std::vector<std::uint64_t>& files,
                      Batched& writes) const;
  Result<void> DropTables(const std::string& id, std::initializer_list<Table> tables, bool record);

  std::optional<HomeLock> lock_;  // given back after the tables are closed
  const std::unique_ptr<storage::RocksTables> tables_;
  const std::string dir_;
};

Result<std::vector<TransferRecord>> RocksJournal::List() {
  std::vector<TransferRecord> records;
  SF_TRY(tables_->Walk(kTransfers, "", "", [&](auto key, auto value) -> Result<bool> {
    auto record = DecodeTransferRecord(value);
    if (!record)
      return std::move(record).error().WithContext(
          fmt::format("journal {}: transfer {}", dir_, key));
    records.push_back(std::move(*record));
    return true;
  }));
  return records;
}

Result<std::optional<TransferRecord>> RocksJournal::Find(const std::string& id) {
  SF_TRY(const auto raw, tables_->Get(kTransfers, id));
  if (!raw) return std::optional<TransferRecord>();
  auto record = DecodeTransferRecord(*raw);
  if (!record)
    return std::move(record).error().WithContext(fmt::format("journal {}: transfer {}", dir_, id));
  return std::optional<TransferRecord>(std::move(*record));
}

Result<void> RocksJournal::PutTransfer(const TransferRecord& record) {
  Batched batch(*tables_);
  batch.Put(kTransfers, record.id, EncodeTransferRecord(record));
  return tables_->Write(batch, true, "recording transfer " + record.id);
}

Result<void> RocksJournal::AddFiles(const std::string& id, const std::vector<FileRecord>& files) {
  Batched batch(*tables_);
  for (const auto& file : files) batch.Put(kFiles, FileKey(id, file.index), EncodeFileRecord(file));
  return tables_->Write(batch, false, "planning transfer " + id);
}

Result<std::vector<FileRecord>> RocksJournal::Files(const std::string& id,
                                                    std::uint64_t first_index, std::size_t limit) {
  std::vector<FileRecord> files;
  if (limit == 0) return files;
  SF_TRY(tables_->Walk(
      kFiles, FileKey(id, first_index), AfterAll(id), [&](auto key, auto value) -> Result<bool> {
        if (key.size() != id.size() + 8 || !key.starts_with(id)) return false;
        const auto index = LoadBig<std::uint64_t>(key.data() + id.size());
        auto file = DecodeFileRecord(value);
        if (file && file->index != index)
          file = Error(ErrorCode::kCorruption, fmt::format("holds file {}", file->index));
        if (!file)
          return std::move(file).error().WithContext(
              fmt::format("journal {}: transfer {}, file {}", dir_, id, index));
        files.push_back(std::move(*file));
        return files.size() < limit;
      }));
  return files;
}

Result<std::uint64_t> RocksJournal::EndIndex(const std::string& id) {
  auto rows = tables_->Rows(kFiles, rocksdb::Slice());
  rows->SeekForPrev(AfterAll(id));
  if (!rows->status().ok()) return tables_->ReadError(rows->status());
  if (!rows->Valid()) return std::uint64_t{0};
  const auto key = rows->key().ToStringView();
  if (key.size() != id.size() + 8 || !key.starts_with(id)) return std::uint64_t{0};
  return LoadBig<std::uint64_t>(key.data() + id.size()) + 1;
}

Result<std::vector<PartReceipt>> RocksJournal::Receipts(const std::string& id,
                                                        std::uint64_t file_index) {
  std::vector<PartReceipt> receipts;
  const std::string prefix = FileKey(id, file_index);
  SF_TRY(tables_->Walk(kParts, prefix, AfterAll(id), [&](auto key, auto value) -> Result<bool> {
    if (key.size() != prefix.size() + 4 || !key.starts_with(prefix)) return false;
    const auto part = LoadBig<std::uint32_t>(key.data() + prefix.size());
    auto receipt = DecodeReceipt(value);
    if (receipt && receipt->part_index != part)
      receipt = Error(ErrorCode::kCorruption, fmt::format("holds part {}", receipt->part_index));
    if (!receipt)
      return std::move(receipt).error().WithContext(
          fmt::format("journal {}: transfer {}, file {}, part {}", dir_, id, file_index, part));
    receipts.push_back(*receipt);
    return true;
  }));
  return receipts;
}

// Most files have no receipts, and every range that is deleted makes later reads slower.
void RocksJournal::DeleteReceipts(const std::string& id, const std::vector<std::uint64_t>& files,
                                  Batched& writes) const {
  if (files.empty()) return;
  const std::string end = AfterAll(id);
  const rocksdb::Slice end_slice(end);
  auto rows = tables_->Rows(kParts, end_slice);
  for (const auto index : files) {
    const std::string first = FileKey(id, index);
    rows->Seek(first);
    // A walk that fails cannot say that there are none.
    if (rows->Valid() ? rows->key().starts_with(first) : !rows->status().ok())
      writes.DeleteRange(kParts, first, FileKey(id, index + 1));
  }
}

Result<void> RocksJournal::Commit(const std::string& id, const Batch& batch) {
  Batched writes(*tables_);
  DeleteReceipts(id, batch.drop_receipts_of, writes);
  DeleteReceipts(id, batch.remove_files, writes);
  for (const auto index : batch.remove_files) writes.Delete(kFiles, FileKey(id, index));
  for (const auto& part : batch.parts)
    writes.Put(kParts, PartKey(id, part.file_index, part.receipt.part_index),
               EncodeReceipt(part.receipt));
  for (const auto& file : batch.files)
    writes.Put(kFiles, FileKey(id, file.index), EncodeFileRecord(file));
  return tables_->Write(writes, true, "committing to transfer " + id);
}

Result<void> RocksJournal::DropTables(const std::string& id, std::initializer_list<Table> tables,
                                      bool record) {
  Batched batch(*tables_);
  for (const auto table : tables) batch.DeleteRange(table, id, AfterAll(id));
  if (record) batch.Delete(kTransfers, id);
  return tables_->Write(batch, true, "forgetting transfer " + id);
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

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Open(const FileIo& io, Clock& clock,
                                               const std::string& home_dir, bool read_only) {
  const storage::TablesSpec spec = SpecOf(home_dir + "/journal");
  if (read_only) {
    SF_TRY(auto tables, storage::RocksTables::OpenToRead(io, clock, spec));
    if (!tables) return std::unique_ptr<Journal>(std::make_unique<EmptyJournal>());
    return std::unique_ptr<Journal>(
        std::make_unique<RocksJournal>(std::move(tables), std::nullopt));
  }
  SF_TRY(io.MakeDirsDurably(home_dir, kOwnerOnly));
  SF_TRY(auto lock, HomeLock::Take(io, clock, home_dir));
  SF_TRY(auto tables, storage::RocksTables::OpenToWrite(io, spec));
  return std::unique_ptr<Journal>(
      std::make_unique<RocksJournal>(std::move(tables), std::move(lock)));
}

Result<std::unique_ptr<Journal>> Journal::Open(const FileIo& io, const std::string& home_dir,
                                               const HomeLock& /*held*/) {
  SF_TRY(auto tables, storage::RocksTables::OpenToWrite(io, SpecOf(home_dir + "/journal")));
  return std::unique_ptr<Journal>(std::make_unique<RocksJournal>(std::move(tables), std::nullopt));
}

}  // namespace stateferry::transfer
