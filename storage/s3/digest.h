#pragma once
// Cryptographic digests by OpenSSL, and Base64.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace stateferry::storage::s3 {

using Md5Digest = std::array<std::uint8_t, 16>;
using Sha1Digest = std::array<std::uint8_t, 20>;
using Sha256Digest = std::array<std::uint8_t, 32>;

Md5Digest Md5(ByteSpan bytes);
Sha256Digest Sha256(ByteSpan bytes);
Sha256Digest HmacSha256(std::string_view key, std::string_view text);
Sha1Digest HmacSha1(std::string_view key, std::string_view text);

/// SHA-256 of bytes that come in pieces.  Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void Update(ByteSpan bytes);
  /// Of everything so far; more may follow.
  Sha256Digest Digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

template <std::size_t N>
ByteSpan DigestBytes(const std::array<std::uint8_t, N>& digest) {
  return std::as_bytes(std::span(digest));
}
template <std::size_t N>
std::string_view DigestText(const std::array<std::uint8_t, N>& digest) {
  return AsText(DigestBytes(digest));
}

/// What most servers give a multipart object as ETag, without quotes: the MD5 of the parts' MD5s in
/// hex (lower case: S3; OSS writes it in upper case), "-", the number of parts.  Not with SSE-KMS
/// or SSE-C, so a different answer proves nothing by itself.
std::string MultipartEtag(std::span<const Md5Digest> parts);

/// Base64 with padding, one line.
std::string Base64Encode(ByteSpan bytes);
/// Nothing unless `text` is exactly what Base64Encode gives for some bytes.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace stateferry::storage::s3
