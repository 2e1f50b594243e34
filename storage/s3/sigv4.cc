#include "storage/s3/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "storage/s3/canonical.h"
#include "storage/s3/digest.h"
#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {
namespace {

constexpr std::string_view kAwsAlgorithm = "AWS4-HMAC-SHA256";

/// Not signed, for something between us and the service may rewrite them.  Sorted.
constexpr std::array<std::string_view, 14> kNeverSigned = {
    "accept-encoding", "authorization",    "connection", "expect",         "forwarded",
    "keep-alive",      "proxy-connection", "te",         "trailer",        "transfer-encoding",
    "upgrade",         "user-agent",       "via",        "x-amzn-trace-id"};

constexpr std::array<std::string_view, 4> kSignedByUs = {"Authorization", "X-Amz-Content-Sha256",
                                                         "X-Amz-Date", "X-Amz-Security-Token"};

/// What Presign adds; an earlier one is replaced.
bool IsAwsSignature(std::string_view name) {
  const std::string lower = LowerCase(name);
  return lower == "x-amz-algorithm" || lower == "x-amz-credential" || lower == "x-amz-date" ||
         lower == "x-amz-expires" || lower == "x-amz-signedheaders" ||
         lower == "x-amz-security-token" || lower == "x-amz-signature";
}

std::string StringToSign(const std::string& time, const std::string& scope,
                         const std::string& canonical_request) {
  return fmt::format("{}\n{}\n{}\n{}", kAwsAlgorithm, time, scope,
                     ToHex(DigestBytes(Sha256(AsBytes(canonical_request)))));
}

std::string Joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out.append(out.empty() ? "" : ";").append(name);
  return out;
}

std::string SignatureOf(const Secret& key, const std::string& string_to_sign) {
  return ToHex(DigestBytes(HmacSha256(key.Reveal(), string_to_sign)));
}

}  // namespace

std::vector<std::string> SigV4SignedHeaders(const HttpRequest& request) {
  std::vector<std::string> names = {"host"};
  for (const auto& header : request.headers) {
    std::string name = LowerCase(header.first);
    if (!std::binary_search(kNeverSigned.begin(), kNeverSigned.end(), name)) {
      names.push_back(std::move(name));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string SigV4CanonicalRequest(const HttpRequest& request,
                                  const std::vector<std::string>& signed_headers,
                                  std::string_view payload_hash) {
  const auto headers = CanonicalHeaders(request, InnerBlanks::kCollapse);
  std::string out;
  out.reserve(1024);  // of an ordinary request
  out.append(request.method).append("\n").append(EncodePath(request.path)).append("\n");
  out.append(CanonicalQuery(request.query, EmptyValue::kWithEquals)).append("\n");
  for (const std::string& name : signed_headers) {
    const auto header = std::find_if(headers.begin(), headers.end(),
                                     [&](const auto& known) { return known.first == name; });
    out.append(name).append(":");
    if (header != headers.end()) out.append(header->second);
    out.append("\n");
  }
  out.append("\n").append(Joined(signed_headers)).append("\n").append(payload_hash);
  return out;
}

Result<void> SigV4Signer::Check(const HttpRequest& request, const Credentials& credentials) const {
  SF_TRY(CheckUsable(credentials));
  SF_TRY(CheckSendable(request));
  if (!options_.region.empty() && !options_.service.empty()) return {};
  return Error(ErrorCode::kInvalidArgument, "signing needs a region");
}

SigningScope SigV4Signer::ScopeAt(const std::string& time) const {
  return {"AWS4", time.substr(0, 8), options_.region, options_.service, "aws4_request"};
}

Result<ChunkSigner::Seed> SigV4Signer::SignHeaders(HttpRequest& request,
                                                   const Credentials& credentials,
                                                   const Payload& payload, SystemTime now) const {
  for (const std::string_view name : kSignedByUs) RemoveHeader(request.headers, name);
  SF_TRY(Check(request, credentials));
  const std::string time = CompactTime(now);
  request.headers.emplace_back("X-Amz-Date", time);
  if (options_.payload_header) {
    request.headers.emplace_back("X-Amz-Content-Sha256", payload.HeaderValue());
  }
  if (!credentials.session_token.empty()) {
    request.headers.emplace_back("X-Amz-Security-Token", credentials.session_token.Reveal());
    SF_TRY(CheckSendable(request));
  }

  const SigningScope scope = ScopeAt(time);
  std::string scope_text = scope.ToString();
  const auto names = SigV4SignedHeaders(request);
  const std::string canonical = SigV4CanonicalRequest(request, names, payload.HeaderValue());
  Secret key = keys_.Get(scope, credentials.secret_access_key);
  std::string signature = SignatureOf(key, StringToSign(time, scope_text, canonical));
  request.headers.emplace_back(
      "Authorization",
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAwsAlgorithm,
                  credentials.access_key_id, scope_text, Joined(names), signature));
  return ChunkSigner::Seed{std::move(key), time, std::move(scope_text), std::move(signature)};
}

Result<void> SigV4Signer::Sign(HttpRequest& request, const Credentials& credentials,
                               const Payload& payload, SystemTime now) const {
  if (payload.kind == Payload::Kind::kStreamingSigned ||
      payload.kind == Payload::Kind::kStreamingSignedTrailer) {
    return Error(ErrorCode::kInvalidArgument, "signed chunks need SignChunked");
  }
  SF_TRY(SignHeaders(request, credentials, payload, now));
  return {};
}

Result<ChunkSigner> SigV4Signer::SignChunked(HttpRequest& request, const Credentials& credentials,
                                             Payload::Kind kind, SystemTime now) const {
  if (kind != Payload::Kind::kStreamingSigned && kind != Payload::Kind::kStreamingSignedTrailer) {
    return Error(ErrorCode::kInvalidArgument, "SignChunked is for signed chunks only");
  }
  SF_TRY(auto seed, SignHeaders(request, credentials, Payload{kind, {}}, now));
  return ChunkSigner(std::move(seed));
}

Result<std::string> SigV4Signer::Presign(const HttpRequest& request, const Credentials& credentials,
                                         std::chrono::seconds valid_for, SystemTime now) const {
  SF_TRY(CheckValidFor(valid_for));
  HttpRequest presigned = request;
  for (const std::string_view name : kSignedByUs) RemoveHeader(presigned.headers, name);
  SF_TRY(Check(presigned, credentials));

  const std::string time = CompactTime(now);
  const SigningScope scope = ScopeAt(time);
  const std::string scope_text = scope.ToString();
  const auto names = SigV4SignedHeaders(presigned);
  auto& query = presigned.query;
  std::erase_if(query, [](const auto& parameter) { return IsAwsSignature(parameter.first); });
  query.emplace_back("X-Amz-Algorithm", kAwsAlgorithm);
  query.emplace_back("X-Amz-Credential", credentials.access_key_id + '/' + scope_text);
  query.emplace_back("X-Amz-Date", time);
  query.emplace_back("X-Amz-Expires", std::to_string(valid_for.count()));
  query.emplace_back("X-Amz-SignedHeaders", Joined(names));
  if (!credentials.session_token.empty()) {
    query.emplace_back("X-Amz-Security-Token", credentials.session_token.Reveal());
  }
  const std::string canonical =
      SigV4CanonicalRequest(presigned, names, Payload::Unsigned().HeaderValue());
  const Secret key = keys_.Get(scope, credentials.secret_access_key);
  query.emplace_back("X-Amz-Signature",
                     SignatureOf(key, StringToSign(time, scope_text, canonical)));
  return Url(presigned);
}

std::unique_ptr<Signer> MakeSigV4Signer(SigV4Options options) {
  return std::make_unique<SigV4Signer>(std::move(options));
}

}  // namespace stateferry::storage::s3
