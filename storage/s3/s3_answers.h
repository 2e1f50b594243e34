#pragma once
// The XML that S3 and OSS answer with, and the two bodies that they want.  Facts: the API
// references of both, and what botocore and the OSS SDKs make of the answers.
//
// Every parser takes bytes from a server that may be broken or hostile.  Errors of all: kCorruption
// (retry may help) for an answer that is not what was asked for.  Texts that come out are the
// server's: print them with care.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "storage/s3/http_request.h"

namespace stateferry::storage::s3 {

// --- Errors

/// The body of an error.  The elements that quote what was signed are left out: they name headers
/// that are secret.
struct ErrorBody {
  std::string code = {};        ///< "NoSuchKey"
  std::string message = {};     ///< at most 512 bytes, without control characters
  std::string request_id = {};  ///< "" when only the headers have it
  std::string host_id = {};
  std::string region = {};       ///< where the bucket is, in redirects and scope errors
  std::string endpoint = {};     ///< in redirects
  std::string ec = {};           ///< OSS: "0002-00000209", its finer error code
  std::string server_time = {};  ///< in RequestTimeTooSkewed: "2025-01-02T03:04:05Z"
};

/// A message without what it quotes of the request: AWS STS ("The Canonical String ...") and
/// Alibaba's ("server string to sign is:...") show the one that they have signed, and a session
/// token is in it.
std::string WithoutQuotedRequest(std::string message);

/// Nothing when the body is no error document (HTML of a proxy, a cut body, none).
std::optional<ErrorBody> ParseErrorBody(std::string_view xml);
/// The value of the header x-oss-err, in which OSS sends the body of a HEAD's error.
std::optional<ErrorBody> ParseOssErrHeader(std::string_view value);

/// What may come with status 200 from calls that answer before they are done.
template <typename T>
using AnswerOrError = std::variant<T, ErrorBody>;

// --- Listings

struct ListedObject {
  std::string key;  ///< decoded
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;  ///< since the epoch; 0 = unknown
  std::string etag;           ///< without quotes
  std::string storage_class;  ///< "STANDARD"; "" = not said
  std::string type;           ///< OSS: Normal, Multipart, Appendable, Symlink
};

struct ListPage {
  std::vector<ListedObject> objects;         ///< as they came
  std::vector<std::string> common_prefixes;  ///< decoded
  bool is_truncated = false;
  /// V2: the continuation token, V1: the marker of the next page, in plain text.  Never empty when
  /// is_truncated.
  std::string next;
  /// Whether the server understood encoding-type=url.  If not, keys with characters that XML cannot
  /// hold may be missing or changed.
  bool was_encoded = false;
};

enum class ListVersion { kV1, kV2 };
struct ListParsing {
  ListVersion version = ListVersion::kV2;
  /// OSS encodes the continuation token like the keys; for S3 it is opaque.
  bool token_is_encoded = false;
};
/// ListObjects and ListObjectsV2.
Result<ListPage> ParseListPage(std::string_view xml, const ListParsing& parsing);

// --- Multipart uploads

/// As S3 names them in XML: {"ChecksumCRC64NVME", "rosUhgp5mIg="}.
using XmlChecksums = NameValues;

struct ListedPart {
  std::uint32_t part_number = 0;  ///< from 1
  std::uint64_t size_bytes = 0;
  std::string etag;  ///< without quotes
  XmlChecksums checksums;
  std::optional<std::uint64_t> crc64_ecma;  ///< OSS
};

struct PartsPage {
  std::string upload_id;
  std::string key;  ///< decoded
  std::vector<ListedPart> parts;
  bool is_truncated = false;
  std::uint32_t next_part_number = 0;  ///< the marker of the next page
  std::string checksum_algorithm;      ///< "CRC64NVME"; "" = not said
  std::string checksum_type;           ///< "FULL_OBJECT", "COMPOSITE"; "" = not said
};
Result<PartsPage> ParsePartsPage(std::string_view xml);

struct ListedUpload {
  std::string key;  ///< decoded
  std::string upload_id;
  std::int64_t initiated_ns = 0;  ///< since the epoch; 0 = unknown
};

struct UploadsPage {
  std::vector<ListedUpload> uploads;
  bool is_truncated = false;
  std::string next_key;  ///< decoded
  std::string next_upload_id;
};
Result<UploadsPage> ParseUploadsPage(std::string_view xml);

/// InitiateMultipartUpload: the upload id, never empty.
Result<std::string> ParseInitiatedUpload(std::string_view xml);

struct CompletedUpload {
  std::string etag;  ///< without quotes
  XmlChecksums checksums;
  std::string checksum_type;
};
/// CompleteMultipartUpload with status 200.  Errors: kUnavailable (retry may help) for an empty or
/// cut body: whether the object exists is not known.
Result<AnswerOrError<CompletedUpload>> ParseCompletedUpload(std::string_view xml);

struct CopiedObject {
  std::string etag;  ///< without quotes
  std::int64_t mtime_ns = 0;
  XmlChecksums checksums;
};
/// CopyObject and UploadPartCopy with status 200.  Errors: as ParseCompletedUpload.
Result<AnswerOrError<CopiedObject>> ParseCopiedObject(std::string_view xml);

struct PartToComplete {
  std::uint32_t part_number = 0;  ///< from 1, ascending
  std::string etag;               ///< without quotes
  XmlChecksums checksums = {};
};
/// S3 wants its namespace; OSS wants none.
inline constexpr std::string_view kS3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
std::string WriteCompleteUpload(std::span<const PartToComplete> parts, std::string_view xmlns);

// --- Others

struct NotDeleted {
  std::string key;
  std::string code;
  std::string message;
};
/// At most 1,000 keys in one request.  Errors: kRefused for a key that XML 1.0 cannot hold: delete
/// it by itself.
Result<std::string> WriteDelete(std::span<const std::string> keys, std::string_view xmlns);
/// The keys that are still there, and why; "quiet" answers name no others.
Result<std::vector<NotDeleted>> ParseDeleteResult(std::string_view xml);

/// GetBucketLocation: "us-east-1" for the empty answer, "eu-west-1" for "EU", "cn-hangzhou" for
/// "oss-cn-hangzhou".
Result<std::string> ParseLocation(std::string_view xml);

/// Without the quotes and the "W/" in front.
std::string StripEtag(std::string_view etag);

}  // namespace stateferry::storage::s3
