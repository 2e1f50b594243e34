#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "bench/copy/records.h"

namespace stateferry::bench {

/// What one SST file holds.  Everything follows from these numbers.
struct SstContent {
  std::uint64_t seed = 0;
  std::uint16_t first_key_group = 0, key_groups = 1;
  std::uint64_t target_bytes = 64u << 20;  ///< the file ends with the block that reaches this
};

/// Writes a Snappy-compressed SST as Flink's RocksDB does (4 KiB blocks, format 5).  Returns its
/// size.  The same content gives the same bytes on every machine.  Not synced.
Result<std::uint64_t> WriteSst(const std::string& path, const SstContent& content,
                               const Vocabulary& vocabulary);

}  // namespace stateferry::bench
