#include "storage/s3/service_error.h"

#include <algorithm>
#include <array>

namespace stateferry::storage::s3 {

namespace {

struct Meaning {
  std::string_view code;
  ErrorCode means;
  Retry retry = Retry::kNever;
  std::string_view hint = {};
};

constexpr std::string_view kClockHint = "set this machine's clock";
constexpr std::string_view kKeyHint = "check the credentials, the region and the endpoint";
constexpr std::string_view kRightsHint =
    "reading needs the rights to list the bucket and to get objects; writing needs those to put, "
    "to "
    "abort uploads and to list their parts";

constexpr Meaning kMeanings[] = {
    {"AccessDenied", ErrorCode::kPermission, Retry::kNever, kRightsHint},
    {"AuthorizationHeaderMalformed", ErrorCode::kPermission, Retry::kNever, kKeyHint},
    {"BadDigest", ErrorCode::kUnavailable, Retry::kMayHelp},
    {"ConditionalRequestConflict", ErrorCode::kConflict, Retry::kMayHelp},
    {"DownloadTrafficRateLimitExceeded", ErrorCode::kThrottled, Retry::kMayHelp},
    {"ExistingObjectIsDirectory", ErrorCode::kConflict},
    {"ExpiredToken", ErrorCode::kPermission, Retry::kNever, "get new credentials"},
    {"FileAlreadyExists", ErrorCode::kConflict},
    {"IncompleteBody", ErrorCode::kUnavailable, Retry::kMayHelp},
    {"InsufficientStorage", ErrorCode::kNoSpace},
    {"InternalError", ErrorCode::kUnavailable, Retry::kMayHelp},
    {"InvalidAccessKeyId", ErrorCode::kPermission, Retry::kNever, kKeyHint},
    {"InvalidDigest", ErrorCode::kUnavailable, Retry::kMayHelp},
    {"InvalidObjectName", ErrorCode::kRefused, Retry::kNever,
     "OSS takes names of at most 1023 bytes of UTF-8 that do not begin with \"\\\""},
    {"InvalidObjectState", ErrorCode::kRefused, Retry::kNever,
     "the object is archived; restore it first"},
    {"InvalidPart", ErrorCode::kNotFound},
    {"NoSuchBucket", ErrorCode::kNotFound},
    {"NoSuchKey", ErrorCode::kNotFound},
    {"NoSuchUpload", ErrorCode::kNotFound},
    {"ObjectExistAsDirectory", ErrorCode::kConflict},
    {"ObjectParentIsFile", ErrorCode::kConflict},
    {"PermanentRedirect", ErrorCode::kRefused, Retry::kNever, "say region=... or endpoint=..."},
    {"PreconditionFailed", ErrorCode::kConflict},
    {"QosLimitExceeded", ErrorCode::kThrottled, Retry::kMayHelp},
    {"QuotaExceeded", ErrorCode::kNoSpace},
    {"RequestLimitExceeded", ErrorCode::kThrottled, Retry::kMayHelp},
    {"RequestTimeTooSkewed", ErrorCode::kPermission, Retry::kNever, kClockHint},
    {"RequestTimeout", ErrorCode::kUnavailable, Retry::kMayHelp},
    {"SecurityTokenExpired", ErrorCode::kPermission, Retry::kNever, "get new credentials"},
    {"ServiceUnavailable", ErrorCode::kThrottled, Retry::kMayHelp},
    {"SignatureDoesNotMatch", ErrorCode::kPermission, Retry::kNever, kKeyHint},
    {"SlowDown", ErrorCode::kThrottled, Retry::kMayHelp},
    {"Throttling", ErrorCode::kThrottled, Retry::kMayHelp},
    {"TooManyRequests", ErrorCode::kThrottled, Retry::kMayHelp},
    {"XAmzContentChecksumMismatch", ErrorCode::kUnavailable, Retry::kMayHelp},
    {"XAmzContentSHA256Mismatch", ErrorCode::kUnavailable, Retry::kMayHelp},
    {"XMinioStorageFull", ErrorCode::kNoSpace},
};

Meaning MeaningOfStatus(int status) {
  switch (status) {
    case 401:
    case 403: return {"", ErrorCode::kPermission, Retry::kNever, kRightsHint};
    case 404: return {"", ErrorCode::kNotFound};
    case 408: return {"", ErrorCode::kUnavailable, Retry::kMayHelp};
    case 409:
    case 412: return {"", ErrorCode::kConflict};
    case 429: return {"", ErrorCode::kThrottled, Retry::kMayHelp};
    case 501: return {"", ErrorCode::kRefused};
    case 503: return {"", ErrorCode::kThrottled, Retry::kMayHelp};
    case 507: return {"", ErrorCode::kNoSpace};
    default: break;
  }
  if (status >= 500) return {"", ErrorCode::kUnavailable, Retry::kMayHelp};
  return {"", ErrorCode::kRefused};
}

Meaning MeaningOf(const ServiceError& answer) {
  const auto* known = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                   [&](const Meaning& m) { return m.code == answer.code; });
  return known != std::end(kMeanings) ? *known : MeaningOfStatus(answer.status);
}

template <std::size_t N>
bool IsOneOf(std::string_view code, const std::array<std::string_view, N>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

Error ToError(const ServiceError& answer) {
  const Meaning meaning = MeaningOf(answer);
  std::string text = std::to_string(answer.status);
  if (!answer.code.empty()) text += " " + answer.code;
  if (!answer.detail.empty()) text += " " + answer.detail;
  if (!answer.message.empty()) text += ": " + answer.message;
  if (!answer.request_id.empty()) text += " (request " + answer.request_id + ")";
  Error error(meaning.means, std::move(text), meaning.retry);
  // OSS; no right is missing then.
  if (answer.code == "AccessDenied" && !answer.endpoint.empty())
    return std::move(error).WithHint("the service says that the bucket is at " + answer.endpoint +
                                     "; say endpoint=... with it if that is to be believed");
  if (meaning.hint.empty()) return error;
  return std::move(error).WithHint(std::string(meaning.hint));
}

bool IsThrottled(const ServiceError& answer) {
  return MeaningOf(answer).means == ErrorCode::kThrottled;
}

bool IsExpired(const ServiceError& answer) {
  constexpr std::array<std::string_view, 4> kCodes = {"ExpiredToken", "SecurityTokenExpired",
                                                      "InvalidSecurityToken", "InvalidToken"};
  return IsOneOf(answer.code, kCodes);
}

bool IsSkewed(const ServiceError& answer) { return answer.code == "RequestTimeTooSkewed"; }

}  // namespace stateferry::storage::s3
