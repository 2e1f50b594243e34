#include "storage/rocksdb_env.h"

#include <rocksdb/file_system.h>

#include "base/file_io.h"

namespace stateferry::storage {

namespace {

class OrderedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  OrderedFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "OrderedFileSystem"; }

  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSDirectory> directory;
    auto status = NewDirectory(ParentDir(to), options, &directory, debug);
    if (status.ok()) status = directory->Fsync(options, debug);
    if (!status.ok()) return status;
    return rocksdb::FileSystemWrapper::RenameFile(from, to, options, debug);
  }
};

class SilentLogger final : public rocksdb::Logger {
 public:
  SilentLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

}  // namespace

rocksdb::Env* OrderedRocksDbEnv() {
  // Never destroyed: databases may be closed while the process ends.
  static rocksdb::Env* const env =
      rocksdb::NewCompositeEnv(std::make_shared<OrderedFileSystem>()).release();
  return env;
}

std::shared_ptr<rocksdb::Logger> SilentRocksDbLogger() { return std::make_shared<SilentLogger>(); }

}  // namespace stateferry::storage
