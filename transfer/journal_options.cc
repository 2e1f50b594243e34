#include "transfer/journal_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "storage/rocksdb_env.h"

namespace stateferry::transfer {

Error RocksError(const rocksdb::Status& status, std::string_view doing) {
  ErrorCode code = ErrorCode::kIo;
  if (status.IsCorruption()) code = ErrorCode::kCorruption;
  if (status.IsNoSpace()) code = ErrorCode::kNoSpace;
  const std::string text = status.ToString();
  if (text.find("Permission denied") != std::string::npos ||
      text.find("Read-only file system") != std::string::npos)
    code = ErrorCode::kPermission;
  if (text.find("No space left") != std::string::npos) code = ErrorCode::kNoSpace;
  return Error(code, std::string(doing) + ": " + text);
}

rocksdb::Options JournalDbOptions() {
  rocksdb::Options options;
  options.env = storage::OrderedRocksDbEnv();
  options.info_log = storage::SilentRocksDbLogger();
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

}  // namespace stateferry::transfer
