#include "bench/copy/sst_file.h"

#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

namespace stateferry::bench {

namespace {

Error FromStatus(const rocksdb::Status& status, const std::string& path) {
  return Error(status.IsNoSpace() ? ErrorCode::kNoSpace : ErrorCode::kIo,
               "writing " + path + ": " + status.ToString());
}

rocksdb::Options FlinkLikeOptions() {
  rocksdb::BlockBasedTableOptions table;
  table.format_version = 5;
  table.block_size = 4096;
  table.checksum = rocksdb::kCRC32c;
  rocksdb::Options options;
  options.compression = rocksdb::kSnappyCompression;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.db_host_id = "taskmanager";  // else the name of this machine goes into the file
  return options;
}

}  // namespace

Result<std::uint64_t> WriteSst(const std::string& path, const SstContent& content,
                               const Vocabulary& vocabulary) {
  const rocksdb::Options options = FlinkLikeOptions();
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
  if (auto status = writer.Open(path); !status.ok()) return FromStatus(status, path);
  constexpr std::uint64_t kBytesPerRecord = 270;
  RecordSource records(vocabulary, content.seed, content.first_key_group, content.key_groups,
                       content.target_bytes / kBytesPerRecord + 1);
  while (writer.FileSize() < content.target_bytes) {
    const auto record = records.Next();
    const auto status = writer.Put({record.key.data(), record.key.size()},
                                   {record.value.data(), record.value.size()});
    if (!status.ok()) return FromStatus(status, path);
  }
  rocksdb::ExternalSstFileInfo info;
  if (auto status = writer.Finish(&info); !status.ok()) return FromStatus(status, path);
  return info.file_size;
}

}  // namespace stateferry::bench
