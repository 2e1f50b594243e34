#include "storage/s3/aws_sts.h"

#include "storage/s3/credential_answers.h"

namespace stateferry::storage::s3 {
namespace {

std::string RegionFor(const CredentialSurroundings& around, const AwsRole& role) {
  if (!role.region.empty()) return role.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (auto region = around.Variable(name); !region.empty()) return region;
  }
  return "us-east-1";
}

Result<HttpRequest> StsRequest(const CredentialSurroundings& around, const std::string& region) {
  HttpRequest request;
  if (const auto url = around.Variable("AWS_ENDPOINT_URL_STS"); !url.empty()) {
    auto from_url = RequestForUrl(url);
    if (!from_url) return std::move(from_url).error().WithContext("AWS_ENDPOINT_URL_STS");
    request = *std::move(from_url);
  } else {
    request.host = "sts." + region + ".amazonaws.com" + (region.starts_with("cn-") ? ".cn" : "");
  }
  request.method = "POST";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                     {"Accept", "application/xml"}};
  return request;
}

NameValues Fields(const char* action, const AwsRole& role) {
  NameValues fields = {
      {"Action", action},
      {"Version", "2011-06-15"},
      {"RoleArn", role.role_arn},
      {"RoleSessionName", role.session_name.empty() ? "stateferry" : role.session_name}};
  if (role.duration.count() > 0) {
    fields.emplace_back("DurationSeconds", std::to_string(role.duration.count()));
  }
  if (!role.external_id.empty()) fields.emplace_back("ExternalId", role.external_id);
  return fields;
}

Result<std::optional<Credentials>> Ask(const CredentialSurroundings& around, HttpRequest request,
                                       Secret body, const std::string& role_arn) {
  const std::string doing = "assuming " + role_arn;
  auto answer = around.http({.request = std::move(request),
                             .body = std::move(body),
                             .timeout = std::chrono::seconds(10)});
  if (!answer) return std::move(answer).error().WithContext(doing);
  if (auto good = CheckStatus(*answer, "STS"); !good) {
    return std::move(good).error().WithContext(doing);
  }
  auto credentials = ParseStsXml(answer->body);
  if (!credentials) return std::move(credentials).error().WithContext(doing);
  return std::optional<Credentials>(*std::move(credentials));
}

class AssumeRoleSource final : public CredentialSource {
 public:
  AssumeRoleSource(const CredentialSurroundings& around, AwsRole role,
                   std::unique_ptr<CredentialSource> base)
      : around_(around), role_(std::move(role)), base_(std::move(base)) {}

  Result<std::optional<Credentials>> Fetch() override {
    SF_TRY(const auto base, FetchForRole(*base_, role_.role_arn));
    const std::string region = RegionFor(around_, role_);
    SF_TRY(auto request, StsRequest(around_, region));
    Secret body = FormBody(Fields("AssumeRole", role_));
    const auto signer =
        MakeSigV4Signer({.region = region, .service = "sts", .payload_header = false});
    SF_TRY(signer->Sign(request, base, Payload::Sha256Of(AsBytes(body.Reveal())),
                        around_.clock->Now()));
    return Ask(around_, std::move(request), std::move(body), role_.role_arn);
  }
  std::string Describe() const override { return "role " + role_.role_arn; }

 private:
  const CredentialSurroundings& around_;
  const AwsRole role_;
  const std::unique_ptr<CredentialSource> base_;
};

class WebIdentitySource final : public CredentialSource {
 public:
  WebIdentitySource(const CredentialSurroundings& around, AwsRole role, std::string token_file)
      : around_(around), role_(std::move(role)), token_file_(std::move(token_file)) {}

  Result<std::optional<Credentials>> Fetch() override {
    if (token_file_.empty()) return std::optional<Credentials>();
    if (role_.role_arn.empty()) {
      return Error(ErrorCode::kPermission, "a web identity token file is set, but no role");
    }
    SF_TRY(const auto token, around_.read_file(token_file_));
    if (!token) return Error(ErrorCode::kPermission, "no web identity token in " + token_file_);
    SF_TRY(auto request, StsRequest(around_, RegionFor(around_, role_)));
    NameValues fields = Fields("AssumeRoleWithWebIdentity", role_);
    fields.emplace_back("WebIdentityToken", TrimmedToken(token->Reveal()));
    return Ask(around_, std::move(request), FormBody(fields), role_.role_arn);
  }
  std::string Describe() const override { return "web identity token file"; }

 private:
  const CredentialSurroundings& around_;
  const AwsRole role_;
  const std::string token_file_;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeAssumeRoleSource(const CredentialSurroundings& around,
                                                       AwsRole role,
                                                       std::unique_ptr<CredentialSource> base) {
  return std::make_unique<AssumeRoleSource>(around, std::move(role), std::move(base));
}

std::unique_ptr<CredentialSource> MakeWebIdentitySource(const CredentialSurroundings& around,
                                                        AwsRole role, std::string token_file) {
  return std::make_unique<WebIdentitySource>(around, std::move(role), std::move(token_file));
}

std::unique_ptr<CredentialSource> MakeWebIdentityFromEnvironment(
    const CredentialSurroundings& around) {
  return MakeWebIdentitySource(around,
                               {.role_arn = around.Variable("AWS_ROLE_ARN"),
                                .session_name = around.Variable("AWS_ROLE_SESSION_NAME")},
                               around.Variable("AWS_WEB_IDENTITY_TOKEN_FILE"));
}

}  // namespace stateferry::storage::s3
