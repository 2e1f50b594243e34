#pragma once
// A read of one range that can never give wrong bytes: everything the answer says about itself is
// held against what was asked for, before a byte of its body is taken.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "storage/s3/session.h"
#include "storage/s3/versions.h"

namespace stateferry::storage::s3 {

struct RangeRead {
  std::size_t count = 0;  ///< less than asked only at the end of the object
  /// Of what was read, taken while it arrived; in the dialect's kind, if it has one.
  std::optional<std::uint64_t> crc = {};
  std::optional<Hash128> hash = {};  ///< likewise, when it was asked for
  /// What was read; empty etag when the range lies behind the end.
  Version version;
};

enum class Hashing { kNo, kYes };

/// Reads [offset, offset + out.size()) of `key`; out is not empty.  With `expected`, of that
/// version only.  Errors: kNotFound; kConflict: another version is there now; kRefused: the service
/// does not keep to ranges (HTTP 200, or another range than the one asked for); kUnavailable (retry
/// may help), also when the body ends early.
Result<RangeRead> ReadVersionRange(Session& session, std::string_view key, std::uint64_t offset,
                                   MutableByteSpan out, const std::optional<Version>& expected,
                                   Hashing hashing);

/// Whether the ETags of a bucket that look like MD5s are MD5s, as far as objects have shown.
struct EtagsSeen {
  std::atomic<std::uint32_t> md5{0}, other{0};
};

/// Reads all of that version in one request, out.size() bytes, and compares them with the CRC that
/// comes along, if one does, or else with the ETag where that should be their MD5; what does not
/// fit it is read once more.  The same bytes again are taken: then the ETag is something else. What
/// cannot be compared is read twice where nothing guards it on its way (Bucket::in_the_open).
/// Errors: those of ReadVersionRange; kCorruption: other bytes than the CRC is of.
Result<void> ReadWholeVersion(Session& session, std::string_view key, MutableByteSpan out,
                              const Version& expected, EtagsSeen& seen);

/// A header or element that is a number, whole.
std::optional<std::uint64_t> ParseNumber(std::string_view text);

}  // namespace stateferry::storage::s3
