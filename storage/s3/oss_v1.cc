// OSS signature V1: HMAC-SHA1 over a few headers and the sub-resources of the query.  The list of
// sub-resources is that of the official SDKs (Python 2.x and Go 2.x).

#include <algorithm>
#include <array>
#include <map>

#include "storage/s3/canonical.h"
#include "storage/s3/digest.h"
#include "storage/s3/signer.h"

namespace stateferry::storage::s3 {
namespace {

constexpr auto kSubResources = std::to_array<std::string_view>({"acl",
                                                                "append",
                                                                "asyncFetch",
                                                                "bucketInfo",
                                                                "callback",
                                                                "callback-var",
                                                                "cloudboxes",
                                                                "cname",
                                                                "comp",
                                                                "continuation-token",
                                                                "cors",
                                                                "delete",
                                                                "encryption",
                                                                "endTime",
                                                                "group",
                                                                "inventory",
                                                                "inventoryId",
                                                                "lifecycle",
                                                                "link",
                                                                "live",
                                                                "location",
                                                                "logging",
                                                                "metaQuery",
                                                                "objectInfo",
                                                                "objectMeta",
                                                                "partNumber",
                                                                "policy",
                                                                "position",
                                                                "qos",
                                                                "qosInfo",
                                                                "referer",
                                                                "regionList",
                                                                "replication",
                                                                "replicationLocation",
                                                                "replicationProgress",
                                                                "requestPayment",
                                                                "resourceGroup",
                                                                "response-cache-control",
                                                                "response-content-disposition",
                                                                "response-content-encoding",
                                                                "response-content-language",
                                                                "response-content-type",
                                                                "response-expires",
                                                                "restore",
                                                                "security-token",
                                                                "sequential",
                                                                "startTime",
                                                                "stat",
                                                                "status",
                                                                "symlink",
                                                                "tagging",
                                                                "transferAcceleration",
                                                                "uploadId",
                                                                "uploads",
                                                                "versionId",
                                                                "versioning",
                                                                "versions",
                                                                "vod",
                                                                "website",
                                                                "worm",
                                                                "wormExtend",
                                                                "wormId"});
static_assert(std::is_sorted(kSubResources.begin(), kSubResources.end()));

bool IsSubResource(std::string_view name) {
  return name.starts_with("x-oss-") ||
         std::binary_search(kSubResources.begin(), kSubResources.end(), name);
}

/// `date`: the Date header, or the time of expiry in a presigned URL.
std::string StringToSign(const HttpRequest& request, const std::string& date) {
  const auto headers = CanonicalHeaders(request, InnerBlanks::kKeep);
  const auto value = [&](const char* name) { return FindHeader(headers, name).value_or(""); };
  std::string out = request.method + '\n' + value("content-md5") + '\n' + value("content-type") +
                    '\n' + date + '\n';
  for (const auto& [name, text] : headers) {
    if (name.starts_with("x-oss-")) out += name + ':' + text + '\n';
  }
  out += request.resource.empty() ? request.path : request.resource;
  std::map<std::string, std::string> parameters;
  for (const auto& [name, text] : request.query) {
    if (IsSubResource(name)) parameters.emplace(name, text);
  }
  char separator = '?';
  for (const auto& [name, text] : parameters) {
    out += separator + name;
    if (!text.empty()) out += '=' + text;
    separator = '&';
  }
  return out;
}

std::string SignatureOf(const Credentials& credentials, const std::string& string_to_sign) {
  return Base64Encode(
      DigestBytes(HmacSha1(credentials.secret_access_key.Reveal(), string_to_sign)));
}

class OssV1Signer final : public Signer {
 public:
  Result<void> Sign(HttpRequest& request, const Credentials& credentials, const Payload& payload,
                    SystemTime now) const override {
    if (payload.kind != Payload::Kind::kUnsigned) {
      return Error(ErrorCode::kInvalidArgument, "OSS V1 does not sign bodies");
    }
    SF_TRY(CheckUsable(credentials));
    auto& headers = request.headers;
    for (const std::string_view name :
         {"Authorization", "Date", "x-oss-date", "x-oss-security-token"}) {
      RemoveHeader(headers, name);
    }
    headers.emplace_back("Date", HttpTime(now));
    if (!credentials.session_token.empty()) {
      headers.emplace_back("x-oss-security-token", credentials.session_token.Reveal());
    }
    SF_TRY(CheckSendable(request));
    const std::string signature = SignatureOf(credentials, StringToSign(request, HttpTime(now)));
    headers.emplace_back("Authorization", "OSS " + credentials.access_key_id + ':' + signature);
    return {};
  }

  Result<std::string> Presign(const HttpRequest& request, const Credentials& credentials,
                              std::chrono::seconds valid_for, SystemTime now) const override {
    SF_TRY(CheckValidFor(valid_for));
    SF_TRY(CheckUsable(credentials));
    SF_TRY(CheckSendable(request));
    HttpRequest presigned = request;
    auto& query = presigned.query;
    std::erase_if(query, [](const auto& parameter) {
      return parameter.first == "OSSAccessKeyId" || parameter.first == "Expires" ||
             parameter.first == "Signature" || parameter.first == "security-token";
    });
    if (!credentials.session_token.empty()) {
      query.emplace_back("security-token", credentials.session_token.Reveal());
    }
    const std::string expires =
        std::to_string(std::chrono::system_clock::to_time_t(now + valid_for));
    const std::string signature = SignatureOf(credentials, StringToSign(presigned, expires));
    query.emplace_back("OSSAccessKeyId", credentials.access_key_id);
    query.emplace_back("Expires", expires);
    query.emplace_back("Signature", signature);
    return Url(presigned);
  }
};

}  // namespace

std::unique_ptr<Signer> MakeOssV1Signer() { return std::make_unique<OssV1Signer>(); }

}  // namespace stateferry::storage::s3
