#pragma once
// XXH3 (https://github.com/Cyan4973/xxHash, specification 0.2): fast, not safe against an attacker
// who constructs collisions.  docs/decisions/0003-xxh3-and-trust-boundary.md says what follows.

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace stateferry {

/// XXH3-128 in canonical (big-endian) byte order.
struct Hash128 {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Hash128&) const = default;
  /// 32 lower-case hex digits, as `xxhsum -H2` prints them.
  std::string ToHex() const;
  static std::optional<Hash128> FromHex(std::string_view hex);
  /// The raw 16 bytes, for keys and records.
  std::string_view raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// `raw` must be 16 bytes long.
  static Hash128 FromRaw(std::string_view raw);
};

Hash128 Xxh3_128(ByteSpan bytes);
std::uint64_t Xxh3_64(ByteSpan bytes);

/// Streaming XXH3-128.  Not thread-safe.
class Xxh3Stream {
 public:
  Xxh3Stream();
  ~Xxh3Stream();
  Xxh3Stream(Xxh3Stream&&) noexcept;
  Xxh3Stream& operator=(Xxh3Stream&&) noexcept;
  void Update(ByteSpan bytes);
  Hash128 Digest() const;
  void Reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Lower-case hex of any bytes.
std::string ToHex(ByteSpan bytes);

}  // namespace stateferry

template <>
struct std::hash<stateferry::Hash128> {
  std::size_t operator()(const stateferry::Hash128& value) const noexcept {
    return stateferry::LoadLittle<std::uint64_t>(value.bytes.data());
  }
};
