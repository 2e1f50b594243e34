#pragma once
// That a body arrives as it was sent: a checksum that the service compares, or that we compare with
// its answer.  TLS alone does not tell that what the service stored is what it received.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "storage/http/message.h"
#include "storage/s3/dialect.h"
#include "storage/s3/http_request.h"

namespace stateferry::storage::s3 {

class BodyCheck {
 public:
  /// Reads all of `body`, which must outlive this.
  BodyCheck(const Dialect& dialect, ByteSpan body);

  /// What tells the service the checksum.
  void AddTo(NameValues& headers) const;
  /// Errors: kUnavailable (retry may help): the service received or stored other bytes.
  Result<void> Compare(const http::Answer& answer) const;
  /// For the checksum of a whole object; none when the dialect has no such checksum.
  std::optional<std::uint64_t> crc() const { return crc_; }

 private:
  Result<void> CompareEtag(const http::Answer& answer) const;

  const Dialect& dialect_;
  const ByteSpan body_;
  const std::optional<std::uint64_t> crc_;
};

/// Whether the object is encrypted with a key of the customer or of a key service: then its ETag is
/// no MD5, whatever it looks like.
bool IsEncryptedWithKey(const http::Answer& answer);

/// In the dialect's kind, of everything before `bytes` (0: nothing) and of `bytes`; none when it
/// has none.
std::optional<std::uint64_t> CrcOf(const Dialect& dialect, ByteSpan bytes,
                                   std::uint64_t before = 0);
/// The CRC of two pieces, from the CRC of each and the size of the second.
std::uint64_t CombineCrc(const Dialect& dialect, std::uint64_t first, std::uint64_t second,
                         std::uint64_t size_bytes);

/// What the headers of an answer say about a whole object; none when they say nothing.
std::optional<std::uint64_t> WholeObjectCrc(const Dialect& dialect, const http::Answer& answer);

/// What CrcOf is called in SumsFrom; "" = none.
std::string_view SumName(const Dialect& dialect);

/// The checksums of a whole object in the headers of an answer, and its ETag where that is its MD5:
/// see ObjectSums.
std::map<std::string, std::string> SumsFrom(const Dialect& dialect, const http::Answer& answer,
                                            std::string_view etag);
/// The same from those in XML: {"ChecksumCRC64NVME", "rosUhgp5mIg="}.
void AddSums(const NameValues& xml, std::map<std::string, std::string>& sums);

}  // namespace stateferry::storage::s3
