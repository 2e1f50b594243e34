#pragma once
// A read of one range that can never give wrong bytes: everything the answer says about itself is
// held against what was asked for, before a byte of its body is taken.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/s3/session.h"
#include "storage/s3/versions.h"

namespace stateferry::storage::s3 {

struct RangeRead {
  std::size_t count = 0;  ///< less than asked only at the end of the object
  /// What was read; empty etag when the range lies behind the end.
  Version version;
};

/// Reads [offset, offset + out.size()) of `key`; out is not empty.  With `expected`, of that
/// version only.  Errors: kNotFound; kConflict: another version is there now; kRefused: the service
/// does not keep to ranges (HTTP 200, or another range than the one asked for); kUnavailable (retry
/// may help), also when the body ends early.
Result<RangeRead> ReadVersionRange(Session& session, std::string_view key, std::uint64_t offset,
                                   MutableByteSpan out, const std::optional<Version>& expected);

/// Reads all of that version in one request, out.size() bytes, and compares them with the checksum
/// that comes along, if one does.  Errors: those of ReadVersionRange; kCorruption: other bytes.
Result<void> ReadWholeVersion(Session& session, std::string_view key, MutableByteSpan out,
                              const Version& expected);

/// A header or element that is a number, whole.
std::optional<std::uint64_t> ParseNumber(std::string_view text);

}  // namespace stateferry::storage::s3
