#include "storage/rocksdb_tables.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "base/bytes.h"
#include "storage/rocksdb_env.h"
#include "storage/rocksdb_read_only.h"

namespace stateferry::storage {

namespace {
constexpr const char* kMetaTable = "meta";
constexpr const char* kVersionKey = "format_version";

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }

Result<void> CheckVersionIs(const TablesSpec& spec, const std::string& raw) {
  if (raw.size() != sizeof(std::uint32_t))
    return Error(ErrorCode::kCorruption,
                 fmt::format("the {} in {} has a garbled version", spec.name, spec.dir));
  const auto version = LoadLittle<std::uint32_t>(raw.data());
  if (version == spec.format_version) return {};
  std::string hint = "use the newer program or another --home";
  if (version < spec.format_version)
    hint = spec.unreadable_hint.empty() ? "use another --home" : spec.unreadable_hint;
  return Error(ErrorCode::kRefused,
               fmt::format("the {} in {} has format version {}; this program knows {}", spec.name,
                           spec.dir, version, spec.format_version))
      .WithHint(std::move(hint));
}

/// Without changing anything; what this cannot read the opening tells.  Whether there is a version.
Result<bool> CheckVersionFirst(const FileIo& io, Clock& clock, const rocksdb::Options& options,
                               const TablesSpec& spec, const std::vector<std::string>& present) {
  if (std::find(present.begin(), present.end(), kMetaTable) == present.end()) return false;
  ReadOnlyDb opened;
  const std::vector<rocksdb::ColumnFamilyDescriptor> families{
      {rocksdb::kDefaultColumnFamilyName, options}, {kMetaTable, options}};
  if (!OpenReadOnly(io, clock, options, spec.dir, families, opened).ok()) return true;
  std::string raw;
  const auto found = opened.db->Get({}, opened.families[1], kVersionKey, &raw);
  for (auto* family : opened.families) (void)opened.db->DestroyColumnFamilyHandle(family);
  if (found.ok()) SF_TRY(CheckVersionIs(spec, raw));
  return !found.IsNotFound();
}

std::vector<std::string> TableNames(const TablesSpec& spec) {
  std::vector<std::string> names{rocksdb::kDefaultColumnFamilyName, kMetaTable};
  names.insert(names.end(), spec.tables.begin(), spec.tables.end());
  return names;
}

std::vector<rocksdb::ColumnFamilyDescriptor> Described(const std::vector<std::string>& names,
                                                       const rocksdb::Options& options) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const auto& name : names) families.emplace_back(name, options);
  return families;
}

/// Opens those of `names` that are `present` (empty where there is no database), and makes the
/// others at once: with create_missing_column_families RocksDB writes an options file after each
/// and reads it again.  Every one in `names` has a handle in `opened`, in any order.
rocksdb::Status OpenOrMake(const rocksdb::Options& options, const std::string& dir,
                           std::vector<std::string> names, const std::vector<std::string>& present,
                           ReadOnlyDb& opened) {
  const auto missing = std::partition(names.begin(), names.end(), [&](const std::string& name) {
    return name == rocksdb::kDefaultColumnFamilyName ||
           std::find(present.begin(), present.end(), name) != present.end();
  });
  rocksdb::DB* db = nullptr;
  auto status = rocksdb::DB::Open(options, dir, Described({names.begin(), missing}, options),
                                  &opened.families, &db);
  opened.db.reset(db);
  if (!status.ok() || missing == names.end()) return status;
  std::vector<rocksdb::ColumnFamilyHandle*> made;
  status = db->CreateColumnFamilies(options, {missing, names.end()}, &made);
  opened.families.insert(opened.families.end(), made.begin(), made.end());
  return status;
}

/// Whether all tables were ever there.  They are made one after the other, then the version is
/// written: a process may be in the middle of that, or was killed there.
Result<bool> AreMade(const FileIo& io, Clock& clock, const TablesSpec& spec) {
  rocksdb::Options options = SmallDbOptions();
  if (spec.env != nullptr) options.env = spec.env;
  std::vector<std::string> present;
  if (!rocksdb::DB::ListColumnFamilies(options, spec.dir, &present).ok()) return true;
  for (const auto& name : TableNames(spec))
    if (std::find(present.begin(), present.end(), name) == present.end())
      return CheckVersionFirst(io, clock, options, spec, present);
  return true;
}
}  // namespace

Error RocksError(const rocksdb::Status& status, std::string_view doing) {
  ErrorCode code = ErrorCode::kIo;
  if (status.IsCorruption()) code = ErrorCode::kCorruption;
  if (status.IsNoSpace()) code = ErrorCode::kNoSpace;
  if (status.IsTryAgain()) code = ErrorCode::kUnavailable;
  const std::string text = status.ToString();
  if (text.find("Permission denied") != std::string::npos ||
      text.find("Read-only file system") != std::string::npos)
    code = ErrorCode::kPermission;
  if (text.find("No space left") != std::string::npos) code = ErrorCode::kNoSpace;
  return Error(code, std::string(doing) + ": " + text);
}

rocksdb::Options SmallDbOptions() {
  rocksdb::Options options;
  options.env = OrderedRocksDbEnv();
  options.info_log = SilentRocksDbLogger();
  options.write_buffer_size = 4u << 20;
  options.db_write_buffer_size = 8u << 20;
  options.max_total_wal_size = 16u << 20;
  options.max_open_files = 64;
  options.max_background_jobs = 1;
  options.keep_log_file_num = 1;
  options.compression = rocksdb::kLZ4Compression;
  // A torn tail of the write-ahead log is what a power cut leaves: go back to the last whole batch.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(2u << 20, 0);
  table.block_size = 16u << 10;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

Result<std::unique_ptr<RocksTables>> RocksTables::OpenToWrite(const FileIo& io, TablesSpec spec) {
  // RocksDB syncs neither its own directory's parent nor, at creation, itself: an acknowledged
  // write can vanish with the whole directory in a power cut.
  SF_TRY(io.MakeDirsDurably(spec.dir, kOwnerOnly));
  std::unique_ptr<RocksTables> tables(new RocksTables(std::move(spec), false));
  SF_TRY(tables->Open(io, SystemClock()));
  const std::string home = ParentDir(tables->dir());
  SF_TRY(io.SyncDir(tables->dir()));
  SF_TRY(io.SyncDir(home));
  // A run that was killed may have made the home and not synced its name.
  auto named = io.SyncDir(ParentDir(home));
  // In a directory that we cannot read we have not made it.
  if (!named && named.error().code() != ErrorCode::kPermission) return std::move(named).error();
  return tables;
}

Result<std::unique_ptr<RocksTables>> RocksTables::OpenToRead(const FileIo& io, Clock& clock,
                                                             TablesSpec spec) {
  SF_TRY(auto exists, io.Exists(spec.dir + "/CURRENT"));
  std::unique_ptr<RocksTables> tables;
  if (!exists) return tables;
  tables.reset(new RocksTables(spec, true));
  auto opened = tables->Open(io, clock);
  if (opened) return tables;
  tables.reset();
  SF_TRY(const bool made, AreMade(io, clock, spec));
  if (made) return std::move(opened).error();
  return tables;
}

RocksTables::~RocksTables() {
  for (auto* handle : handles_) (void)db_->DestroyColumnFamilyHandle(handle);
  if (db_) (void)db_->Close();
}

Error RocksTables::Unreadable(const rocksdb::Status& status) const {
  return RocksError(status, fmt::format("opening the {} in {}", spec_.name, spec_.dir))
      .WithHint(spec_.unreadable_hint);
}

Error RocksTables::ReadError(const rocksdb::Status& status) const {
  return RocksError(status, fmt::format("reading the {} in {}", spec_.name, spec_.dir));
}

Result<void> RocksTables::Open(const FileIo& io, Clock& clock) {
  rocksdb::Options options = SmallDbOptions();
  if (spec_.env != nullptr) options.env = spec_.env;
  options.create_if_missing = true;
  // What a reader sees stays readable when the writer deletes files: it has them all open.
  if (read_only_) options.max_open_files = -1;
  std::vector<std::string> names = TableNames(spec_);
  std::vector<std::string> present;
  const auto listed = rocksdb::DB::ListColumnFamilies(options, spec_.dir, &present);
  if (listed.ok()) {
    // Another version of the program had fewer tables, or has more.  Opening for writing would add
    // those that are missing, and opening for reading fails without a reason.
    if (!std::is_permutation(present.begin(), present.end(), names.begin(), names.end()))
      SF_TRY(CheckVersionFirst(io, clock, options, spec_, present));
    // RocksDB opens for writing only when all are named.
    for (const auto& name : present)
      if (!read_only_ && std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
  } else if (!read_only_) {
    // It may be there all the same, and its tables must not be taken for missing.
    SF_TRY(const bool exists, io.Exists(spec_.dir + "/CURRENT"));
    if (exists) return Unreadable(listed);
  }
  ReadOnlyDb opened;
  const auto status =
      read_only_ ? OpenReadOnly(io, clock, options, spec_.dir, Described(names, options), opened)
                 : OpenOrMake(options, spec_.dir, names, present, opened);
  db_ = std::move(opened.db);
  handles_ = std::move(opened.families);
  if (!status.ok()) return Unreadable(status);
  meta_ = Handle(kMetaTable);
  for (const auto& name : spec_.tables) tables_.push_back(Handle(name));
  return CheckVersion();
}

rocksdb::ColumnFamilyHandle* RocksTables::Handle(const std::string& name) const {
  const auto found = std::find_if(handles_.begin(), handles_.end(),
                                  [&](const auto* handle) { return handle->GetName() == name; });
  SF_ASSERT(found != handles_.end());
  return *found;
}

Result<bool> RocksTables::HasRows() const {
  for (Table table = 0; table < tables_.size(); ++table) {
    auto rows = Rows(table, rocksdb::Slice());
    rows->SeekToFirst();
    if (rows->Valid()) return true;
    if (!rows->status().ok()) return ReadError(rows->status());
  }
  return false;
}

Result<void> RocksTables::CheckVersion() {
  std::string raw;
  const auto status = db_->Get({}, meta_, kVersionKey, &raw);
  if (status.IsNotFound()) {
    SF_TRY(const bool has_rows, HasRows());
    if (has_rows)
      return Error(ErrorCode::kCorruption,
                   fmt::format("the {} in {} has lost its version", spec_.name, spec_.dir));
    if (read_only_) return {};
    Batch batch(*this);
    std::string version;
    AppendLittle<std::uint32_t>(version, spec_.format_version);
    batch.writes_.Put(meta_, kVersionKey, version);
    return Write(batch, true, "writing the version of the " + spec_.name);
  }
  if (!status.ok()) return Unreadable(status);
  return CheckVersionIs(spec_, raw);
}

Result<std::optional<std::string>> RocksTables::Get(Table table, std::string_view key) const {
  std::string raw;
  const auto status = db_->Get({}, tables_[table], ToSlice(key), &raw);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return ReadError(status);
  return std::optional<std::string>(std::move(raw));
}

std::unique_ptr<rocksdb::Iterator> RocksTables::Rows(Table table, const rocksdb::Slice& end) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  if (!end.empty()) options.iterate_upper_bound = &end;
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, tables_[table]));
}

Result<void> RocksTables::Walk(Table table, std::string_view first, std::string_view end,
                               const RowVisitor& visit) const {
  const rocksdb::Slice end_slice = ToSlice(end);
  auto rows = Rows(table, end_slice);
  for (rows->Seek(ToSlice(first)); rows->Valid(); rows->Next()) {
    SF_TRY(const bool goes_on, visit(rows->key().ToStringView(), rows->value().ToStringView()));
    if (!goes_on) return {};
  }
  if (!rows->status().ok()) return ReadError(rows->status());
  return {};
}

void RocksTables::Batch::Put(Table table, std::string_view key, std::string_view value) {
  writes_.Put(tables_.tables_[table], ToSlice(key), ToSlice(value));
}
void RocksTables::Batch::Delete(Table table, std::string_view key) {
  writes_.Delete(tables_.tables_[table], ToSlice(key));
}
void RocksTables::Batch::DeleteRange(Table table, std::string_view first, std::string_view end) {
  writes_.DeleteRange(tables_.tables_[table], ToSlice(first), ToSlice(end));
}

Result<void> RocksTables::Write(Batch& batch, bool sync, std::string_view doing) {
  if (read_only_)
    return Error(ErrorCode::kRefused,
                 fmt::format("the {} in {} is open for reading only", spec_.name, spec_.dir));
  rocksdb::WriteOptions options;
  options.sync = sync;
  const auto status = db_->Write(options, &batch.writes_);
  if (!status.ok()) return RocksError(status, fmt::format("{} in {}", doing, spec_.dir));
  return {};
}

}  // namespace stateferry::storage
