#include "storage/s3/checksums.h"

#include <charconv>

#include "storage/s3/crc.h"
#include "storage/s3/crc_fold.h"
#include "storage/s3/digest.h"

namespace stateferry::storage::s3 {
namespace {

// The generators, reflected.
constexpr std::uint64_t kNvme = 0x9a6c9329ac4bc9b5;
constexpr std::uint64_t kEcma = 0xc96c5795d7870f42;
constexpr std::uint32_t kCastagnoli = 0x82f63b78;
constexpr std::uint32_t kIso = 0xedb88320;

template <std::unsigned_integral T, T kPoly>
T Portable(ByteSpan bytes, T crc) {
  return static_cast<T>(~crc::UpdateByTable<T, kPoly>(static_cast<T>(~crc), bytes));
}

template <std::unsigned_integral T, T kPoly>
T Fastest(ByteSpan bytes, T crc) {
#ifdef SF_CRC_FOLD
  if (crc::HasWidePclmul()) {
    return static_cast<T>(~crc::UpdateByWideFolding<T, kPoly>(static_cast<T>(~crc), bytes));
  }
  if (crc::HasPclmul()) {
    return static_cast<T>(~crc::UpdateByFolding<T, kPoly>(static_cast<T>(~crc), bytes));
  }
#endif
  return Portable<T, kPoly>(bytes, crc);
}

template <std::unsigned_integral T>
std::string TextOf(T crc) {
  std::string big;
  AppendBig(big, crc);
  return Base64Encode(AsBytes(big));
}

template <std::unsigned_integral T>
std::optional<T> ValueOf(std::string_view text) {
  const auto raw = Base64Decode(text);
  if (!raw || raw->size() != sizeof(T)) return std::nullopt;
  return LoadBig<T>(raw->data());
}

}  // namespace

std::uint64_t Crc64Nvme(ByteSpan bytes, std::uint64_t crc) {
  return Fastest<std::uint64_t, kNvme>(bytes, crc);
}
std::uint64_t Crc64Ecma(ByteSpan bytes, std::uint64_t crc) {
  return Fastest<std::uint64_t, kEcma>(bytes, crc);
}
std::uint32_t Crc32c(ByteSpan bytes, std::uint32_t crc) {
  return Fastest<std::uint32_t, kCastagnoli>(bytes, crc);
}
std::uint32_t Crc32(ByteSpan bytes, std::uint32_t crc) {
  return Fastest<std::uint32_t, kIso>(bytes, crc);
}

std::uint64_t CombineCrc64Nvme(std::uint64_t first, std::uint64_t second,
                               std::uint64_t size_bytes) {
  return crc::Field<std::uint64_t, kNvme>::Combine(first, second, size_bytes);
}
std::uint64_t CombineCrc64Ecma(std::uint64_t first, std::uint64_t second,
                               std::uint64_t size_bytes) {
  return crc::Field<std::uint64_t, kEcma>::Combine(first, second, size_bytes);
}
std::uint32_t CombineCrc32c(std::uint32_t first, std::uint32_t second, std::uint64_t size_bytes) {
  return crc::Field<std::uint32_t, kCastagnoli>::Combine(first, second, size_bytes);
}
std::uint32_t CombineCrc32(std::uint32_t first, std::uint32_t second, std::uint64_t size_bytes) {
  return crc::Field<std::uint32_t, kIso>::Combine(first, second, size_bytes);
}

std::string ChecksumText(std::uint64_t crc) { return TextOf(crc); }
std::string ChecksumText(std::uint32_t crc) { return TextOf(crc); }
std::optional<std::uint64_t> ParseChecksum64(std::string_view text) {
  return ValueOf<std::uint64_t>(text);
}
std::optional<std::uint32_t> ParseChecksum32(std::string_view text) {
  return ValueOf<std::uint32_t>(text);
}

std::optional<std::uint64_t> ParseOssCrc64(std::string_view text) {
  std::uint64_t crc = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), crc);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return crc;
}

namespace internal {

std::uint64_t PortableCrc64Nvme(ByteSpan bytes, std::uint64_t crc) {
  return Portable<std::uint64_t, kNvme>(bytes, crc);
}
std::uint64_t PortableCrc64Ecma(ByteSpan bytes, std::uint64_t crc) {
  return Portable<std::uint64_t, kEcma>(bytes, crc);
}
std::uint32_t PortableCrc32c(ByteSpan bytes, std::uint32_t crc) {
  return Portable<std::uint32_t, kCastagnoli>(bytes, crc);
}
std::uint32_t PortableCrc32(ByteSpan bytes, std::uint32_t crc) {
  return Portable<std::uint32_t, kIso>(bytes, crc);
}

bool HasFastCrc() {
#ifdef SF_CRC_FOLD
  return crc::HasPclmul();
#else
  return false;
#endif
}

}  // namespace internal

}  // namespace stateferry::storage::s3
