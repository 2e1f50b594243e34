#pragma once
// The parts of a canonical request that SigV4 and OSS V4 share, and where they differ.

#include <string>

#include "base/result.h"
#include "storage/s3/signer.h"

namespace stateferry::storage::s3 {

/// "20250102T030405Z"; its first eight characters are the date of the scope.
std::string CompactTime(SystemTime time);
/// "Thu, 02 Jan 2025 03:04:05 GMT"
std::string HttpTime(SystemTime time);

/// "uploads" without a value is "uploads=" to S3 and "uploads" to OSS.
enum class EmptyValue { kWithEquals, kBareName };
/// Encoded, sorted bytewise by encoded name, then by encoded value.
std::string CanonicalQuery(const NameValues& query, EmptyValue empty);

/// S3 makes one space of every run of blanks inside a value, in quotes too; OSS keeps them.
enum class InnerBlanks { kCollapse, kKeep };
/// Sorted by lower-case name, each once: trimmed values, those of a repeated name joined with ","
/// as they come, and "host".
NameValues CanonicalHeaders(const HttpRequest& request, InnerBlanks blanks);

/// Errors: kInvalidArgument: method, host, path or a header that HTTP would not carry as it is, or
/// that could smuggle in another header.
Result<void> CheckSendable(const HttpRequest& request);

/// Errors: kPermission: a key id without its secret, or none at all.
Result<void> CheckUsable(const Credentials& credentials);

/// Errors: kInvalidArgument: not within 1 s and 7 days.
Result<void> CheckValidFor(std::chrono::seconds valid_for);

}  // namespace stateferry::storage::s3
