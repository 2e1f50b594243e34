#pragma once
// Percent-encoding as S3 and OSS sign it: RFC 3986 with the unreserved set A-Z a-z 0-9 - . _ ~ and
// upper-case hex, of the bytes as they are.  Everything signed goes on the wire in this form.

#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry::storage::s3 {

/// '/' stays as it is; nothing is normalised.
std::string EncodePath(std::string_view path);
/// A name or a value of the query: '/' becomes %2F, a space %20.
std::string EncodeQueryPart(std::string_view text);

/// How "encoding-type=url" answers write a space: as "+" (AWS) or as %20 (moto, OSS).  A literal
/// plus is %2B in both, so keys of a listing may always be decoded with kIsSpace.
enum class Plus { kIsSpace, kIsPlus };

/// Undoes either encoding.  Errors: kCorruption: '%' without two hex digits behind it.
Result<std::string> DecodeUri(std::string_view text, Plus plus);

}  // namespace stateferry::storage::s3
