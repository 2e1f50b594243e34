#pragma once
// Keys and values that look like Flink keyed state in RocksDB.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/copy/random.h"

namespace stateferry::bench {

/// Words with a skewed distribution, as text in events has.  Immutable, shared by threads.
class Vocabulary {
 public:
  explicit Vocabulary(std::uint64_t seed);
  std::string_view Pick(Random& random) const;

 private:
  std::vector<std::string> words_;
};

/// An endless row of records in key order: key group (2 bytes), key (a long, or a string), void
/// namespace; the value is an event-like record of text, UUIDs, numbers and binary data.
/// The mixture was chosen so that Snappy SSTs made of it shrink as those of real jobs do: by about
/// a fifth with zstd (bench/README.md has the figures).
class RecordSource {
 public:
  /// Key groups [first_key_group, first_key_group + key_groups) are walked through in
  /// `expected_records` steps.
  RecordSource(const Vocabulary& vocabulary, std::uint64_t seed, std::uint16_t first_key_group,
               std::uint16_t key_groups, std::uint64_t expected_records);

  /// The views are good until the next call.
  struct Record {
    std::string_view key, value;
  };
  Record Next();

 private:
  void MakeKey();
  void MakeValue();

  const Vocabulary& vocabulary_;
  Random random_;
  const bool string_keys_;
  const std::uint16_t first_key_group_, key_groups_;
  const std::uint64_t records_per_group_;
  std::uint64_t made_ = 0;
  std::uint64_t id_ = 0;
  std::uint64_t clock_ms_;
  std::string key_, value_;
};

}  // namespace stateferry::bench
