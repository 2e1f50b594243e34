#include "storage/s3/alibaba_sts.h"

#include <fmt/format.h>

#include "base/json.h"
#include "storage/s3/canonical.h"
#include "storage/s3/credential_answers.h"
#include "storage/s3/digest.h"
#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {
namespace {

std::string HostOf(const CredentialSurroundings& around, const AlibabaRole& role) {
  const std::string prefix =
      around.IsTrue("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED") ? "sts-vpc" : "sts";
  const std::string region =
      role.region.empty() ? around.Variable("ALIBABA_CLOUD_STS_REGION") : role.region;
  return region.empty() ? "sts.aliyuncs.com" : prefix + '.' + region + ".aliyuncs.com";
}

/// "2025-01-02T03:04:05Z"
std::string Timestamp(SystemTime now) {
  const std::string compact = CompactTime(now);  // 20250102T030405Z
  return fmt::format("{}-{}-{}:{}:{}", compact.substr(0, 4), compact.substr(4, 2),
                     compact.substr(6, 5), compact.substr(11, 2), compact.substr(13));
}

NameValues Fields(const CredentialSurroundings& around, const char* action,
                  const AlibabaRole& role) {
  NameValues fields = {
      {"Action", action},
      {"Format", "JSON"},
      {"Version", "2015-04-01"},
      {"Timestamp", Timestamp(around.clock->Now())},
      {"SignatureNonce", around.nonce()},
      {"RoleArn", role.role_arn},
      {"RoleSessionName", role.session_name.empty() ? "stateferry" : role.session_name},
      {"DurationSeconds", std::to_string(role.duration.count())}};
  if (!role.external_id.empty()) fields.emplace_back("ExternalId", role.external_id);
  if (!role.policy.empty()) fields.emplace_back("Policy", role.policy);
  return fields;
}

/// The parameters go in the body: tokens do not belong into a URL that proxies log.
Result<std::optional<Credentials>> Ask(const CredentialSurroundings& around,
                                       const AlibabaRole& role, const NameValues& fields) {
  const std::string doing = "assuming " + role.role_arn;
  HttpCallRequest call{.timeout = std::chrono::seconds(10)};
  call.request.method = "POST";
  call.request.host = HostOf(around, role);
  call.request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  call.body = FormBody(fields);
  auto answer = around.http(call);
  if (!answer) return std::move(answer).error().WithContext(doing);
  if (auto good = CheckStatus(*answer, "STS"); !good) {
    return std::move(good).error().WithContext(doing);
  }
  const auto json = ParseJson(answer->body.Reveal());
  if (!json || !json->is_object() || !json->contains("Credentials")) {
    return Error(ErrorCode::kPermission, doing + ": an answer without credentials");
  }
  auto credentials = ParseCredentialsJson(Secret(DumpJson((*json)["Credentials"])), kAlibabaFields);
  if (!credentials) return std::move(credentials).error().WithContext(doing);
  return std::optional<Credentials>(*std::move(credentials));
}

class RamRoleSource final : public CredentialSource {
 public:
  RamRoleSource(const CredentialSurroundings& around, AlibabaRole role,
                std::unique_ptr<CredentialSource> base)
      : around_(around), role_(std::move(role)), base_(std::move(base)) {}

  Result<std::optional<Credentials>> Fetch() override {
    SF_TRY(const auto base, FetchForRole(*base_, role_.role_arn));
    NameValues fields = Fields(around_, "AssumeRole", role_);
    fields.emplace_back("SignatureMethod", "HMAC-SHA1");
    fields.emplace_back("SignatureVersion", "1.0");
    fields.emplace_back("AccessKeyId", base.access_key_id);
    if (!base.session_token.empty()) {
      fields.emplace_back("SecurityToken", base.session_token.Reveal());
    }
    fields.emplace_back("Signature", AlibabaRpcSignature("POST", fields, base.secret_access_key));
    return Ask(around_, role_, fields);
  }
  std::string Describe() const override { return "role " + role_.role_arn; }

 private:
  const CredentialSurroundings& around_;
  const AlibabaRole role_;
  const std::unique_ptr<CredentialSource> base_;
};

class OidcSource final : public CredentialSource {
 public:
  OidcSource(const CredentialSurroundings& around, AlibabaRole role, std::string provider_arn,
             std::string token_file)
      : around_(around),
        role_(std::move(role)),
        provider_arn_(std::move(provider_arn)),
        token_file_(std::move(token_file)) {}

  Result<std::optional<Credentials>> Fetch() override {
    if (token_file_.empty()) return std::optional<Credentials>();
    if (role_.role_arn.empty() || provider_arn_.empty()) {
      return Error(ErrorCode::kPermission,
                   "an OIDC token file is set, but no role or no OIDC provider");
    }
    SF_TRY(const auto token, around_.read_file(token_file_));
    if (!token) return Error(ErrorCode::kPermission, "no OIDC token in " + token_file_);
    NameValues fields = Fields(around_, "AssumeRoleWithOIDC", role_);
    fields.emplace_back("OIDCProviderArn", provider_arn_);
    fields.emplace_back("OIDCToken", TrimmedToken(token->Reveal()));
    return Ask(around_, role_, fields);
  }
  std::string Describe() const override { return "OIDC token file"; }

 private:
  const CredentialSurroundings& around_;
  const AlibabaRole role_;
  const std::string provider_arn_;
  const std::string token_file_;
};

}  // namespace

std::string AlibabaRpcSignature(const std::string& method, const NameValues& parameters,
                                const Secret& key) {
  const std::string to_sign =
      method + "&%2F&" + EncodeQueryPart(CanonicalQuery(parameters, EmptyValue::kWithEquals));
  return Base64Encode(DigestBytes(HmacSha1(key.Reveal() + '&', to_sign)));
}

std::unique_ptr<CredentialSource> MakeRamRoleSource(const CredentialSurroundings& around,
                                                    AlibabaRole role,
                                                    std::unique_ptr<CredentialSource> base) {
  return std::make_unique<RamRoleSource>(around, std::move(role), std::move(base));
}

std::unique_ptr<CredentialSource> MakeOidcSource(const CredentialSurroundings& around,
                                                 AlibabaRole role, std::string provider_arn,
                                                 std::string token_file) {
  return std::make_unique<OidcSource>(around, std::move(role), std::move(provider_arn),
                                      std::move(token_file));
}

std::unique_ptr<CredentialSource> MakeOidcFromEnvironment(const CredentialSurroundings& around) {
  return MakeOidcSource(around,
                        {.role_arn = around.Variable("ALIBABA_CLOUD_ROLE_ARN"),
                         .session_name = around.Variable("ALIBABA_CLOUD_ROLE_SESSION_NAME")},
                        around.Variable("ALIBABA_CLOUD_OIDC_PROVIDER_ARN"),
                        around.Variable("ALIBABA_CLOUD_OIDC_TOKEN_FILE"));
}

}  // namespace stateferry::storage::s3
