#include "storage/s3/body_check.h"

#include <algorithm>

#include "base/hash.h"
#include "storage/s3/checksums.h"
#include "storage/s3/digest.h"
#include "storage/s3/s3_answers.h"
#include "storage/service_copy.h"

namespace stateferry::storage::s3 {

namespace {

constexpr std::string_view kNvmeHeader = "x-amz-checksum-crc64nvme";
constexpr std::string_view kEcmaHeader = "x-oss-hash-crc64ecma";

Error OtherBytes(std::string_view how) {
  return {ErrorCode::kUnavailable,
          "the service received other bytes than were sent (" + std::string(how) + ")",
          Retry::kMayHelp};
}

/// Whether the ETag of a body that was sent in one piece is its MD5.
bool IsMd5(const http::Answer& answer, std::string_view etag) {
  return !IsEncryptedWithKey(answer) && LooksLikeMd5(etag);
}

struct ChecksumKind {
  std::string_view name;
  std::size_t text_size;  ///< in Base64
};
constexpr ChecksumKind kKinds[] = {
    {"crc64nvme", 12}, {"crc32c", 8}, {"crc32", 8}, {"sha1", 28}, {"sha256", 44}};

/// One that was made of those of parts ("...-3") says nothing about another object, and moto has
/// some that are not of their kind.
void AddSum(std::string_view name, std::string_view sum, std::map<std::string, std::string>& sums) {
  for (const ChecksumKind& kind : kKinds)
    if (kind.name == name && kind.text_size == sum.size()) sums.emplace(name, sum);
}

}  // namespace

bool IsEncryptedWithKey(const http::Answer& answer) {
  return answer.Header("x-amz-server-side-encryption").starts_with("aws:kms") ||
         !answer.Header("x-amz-server-side-encryption-customer-algorithm").empty();
}

std::optional<std::uint64_t> CrcOf(const Dialect& dialect, ByteSpan bytes, std::uint64_t before) {
  switch (dialect.checksum) {
    case BodyChecksum::kCrc64Nvme: return Crc64Nvme(bytes, before);
    case BodyChecksum::kCrc64Ecma: return Crc64Ecma(bytes, before);
    case BodyChecksum::kMd5Etag: break;
  }
  return std::nullopt;
}

std::uint64_t CombineCrc(const Dialect& dialect, std::uint64_t first, std::uint64_t second,
                         std::uint64_t size_bytes) {
  return dialect.checksum == BodyChecksum::kCrc64Ecma ? CombineCrc64Ecma(first, second, size_bytes)
                                                      : CombineCrc64Nvme(first, second, size_bytes);
}

BodyCheck::BodyCheck(const Dialect& dialect, ByteSpan body)
    : dialect_(dialect), body_(body), crc_(CrcOf(dialect, body)) {}

void BodyCheck::AddTo(NameValues& headers) const {
  if (dialect_.checksum == BodyChecksum::kCrc64Nvme)
    SetHeader(headers, kNvmeHeader, ChecksumText(*crc_));
}

Result<void> BodyCheck::Compare(const http::Answer& answer) const {
  const std::string_view nvme = answer.Header(kNvmeHeader);
  const std::string_view ecma = answer.Header(kEcmaHeader);
  if (dialect_.checksum == BodyChecksum::kCrc64Nvme && !nvme.empty())
    return ParseChecksum64(nvme) == crc_ ? Result<void>() : OtherBytes("CRC-64/NVME");
  if (dialect_.checksum == BodyChecksum::kCrc64Ecma && !ecma.empty())
    return ParseOssCrc64(ecma) == crc_ ? Result<void>() : OtherBytes("CRC-64");
  // A service that did not take the checksum has not compared it either.
  return CompareEtag(answer);
}

Result<void> BodyCheck::CompareEtag(const http::Answer& answer) const {
  const std::string etag = StripEtag(answer.Header("etag"));
  if (!IsMd5(answer, etag)) return {};
  return LowerCase(etag) == ToHex(DigestBytes(Md5(body_))) ? Result<void>() : OtherBytes("MD5");
}

std::string_view SumName(const Dialect& dialect) {
  switch (dialect.checksum) {
    case BodyChecksum::kCrc64Nvme: return "crc64nvme";
    case BodyChecksum::kCrc64Ecma: return "crc64ecma";
    case BodyChecksum::kMd5Etag: break;
  }
  return "";
}

std::map<std::string, std::string> SumsFrom(const Dialect& dialect, const http::Answer& answer,
                                            std::string_view etag) {
  std::map<std::string, std::string> sums;
  if (dialect.checksum == BodyChecksum::kCrc64Ecma) {
    if (const auto crc = ParseOssCrc64(answer.Header(kEcmaHeader)))
      sums["crc64ecma"] = std::to_string(*crc);
    return sums;
  }
  if (answer.Header("x-amz-checksum-type") != "COMPOSITE")
    for (const ChecksumKind& kind : kKinds)
      AddSum(kind.name, answer.Header("x-amz-checksum-" + std::string(kind.name)), sums);
  if (dialect.etag_follows_from_parts && IsMd5(answer, etag)) sums["md5"] = LowerCase(etag);
  return sums;
}

void AddSums(const NameValues& xml, std::map<std::string, std::string>& sums) {
  constexpr std::string_view kFront = "Checksum";
  for (const auto& [name, sum] : xml)
    if (name.starts_with(kFront)) AddSum(LowerCase(name).substr(kFront.size()), sum, sums);
}

std::optional<std::uint64_t> WholeObjectCrc(const Dialect& dialect, const http::Answer& answer) {
  switch (dialect.checksum) {
    // A composite checksum has another form, and is none.
    case BodyChecksum::kCrc64Nvme: return ParseChecksum64(answer.Header(kNvmeHeader));
    case BodyChecksum::kCrc64Ecma: return ParseOssCrc64(answer.Header(kEcmaHeader));
    case BodyChecksum::kMd5Etag: break;
  }
  return std::nullopt;
}

}  // namespace stateferry::storage::s3
