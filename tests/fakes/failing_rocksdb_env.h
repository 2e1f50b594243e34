#pragma once
// RocksDB's files with a disk that stops at the k-th change: for every k, see what is left.

#include <rocksdb/env.h>

#include <cstdint>
#include <memory>

namespace stateferry::fakes {

class FailingRocksDbEnv {
 public:
  /// From the `fail_at`-th write, sync or change of a name on, counted from 1, all of them fail.
  /// The first one, when it is a write, leaves half of its bytes.
  explicit FailingRocksDbEnv(std::uint64_t fail_at);
  ~FailingRocksDbEnv();

  rocksdb::Env* env() { return env_.get(); }
  bool fired() const;

 private:
  class FileSystem;
  std::shared_ptr<FileSystem> files_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace stateferry::fakes
