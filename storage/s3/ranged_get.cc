#include "storage/s3/ranged_get.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/hash.h"
#include "base/log.h"
#include "storage/s3/body_check.h"
#include "storage/s3/digest.h"
#include "storage/s3/s3_answers.h"
#include "storage/service_copy.h"

namespace stateferry::storage::s3 {

namespace {

/// "bytes 0-9/100", or "bytes */100" for a range behind the end.
struct ContentRange {
  bool any = false;  ///< false: no byte of the object is in the range
  std::uint64_t first = 0, last = 0, total = 0;
};

std::optional<ContentRange> ParseContentRange(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  ContentRange range;
  const auto total = ParseNumber(text.substr(slash + 1));
  if (!total) return std::nullopt;
  range.total = *total;
  const auto span = text.substr(0, slash);
  if (span == "*") return range;
  const auto dash = span.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = ParseNumber(span.substr(0, dash));
  const auto last = ParseNumber(span.substr(dash + 1));
  if (!first || !last || *last < *first || *last >= range.total) return std::nullopt;
  range.any = true;
  range.first = *first;
  range.last = *last;
  return range;
}

Error Replaced() {
  return {ErrorCode::kConflict, "the object was replaced while it was being read"};
}

class RangeAnswer {
 public:
  RangeAnswer(std::uint64_t offset, std::size_t size, const std::optional<Version>& expected)
      : offset_(offset), size_(size), expected_(expected) {}

  /// Whether a body is to be taken.
  Result<bool> Judge(const http::Answer& head) {
    if (head.status == 416) return JudgeBehindTheEnd(head);
    if (head.status == 200) return JudgeWhole(head);
    if (head.status != 206) return Refuse(fmt::format("HTTP {}", head.status));
    const auto range = ParseContentRange(head.Header("content-range"));
    if (!range || !range->any)
      return Refuse(fmt::format("\"Content-Range: {}\"", head.Header("content-range")));
    SF_TRY(TakeVersion(head, range->total));
    if (range->first != offset_ || range->last - range->first != expected_count() - 1)
      return Refuse(fmt::format("bytes {}-{} of {}", range->first, range->last, range->total));
    if (const auto length = head.Header("content-length");
        !length.empty() && ParseNumber(length) != expected_count())
      return Error(
          ErrorCode::kUnavailable,
          fmt::format("the answer announces {} bytes for a range of {}", length, expected_count()),
          Retry::kMayHelp);
    return true;
  }

  Result<RangeRead> Finish(const http::Answer& answer) {
    if (answer.status != 206) return std::move(read_);
    if (answer.received != expected_count())
      return Error(
          ErrorCode::kUnavailable,
          fmt::format("the answer ended after {} of {} bytes", answer.received, expected_count()),
          Retry::kMayHelp);
    read_.count = answer.received;
    return std::move(read_);
  }

 private:
  Error Refuse(const std::string& got) const {
    return Error(ErrorCode::kRefused,
                 fmt::format("the service does not keep to ranges: bytes {}-{} were asked for, and "
                             "it gave {}",
                             offset_, offset_ + size_ - 1, got));
  }

  std::uint64_t expected_count() const {
    return std::min<std::uint64_t>(size_, read_.version.size_bytes - offset_);
  }

  Result<void> TakeVersion(const http::Answer& head, std::uint64_t total) {
    read_.version = {StripEtag(head.Header("etag")), total};
    if (read_.version.etag.empty())
      return Error(ErrorCode::kRefused,
                   "the service gives no ETag, so a replaced object could "
                   "not be told from the one before");
    // Also of a service that does not know If-Match.
    if (expected_ && read_.version.etag != expected_->etag) return Replaced();
    if (expected_ && total != expected_->size_bytes)
      return Error(ErrorCode::kConflict,
                   fmt::format("the service says {} bytes and {} of one version of the object",
                               expected_->size_bytes, total));
    if (total <= offset_) return Refuse(fmt::format("a part of {} bytes", total));
    return {};
  }

  Result<bool> JudgeBehindTheEnd(const http::Answer& head) const {
    const auto range = ParseContentRange(head.Header("content-range"));
    if (range && range->total > offset_) return Refuse("HTTP 416");
    if (expected_ && expected_->size_bytes > offset_) return Replaced();
    return false;
  }

  // Some services answer a range of an empty object so; of any other it is the wrong range.
  Result<bool> JudgeWhole(const http::Answer& head) const {
    if (ParseNumber(head.Header("content-length")) != 0u) return Refuse("the whole object");
    if (expected_ && expected_->size_bytes > offset_) return Replaced();
    return false;
  }

  const std::uint64_t offset_;
  const std::size_t size_;
  const std::optional<Version>& expected_;
  RangeRead read_;
};

/// CRC and content hash of bytes while they arrive, when the processor's cache still has them.
class ArrivingSums {
 public:
  ArrivingSums(const Dialect& dialect, Hashing hashing) : dialect_(dialect) {
    if (hashing == Hashing::kYes) hash_.emplace();
  }

  void Take(ByteSpan piece) {
    crc_ = CrcOf(dialect_, piece, crc_.value_or(0));
    if (hash_) hash_->Update(piece);
    taken_ += piece.size();
  }
  /// Of all that was taken.
  void AddTo(RangeRead& read) const {
    SF_ASSERT(read.count == taken_);
    if (read.count > 0) read.crc = crc_;
    if (hash_) read.hash = hash_->Digest();
  }

 private:
  const Dialect& dialect_;
  std::size_t taken_ = 0;
  std::optional<std::uint64_t> crc_;
  std::optional<Xxh3Stream> hash_;
};

/// Whether the answer is all of that version.
Result<bool> JudgeWhole(const http::Answer& head, const Version& expected) {
  if (head.status == 412) return Replaced();
  if (head.status != 200)
    return Error(ErrorCode::kRefused,
                 fmt::format("the service gives HTTP {} for a whole object", head.status));
  const std::string etag = StripEtag(head.Header("etag"));
  if (etag.empty())
    return Error(ErrorCode::kRefused, "the service gives no ETag of a whole object");
  if (etag != expected.etag) return Replaced();
  // One version has one length: this answer is wrong, or the one that was planned by.
  const auto length = ParseNumber(head.Header("content-length"));
  if (length && *length != expected.size_bytes)
    return Error(
        ErrorCode::kConflict,
        fmt::format("the answer announces {} bytes, where {} are known under the same ETag",
                    *length, expected.size_bytes),
        Retry::kMayHelp);
  return true;
}

/// What an answer has told of the bytes that came with it.
struct Told {
  bool compared = false;   ///< with the CRC that came along
  std::string etag = {};   ///< that follows from the bytes, in lower case; "" = none
  bool of_a_part = false;  ///< of an object that was put in parts, and had one
};

/// The ETag of an object in one part is the MD5 of the MD5.
bool IsEtagOfOnePart(std::string_view etag) {
  constexpr std::string_view kEnd = "-1";
  return etag.ends_with(kEnd) && LooksLikeMd5(etag.substr(0, etag.size() - kEnd.size()));
}

Result<Told> ReadWholeOnce(Session& session, std::string_view key, MutableByteSpan out,
                           const Version& expected) {
  const Dialect& dialect = session.dialect();
  Call call{.method = "GET", .key = std::string(key), .into = out, .also = {412}};
  call.headers.emplace_back("if-match", "\"" + expected.etag + "\"");
  if (dialect.checksum == BodyChecksum::kCrc64Nvme)
    call.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
  call.wanted = [&expected](const http::Answer& head) { return JudgeWhole(head, expected); };
  SF_TRY(const auto answer, session.Send(call));
  if (answer.received != out.size())
    return Error(ErrorCode::kUnavailable,
                 fmt::format("the answer ended after {} of {} bytes", answer.received, out.size()),
                 Retry::kMayHelp);
  if (const auto crc = WholeObjectCrc(dialect, answer)) {
    if (crc == CrcOf(dialect, out)) return Told{.compared = true};
    return Error(ErrorCode::kCorruption,
                 std::string(key) + " arrived with other bytes than the service has (CRC-64)");
  }
  Told told;
  const auto sums = SumsFrom(dialect, answer, expected.etag);
  if (const auto md5 = sums.find("md5"); md5 != sums.end()) told.etag = md5->second;
  told.of_a_part = dialect.etag_follows_from_parts && !IsEncryptedWithKey(answer) &&
                   IsEtagOfOnePart(expected.etag);
  if (told.of_a_part) told.etag = LowerCase(expected.etag);
  return told;
}

std::string EtagText(ByteSpan bytes, const Told& told) {
  const std::array<Md5Digest, 1> md5 = {Md5(bytes)};
  return told.of_a_part ? MultipartEtag(md5) : ToHex(DigestBytes(md5[0]));
}

Error OtherBytesEachTime(std::string_view key) {
  return {ErrorCode::kUnavailable, std::string(key) + " arrives with other bytes each time",
          Retry::kMayHelp};
}

/// There is nothing to compare them with but themselves.
Result<void> ReadWholeTwice(Session& session, std::string_view key, MutableByteSpan out,
                            const Version& expected) {
  const auto first = Xxh3_128(out);
  SF_TRY(ReadWholeOnce(session, key, out, expected));
  return Xxh3_128(out) == first ? Result<void>() : OtherBytesEachTime(key);
}

/// So many objects, and no other: the ETags of this service are no MD5s, and reading each object
/// twice would be in vain.
constexpr std::uint32_t kEnoughOthers = 8;

}  // namespace

Result<void> ReadWholeVersion(Session& session, std::string_view key, MutableByteSpan out,
                              const Version& expected, EtagsSeen& seen) {
  SF_TRY(const auto told, ReadWholeOnce(session, key, out, expected));
  if (told.compared) return {};
  if (told.etag.empty() || (seen.md5 == 0 && seen.other >= kEnoughOthers))
    return session.in_the_open() ? ReadWholeTwice(session, key, out, expected) : Result<void>();
  const std::string first = EtagText(out, told);
  if (first == told.etag) {
    ++seen.md5;
    return {};
  }
  SF_TRY(const auto told_again, ReadWholeOnce(session, key, out, expected));
  if (told_again.compared) return {};
  const std::string second = EtagText(out, told);
  if (second == told.etag) {
    LogWarning("storage", "{}/{} arrived with other bytes than the service has, and was read again",
               session.location(), key);
    ++seen.md5;
    return {};
  }
  if (second != first) return OtherBytesEachTime(key);
  if (seen.md5 > 0)
    LogWarning("storage",
               "the ETag of {}/{} is not the MD5 of its bytes, which came twice the same",
               session.location(), key);
  ++seen.other;
  return {};
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

Result<RangeRead> ReadVersionRange(Session& session, std::string_view key, std::uint64_t offset,
                                   MutableByteSpan out, const std::optional<Version>& expected,
                                   Hashing hashing) {
  RangeAnswer judge(offset, out.size(), expected);
  ArrivingSums sums(session.dialect(), hashing);
  Call call{.method = "GET", .key = std::string(key)};
  call.headers.emplace_back("range", fmt::format("bytes={}-{}", offset, offset + out.size() - 1));
  if (expected) call.headers.emplace_back("if-match", "\"" + expected->etag + "\"");
  const Dialect& dialect = session.dialect();
  if (!dialect.range_header.empty())
    call.headers.emplace_back(dialect.range_header, dialect.range_header_value);
  call.into = out;
  call.arrived = [&sums](ByteSpan piece) { sums.Take(piece); };
  call.also = {412, 416};
  call.wanted = [&judge](const http::Answer& head) -> Result<bool> {
    if (head.status == 412) return Replaced();
    return judge.Judge(head);
  };
  auto answer = session.Send(call);
  if (!answer) return std::move(answer).error();
  SF_TRY(auto read, judge.Finish(*answer));
  sums.AddTo(read);
  return read;
}

}  // namespace stateferry::storage::s3
