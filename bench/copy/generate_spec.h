#pragma once
// SPEC of `bench generate` and `bench copy --generate`: comma-separated name=value pairs.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry::bench {

struct GenerateSpec {
  // A job with incremental RocksDB checkpoints (files == 0).
  std::uint64_t size_bytes = 2ull << 30;  ///< size=: all files of one checkpoint, about
  std::uint64_t sst_bytes = 64u << 20;    ///< sst=: one SST file
  int checkpoints = 1;                    ///< checkpoints=: 1..100
  double churn = 0.2;                     ///< churn=: part of the SSTs that is new in the next one
  int parallelism = 4;                    ///< parallelism=: subtasks of the keyed operator, 1..128
  // A plain tree of small files (files > 0).
  std::uint64_t files = 0;
  std::uint64_t min_bytes = 1u << 10, max_bytes = 50u << 10;  ///< min=, max=

  std::uint64_t seed = 1;

  bool is_plain_tree() const { return files > 0; }
};

/// Errors: kInvalidArgument naming the pair and what would be right.
Result<GenerateSpec> ParseGenerateSpec(std::string_view text);
/// Every field that matters, in a fixed order: equal texts mean equal content.
std::string SpecText(const GenerateSpec& spec);

/// "64MiB", "50KB", "123": a number of bytes.  Errors: kInvalidArgument.
Result<std::uint64_t> ParseSizeText(std::string_view text);

}  // namespace stateferry::bench
