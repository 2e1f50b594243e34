#pragma once
// What S3-like services do differently, as rows of data.  The code asks a row and never a name, so
// a new service is a row.  Facts: the services' API references and runs against the real servers.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry::storage::s3 {

enum class Signing { kSigV4, kOssV4 };

/// The checksum that guards a body on its way, next to TLS or the signature.
enum class BodyChecksum {
  kCrc64Nvme,  ///< sent as x-amz-checksum-crc64nvme; the server compares
  kCrc64Ecma,  ///< answered as x-oss-hash-crc64ecma, in decimal; we compare
  kMd5Etag,    ///< none: Content-MD5, and the ETag must be the MD5 of what was sent
};

/// How "only if it does not exist" is said.
enum class PutIfAbsent {
  kIfNoneMatch,      ///< If-None-Match: *
  kForbidOverwrite,  ///< x-oss-forbid-overwrite: true
  kLookFirst,        ///< not at all: a HEAD first, which leaves a gap
};

/// An option of a location that becomes a header of new objects (new_object.h).
struct ObjectOption {
  std::string_view name;  ///< "tag" stands for "tag.NAME"
  std::string_view header;
  std::string_view values = {};  ///< the known ones, with blanks between them; "" = any text
  /// Of a multipart upload: said at its end, not at its beginning.
  bool at_complete = false;
  /// Another option that has to be there, with a value that begins so.
  std::string_view needs = {}, needs_value = {};
};

inline constexpr ObjectOption kS3ObjectOptions[] = {
    {"storage-class", "x-amz-storage-class"},
    {"sse", "x-amz-server-side-encryption", "AES256 aws:kms aws:kms:dsse"},
    {.name = "sse-kms-key-id",
     .header = "x-amz-server-side-encryption-aws-kms-key-id",
     .needs = "sse",
     .needs_value = "aws:kms"},
    {.name = "sse-bucket-key",
     .header = "x-amz-server-side-encryption-bucket-key-enabled",
     .values = "true false",
     .needs = "sse",
     .needs_value = "aws:kms"},
    {"acl", "x-amz-acl",
     "private public-read public-read-write authenticated-read aws-exec-read bucket-owner-read "
     "bucket-owner-full-control"},
    {"tag", "x-amz-tagging"},
    {.name = "lock",
     .header = "x-amz-object-lock-mode",
     .values = "GOVERNANCE COMPLIANCE",
     .needs = "lock-until"},
    {.name = "lock-until", .header = "x-amz-object-lock-retain-until-date", .needs = "lock"},
    {"legal-hold", "x-amz-object-lock-legal-hold", "ON OFF"},
};

struct Dialect {
  std::string_view name;
  Signing signing = Signing::kSigV4;
  std::string_view header_prefix = "x-amz-";
  /// Of endpoints that are host names; addresses are always asked in path style.
  bool path_style = true;
  BodyChecksum checksum = BodyChecksum::kCrc64Nvme;
  /// It is documented that bodies which do not have their checksum are refused; of other services
  /// that is tried (checksum_trial.h).
  bool compares_checksums = false;
  /// Parts' checksums add up to one of the whole object, which Complete compares.
  bool multipart_checksum = true;
  /// A multipart object's ETag is the MD5 of its parts' MD5s, or else has no "-".
  bool etag_follows_from_parts = true;
  PutIfAbsent put_if_absent = PutIfAbsent::kIfNoneMatch;
  PutIfAbsent complete_if_absent = PutIfAbsent::kIfNoneMatch;
  /// Whether If-None-Match is known to count in both.  Else the first PUT of a process proves it,
  /// and a HEAD goes before Complete.
  bool conditions_are_kept = false;
  /// Of CopyObject.  Most servers know the conditions on the source alone (versitygw 1.8 ignores
  /// If-None-Match here).
  PutIfAbsent copy_if_absent = PutIfAbsent::kLookFirst;
  std::uint64_t min_part_bytes = std::uint64_t{5} << 20;
  std::uint64_t max_part_bytes = std::uint64_t{5} << 30;
  /// An end beyond the object gives all of it with 200 unless this header says otherwise; "" =
  /// none.
  std::string_view range_header = {};
  std::string_view range_header_value = {};
  /// Objects may be symbolic links, which HEAD and GET follow and CopyObject does not (Alibaba
  /// Cloud OSS, API reference: PutSymlink, CopyObject).
  bool has_links = false;
  /// Whether the token of a listing's next page is encoded as its keys are.
  bool list_token_is_encoded = false;
  /// What the elements of XML that we send belong to.
  std::string_view xmlns = "http://s3.amazonaws.com/doc/2006-03-01/";
  /// A known HTTP host is "PREFIX + region + SUFFIX"; "" when there is no such rule.
  std::string_view host_prefix = {};
  std::string_view host_suffix = {};
  /// What can be said of new objects.
  std::span<const ObjectOption> object_options = kS3ObjectOptions;
  /// Signed for when nobody says another; "" = it must be said.
  std::string_view default_region = "us-east-1";
};

inline constexpr std::uint32_t kMaxParts = 10'000;
inline constexpr std::uint64_t kMaxCopyBytes = std::uint64_t{5} << 30;  ///< of one CopyObject

/// Errors: kInvalidArgument, naming the known ones.
Result<const Dialect*> FindDialect(std::string_view name);

/// The dialect that `host` (without a port) is known to speak, for locations of `scheme`.
const Dialect& DialectOf(std::string_view scheme, std::string_view host);

}  // namespace stateferry::storage::s3
