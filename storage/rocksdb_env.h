#pragma once
// What every RocksDB of ours needs besides its own options.

#include <rocksdb/env.h>

#include <memory>

namespace stateferry::storage {

/// RocksDB's own environment, but a directory is synced before a file in it is renamed.  RocksDB
/// renames CURRENT to name a new MANIFEST whose own name it has not synced yet (7.8,
/// SetCurrentFile); where names do not become durable in the order they were made, power loss
/// leaves a database that does not open.  Lives as long as the process.
rocksdb::Env* OrderedRocksDbEnv();

/// RocksDB would otherwise keep LOG files in the directory, and a reader would rename the writer's.
std::shared_ptr<rocksdb::Logger> SilentRocksDbLogger();

}  // namespace stateferry::storage
