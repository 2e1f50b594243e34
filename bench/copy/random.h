#pragma once
// A small fast generator whose numbers are the same on every machine (those of <random>'s
// distributions are not).

#include <cstdint>

namespace stateferry::bench {

/// splitmix64 (Steele, Lea, Flood 2014): any seed is good, streams of different seeds are
/// independent enough for test data.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// 0 <= result < limit; limit > 0.  The bias for small limits does not matter here.
  std::uint64_t Below(std::uint64_t limit) { return Next() % limit; }
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) {
    return low + Below(high - low + 1);
  }

 private:
  std::uint64_t state_;
};

}  // namespace stateferry::bench
