#pragma once
// Byte spans and fixed-width integers in byte streams.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stateferry {

using ByteSpan = std::span<const std::byte>;
using MutableByteSpan = std::span<std::byte>;
using Bytes = std::vector<std::byte>;

inline ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <std::unsigned_integral T>
constexpr T ByteSwap(T value) {
  T swapped = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    swapped = static_cast<T>((swapped << 8) | (value & 0xff));
    value = static_cast<T>(value >> 8);
  }
  return swapped;
}

/// Loads or stores at `at`, which must have sizeof(T) bytes.
template <std::unsigned_integral T>
T LoadLittle(const void* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return std::endian::native == std::endian::little ? value : ByteSwap(value);
}
template <std::unsigned_integral T>
T LoadBig(const void* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return std::endian::native == std::endian::big ? value : ByteSwap(value);
}
template <std::unsigned_integral T>
void StoreLittle(void* at, T value) {
  if (std::endian::native != std::endian::little) value = ByteSwap(value);
  std::memcpy(at, &value, sizeof(T));
}
template <std::unsigned_integral T>
void StoreBig(void* at, T value) {
  if (std::endian::native != std::endian::big) value = ByteSwap(value);
  std::memcpy(at, &value, sizeof(T));
}

/// Appends to a std::string used as a byte buffer (RocksDB keys and values, file formats).
template <std::unsigned_integral T>
void AppendLittle(std::string& out, T value) {
  char raw[sizeof(T)];
  StoreLittle(raw, value);
  out.append(raw, sizeof(T));
}
template <std::unsigned_integral T>
void AppendBig(std::string& out, T value) {
  char raw[sizeof(T)];
  StoreBig(raw, value);
  out.append(raw, sizeof(T));
}
/// u32 little-endian length, then the bytes.
inline void AppendLengthPrefixed(std::string& out, std::string_view text) {
  AppendLittle<std::uint32_t>(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

/// Reads little-endian records written with the Append functions.  Never reads past the end: after
/// the first short read `ok()` is false and every further read gives zero or empty.
class LittleReader {
 public:
  explicit LittleReader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  T Read() {
    if (!ok_ || rest_.size() < sizeof(T)) {
      ok_ = false;
      return 0;
    }
    T value = LoadLittle<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view ReadBytes(std::size_t count) {
    if (!ok_ || rest_.size() < count) {
      ok_ = false;
      return {};
    }
    std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  std::string_view ReadLengthPrefixed() { return ReadBytes(Read<std::uint32_t>()); }

  bool ok() const { return ok_; }
  /// True when every byte was read and no read was short.
  bool AtEnd() const { return ok_ && rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace stateferry
