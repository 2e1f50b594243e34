#pragma once
// How RocksDB is set up under the journal.

#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include <string_view>

#include "base/result.h"

namespace stateferry::transfer {

/// "<doing>: <what RocksDB says>" with the matching code.
Error RocksError(const rocksdb::Status& status, std::string_view doing);

/// Small memory (under 16 MiB for everything), no log files of its own.
rocksdb::Options JournalDbOptions();

}  // namespace stateferry::transfer
