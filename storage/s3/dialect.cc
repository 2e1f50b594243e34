#include "storage/s3/dialect.h"

#include <algorithm>

namespace stateferry::storage::s3 {

namespace {

constexpr ObjectOption kOssObjectOptions[] = {
    {"storage-class", "x-oss-storage-class"},
    {"sse", "x-oss-server-side-encryption", "AES256 KMS SM4"},
    {.name = "sse-kms-key-id",
     .header = "x-oss-server-side-encryption-key-id",
     .needs = "sse",
     .needs_value = "KMS"},
    {.name = "acl",
     .header = "x-oss-object-acl",
     .values = "default private public-read public-read-write",
     .at_complete = true},
    {"tag", "x-oss-tagging"},
    {.name = "lock",
     .header = "x-oss-object-worm-mode",
     .values = "GOVERNANCE COMPLIANCE",
     .needs = "lock-until"},
    {.name = "lock-until", .header = "x-oss-object-worm-retain-until-date", .needs = "lock"},
    {"legal-hold", "x-oss-object-worm-legal-hold", "ON OFF"},
};

/// What the S3-compatible side of OSS is known to take.
constexpr ObjectOption kOssS3ObjectOptions[] = {
    {"storage-class", "x-amz-storage-class"},
    {"sse", "x-amz-server-side-encryption", "AES256"},
    {"acl", "x-amz-acl", "private public-read public-read-write"},
};

constexpr Dialect kDialects[] = {
    {.name = "s3"},  // a server that nothing more is known of
    {.name = "aws",
     .path_style = false,
     .compares_checksums = true,
     .conditions_are_kept = true,
     .copy_if_absent = PutIfAbsent::kIfNoneMatch,
     .host_prefix = "s3.",
     .host_suffix = ".amazonaws.com"},
    {.name = "aws-cn",
     .path_style = false,
     .compares_checksums = true,
     .conditions_are_kept = true,
     .host_prefix = "s3.",
     .host_suffix = ".amazonaws.com.cn",
     .default_region = "cn-north-1"},
    {.name = "oss",
     .signing = Signing::kOssV4,
     .header_prefix = "x-oss-",
     .path_style = false,
     .checksum = BodyChecksum::kCrc64Ecma,
     .etag_follows_from_parts = false,
     .put_if_absent = PutIfAbsent::kForbidOverwrite,
     .complete_if_absent = PutIfAbsent::kForbidOverwrite,
     .copy_if_absent = PutIfAbsent::kForbidOverwrite,
     .min_part_bytes = std::uint64_t{100} << 10,
     .range_header = "x-oss-range-behavior",
     .range_header_value = "standard",
     .has_links = true,
     .list_token_is_encoded = true,
     .xmlns = "",
     .host_prefix = "oss-",
     .host_suffix = ".aliyuncs.com",
     .object_options = kOssObjectOptions,
     .default_region = ""},
    // Checksums and conditions of the S3 protocol are not all understood there; the native protocol
    // serves oss:// locations.
    {.name = "oss-s3",
     .path_style = false,
     .checksum = BodyChecksum::kMd5Etag,
     .multipart_checksum = false,
     .etag_follows_from_parts = false,
     .put_if_absent = PutIfAbsent::kLookFirst,
     .complete_if_absent = PutIfAbsent::kLookFirst,
     .has_links = true,
     .host_prefix = "s3.oss-",
     .host_suffix = ".aliyuncs.com",
     .object_options = kOssS3ObjectOptions,
     .default_region = ""},
    {.name = "minio", .conditions_are_kept = true},
    {.name = "versitygw", .conditions_are_kept = true},
    // Checksums of CRC64NVME are younger than most installations.
    {.name = "ceph", .checksum = BodyChecksum::kMd5Etag, .multipart_checksum = false},
    // Knows the requests and nothing more: no checksums, no conditions (s3s-fs, old rclone).
    {.name = "basic",
     .checksum = BodyChecksum::kMd5Etag,
     .multipart_checksum = false,
     .put_if_absent = PutIfAbsent::kLookFirst,
     .complete_if_absent = PutIfAbsent::kLookFirst},
    // Looks at no signature, digest or checksum.
    {.name = "moto", .checksum = BodyChecksum::kMd5Etag, .multipart_checksum = false},
};

bool Fits(const Dialect& dialect, std::string_view host) {
  return !dialect.host_suffix.empty() && host.starts_with(dialect.host_prefix) &&
         host.ends_with(dialect.host_suffix);
}

}  // namespace

Result<const Dialect*> FindDialect(std::string_view name) {
  std::string known;
  for (const Dialect& dialect : kDialects) {
    if (dialect.name == name) return &dialect;
    known += known.empty() ? "" : ", ";
    known += dialect.name;
  }
  return Error(ErrorCode::kInvalidArgument,
               "the dialect \"" + std::string(name) + "\" is unknown; known are " + known);
}

const Dialect& DialectOf(std::string_view scheme, std::string_view host) {
  if (scheme == "oss") return **FindDialect("oss");
  for (const Dialect& dialect : kDialects)
    if (dialect.signing == Signing::kSigV4 && Fits(dialect, host)) return dialect;
  return kDialects[0];
}

}  // namespace stateferry::storage::s3
