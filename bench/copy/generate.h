#pragma once
// Makes snapshots to measure with: realistic in size, layout and compressibility, the same for the
// same seed (but for 24 bytes in each SST: RocksDB writes a random session id into it).

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/copy/generate_spec.h"

namespace stateferry::bench {

struct GeneratedCheckpoint {
  std::string name = {};                    ///< "chk-1"
  std::vector<std::string> new_files = {};  ///< relative to the tree, not in an earlier checkpoint
  std::uint64_t new_bytes = 0;
  std::uint64_t total_bytes = 0;  ///< all files the checkpoint needs
};

struct Generated {
  std::string
      tree;  ///< absolute: the job's directory (chk-N/, shared/, taskowned/), or a plain tree
  std::vector<GeneratedCheckpoint> checkpoints;  ///< of a plain tree: one, without a name
  std::uint64_t files = 0, bytes = 0;            ///< in the tree
};

/// Writes the tree into `directory`, which must be absent or empty, or hold the result of an
/// earlier call with the same spec, which is then used again.  Works with as many threads as there
/// are cores; memory stays below 100 MiB each.  Nothing is synced. Errors: kConflict (something
/// else is there), kNoSpace, kIo, kCancelled.
Result<Generated> Generate(const GenerateSpec& spec, const std::string& directory,
                           std::stop_token stop);

}  // namespace stateferry::bench
