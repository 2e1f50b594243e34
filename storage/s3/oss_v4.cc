#include "storage/s3/oss_v4.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "storage/s3/canonical.h"
#include "storage/s3/digest.h"
#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {
namespace {

constexpr std::string_view kOssAlgorithm = "OSS4-HMAC-SHA256";
constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";

bool IsAlwaysSigned(std::string_view name) {
  return name.starts_with("x-oss-") || name == "content-type" || name == "content-md5";
}

/// What Presign adds; an earlier one is replaced.
bool IsOssSignature(std::string_view name) {
  return name == "x-oss-signature-version" || name == "x-oss-date" || name == "x-oss-expires" ||
         name == "x-oss-credential" || name == "x-oss-security-token" ||
         name == "x-oss-additional-headers" || name == "x-oss-signature";
}

}  // namespace

std::vector<std::string> OssAdditionalHeaders(const HttpRequest& request,
                                              const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const std::string& name : wanted) {
    std::string lower = LowerCase(name);
    if (IsAlwaysSigned(lower)) continue;
    // The official SDKs take an empty one for absent.
    const bool is_there = !FindHeader(request.headers, lower).value_or("").empty();
    if (lower == "host" || is_there) names.push_back(std::move(lower));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string OssV4CanonicalRequest(const HttpRequest& request,
                                  const std::vector<std::string>& additional_headers) {
  std::string lines;
  for (const auto& [name, value] : CanonicalHeaders(request, InnerBlanks::kKeep)) {
    if (IsAlwaysSigned(name) || std::find(additional_headers.begin(), additional_headers.end(),
                                          name) != additional_headers.end()) {
      lines += name + ':' + value + '\n';
    }
  }
  const std::string& resource = request.resource.empty() ? request.path : request.resource;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, EncodePath(resource),
                     CanonicalQuery(request.query, EmptyValue::kBareName), lines,
                     fmt::join(additional_headers, ";"), kUnsigned);
}

Result<void> OssV4Signer::Check(const HttpRequest& request, const Credentials& credentials) const {
  SF_TRY(CheckUsable(credentials));
  SF_TRY(CheckSendable(request));
  if (!options_.region.empty() && !options_.product.empty()) return {};
  return Error(ErrorCode::kInvalidArgument, "signing for OSS needs a region");
}

SigningScope OssV4Signer::ScopeAt(const std::string& time) const {
  return {"aliyun_v4", time.substr(0, 8), options_.region, options_.product, "aliyun_v4_request"};
}

std::string OssV4Signer::SignatureOf(const HttpRequest& request,
                                     const std::vector<std::string>& additional,
                                     const Credentials& credentials,
                                     const std::string& time) const {
  const SigningScope scope = ScopeAt(time);
  const std::string canonical = OssV4CanonicalRequest(request, additional);
  const std::string to_sign = fmt::format("{}\n{}\n{}\n{}", kOssAlgorithm, time, scope.ToString(),
                                          ToHex(DigestBytes(Sha256(AsBytes(canonical)))));
  const Secret key = keys_.Get(scope, credentials.secret_access_key);
  return ToHex(DigestBytes(HmacSha256(key.Reveal(), to_sign)));
}

Result<void> OssV4Signer::Sign(HttpRequest& request, const Credentials& credentials,
                               const Payload& payload, SystemTime now) const {
  if (payload.kind != Payload::Kind::kUnsigned) {
    return Error(ErrorCode::kInvalidArgument, "OSS V4 does not sign bodies");
  }
  auto& headers = request.headers;
  for (const std::string_view name :
       {"Authorization", "x-oss-date", "x-oss-content-sha256", "x-oss-security-token"}) {
    RemoveHeader(headers, name);
  }
  SF_TRY(Check(request, credentials));
  const std::string time = CompactTime(now);
  headers.emplace_back("x-oss-date", time);
  headers.emplace_back("x-oss-content-sha256", kUnsigned);
  if (!credentials.session_token.empty()) {
    headers.emplace_back("x-oss-security-token", credentials.session_token.Reveal());
    SF_TRY(CheckSendable(request));
  }
  const auto additional = OssAdditionalHeaders(request, options_.additional_headers);
  const std::string signature = SignatureOf(request, additional, credentials, time);
  // An empty AdditionalHeaders field is an error to OSS (0002-00000209).
  headers.emplace_back(
      "Authorization",
      fmt::format("{} Credential={}/{}{}{},Signature={}", kOssAlgorithm, credentials.access_key_id,
                  ScopeAt(time).ToString(), additional.empty() ? "" : ",AdditionalHeaders=",
                  fmt::join(additional, ";"), signature));
  return {};
}

Result<std::string> OssV4Signer::Presign(const HttpRequest& request, const Credentials& credentials,
                                         std::chrono::seconds valid_for, SystemTime now) const {
  SF_TRY(CheckValidFor(valid_for));
  HttpRequest presigned = request;
  for (const std::string_view name :
       {"Authorization", "x-oss-date", "x-oss-content-sha256", "x-oss-security-token"}) {
    RemoveHeader(presigned.headers, name);
  }
  SF_TRY(Check(presigned, credentials));
  const std::string time = CompactTime(now);
  const auto additional = OssAdditionalHeaders(presigned, options_.additional_headers);
  auto& query = presigned.query;
  std::erase_if(query, [](const auto& parameter) { return IsOssSignature(parameter.first); });
  query.emplace_back("x-oss-signature-version", kOssAlgorithm);
  query.emplace_back("x-oss-date", time);
  query.emplace_back("x-oss-expires", std::to_string(valid_for.count()));
  query.emplace_back("x-oss-credential",
                     credentials.access_key_id + '/' + ScopeAt(time).ToString());
  if (!credentials.session_token.empty()) {
    query.emplace_back("x-oss-security-token", credentials.session_token.Reveal());
  }
  if (!additional.empty()) {
    query.emplace_back("x-oss-additional-headers", fmt::format("{}", fmt::join(additional, ";")));
  }
  query.emplace_back("x-oss-signature", SignatureOf(presigned, additional, credentials, time));
  return Url(presigned);
}

std::unique_ptr<Signer> MakeOssV4Signer(OssV4Options options) {
  return std::make_unique<OssV4Signer>(std::move(options));
}

}  // namespace stateferry::storage::s3
