#pragma once
// The CRCs that S3 and OSS keep with objects.  All are reflected, start at all ones and end
// inverted (catalogue of parametrised CRC algorithms: CRC-64/NVME, CRC-64/XZ, CRC-32/ISCSI,
// CRC-32/ISO-HDLC).  Carry-less multiplication where the processor has it, tables elsewhere.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace stateferry::storage::s3 {

/// The CRC of everything before `bytes` (0: nothing) and of `bytes`: call again to go on.
std::uint64_t Crc64Nvme(ByteSpan bytes, std::uint64_t crc = 0);  ///< x-amz-checksum-crc64nvme
std::uint64_t Crc64Ecma(ByteSpan bytes, std::uint64_t crc = 0);  ///< x-oss-hash-crc64ecma
std::uint32_t Crc32c(ByteSpan bytes, std::uint32_t crc = 0);     ///< x-amz-checksum-crc32c
std::uint32_t Crc32(ByteSpan bytes, std::uint32_t crc = 0);      ///< x-amz-checksum-crc32

/// The CRC of two pieces one after the other, from the CRC of each and the size of the second.
std::uint64_t CombineCrc64Nvme(std::uint64_t first, std::uint64_t second, std::uint64_t size_bytes);
std::uint64_t CombineCrc64Ecma(std::uint64_t first, std::uint64_t second, std::uint64_t size_bytes);
std::uint32_t CombineCrc32c(std::uint32_t first, std::uint32_t second, std::uint64_t size_bytes);
std::uint32_t CombineCrc32(std::uint32_t first, std::uint32_t second, std::uint64_t size_bytes);

/// As S3 writes them in headers, trailers and answers: Base64 of the big-endian value.
std::string ChecksumText(std::uint64_t crc);
std::string ChecksumText(std::uint32_t crc);
/// Nothing unless `text` is a whole checksum of that width.  A composite one ("...-3") is not.
std::optional<std::uint64_t> ParseChecksum64(std::string_view text);
std::optional<std::uint32_t> ParseChecksum32(std::string_view text);
/// As OSS writes it: unsigned decimal.
std::optional<std::uint64_t> ParseOssCrc64(std::string_view text);

namespace internal {
/// For tests: the same without the processor's help.
std::uint64_t PortableCrc64Nvme(ByteSpan bytes, std::uint64_t crc = 0);
std::uint64_t PortableCrc64Ecma(ByteSpan bytes, std::uint64_t crc = 0);
std::uint32_t PortableCrc32c(ByteSpan bytes, std::uint32_t crc = 0);
std::uint32_t PortableCrc32(ByteSpan bytes, std::uint32_t crc = 0);
/// Whether this machine runs the fast form.
bool HasFastCrc();
}  // namespace internal

}  // namespace stateferry::storage::s3
