#include "storage/s3/imds_source.h"

#include "storage/s3/credential_answers.h"

namespace stateferry::storage::s3 {
namespace {

/// How one cloud's metadata service is asked.
struct MetadataService {
  std::string described;
  std::string url;
  std::string token_path = "/latest/api/token";
  std::string ttl_header;
  std::string token_header;
  std::string roles_path;
  CredentialFields fields;
  bool allow_without_token;
};

constexpr const char* kTokenSeconds = "21600";

class MetadataSource final : public CredentialSource {
 public:
  MetadataSource(const CredentialSurroundings& around, MetadataService service, std::string role,
                 bool is_disabled)
      : around_(around),
        service_(std::move(service)),
        role_(std::move(role)),
        is_disabled_(is_disabled) {}

  Result<std::optional<Credentials>> Fetch() override {
    if (is_disabled_) return std::optional<Credentials>();
    auto token = Token();
    // Most machines are no instance: that is not an error, unless this one was.
    if (!token && !has_answered_) return std::optional<Credentials>();
    if (!token) return std::move(token).error().WithContext(service_.described);
    auto role = role_.empty() ? Get(service_.roles_path, *token) : Secret(role_);
    if (!role) {
      if (!has_answered_) return std::optional<Credentials>();
      return std::move(role).error().WithContext(service_.described);
    }
    // Several lines would be several roles: the first is the instance's.
    const std::string all = TrimmedToken(role->Reveal());
    const std::string name = TrimmedToken(all.substr(0, all.find('\n')));
    SF_TRY(const auto json, Get(service_.roles_path + name, *token));
    auto credentials = ParseCredentialsJson(json, service_.fields);
    if (!credentials) return std::move(credentials).error().WithContext(service_.described);
    has_answered_ = true;
    return std::optional<Credentials>(*std::move(credentials));
  }
  std::string Describe() const override { return service_.described; }

 private:
  Result<Secret> Token() const {
    SF_TRY(auto request, RequestForUrl(service_.url));
    request.method = "PUT";
    request.path = service_.token_path;
    request.headers = {{service_.ttl_header, kTokenSeconds}};
    auto token = Exchange(std::move(request));
    if (!token && service_.allow_without_token) return Secret();
    return token;
  }

  Result<Secret> Get(const std::string& path, const Secret& token) const {
    SF_TRY(auto request, RequestForUrl(service_.url));
    request.path = path;
    if (!token.empty()) request.headers = {{service_.token_header, TrimmedToken(token.Reveal())}};
    return Exchange(std::move(request));
  }

  Result<Secret> Exchange(HttpRequest request) const {
    SF_TRY(auto answer, around_.http({.request = std::move(request),
                                      .timeout = std::chrono::seconds(1),
                                      .bypass_proxy = true}));
    SF_TRY(CheckStatus(answer, service_.described));
    return std::move(answer.body);
  }

  const CredentialSurroundings& around_;
  const MetadataService service_;
  const std::string role_;
  const bool is_disabled_;
  bool has_answered_ = false;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeImdsSource(const CredentialSurroundings& around) {
  const std::string endpoint = around.Variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  MetadataService service{
      .described = "the metadata service of EC2",
      .url = endpoint.empty() ? "http://169.254.169.254" : endpoint,
      .ttl_header = "X-aws-ec2-metadata-token-ttl-seconds",
      .token_header = "X-aws-ec2-metadata-token",
      .roles_path = "/latest/meta-data/iam/security-credentials/",
      .fields = {},
      .allow_without_token = false,
  };
  return std::make_unique<MetadataSource>(around, std::move(service), "",
                                          around.IsTrue("AWS_EC2_METADATA_DISABLED"));
}

std::unique_ptr<CredentialSource> MakeEcsRoleSource(const CredentialSurroundings& around,
                                                    std::string role) {
  if (role.empty()) role = around.Variable("ALIBABA_CLOUD_ECS_METADATA");
  MetadataService service{
      .described = "the metadata service of ECS",
      .url = "http://100.100.100.200",
      .ttl_header = "X-aliyun-ecs-metadata-token-ttl-seconds",
      .token_header = "X-aliyun-ecs-metadata-token",
      .roles_path = "/latest/meta-data/ram/security-credentials/",
      .fields = kAlibabaFields,
      .allow_without_token = !around.IsTrue("ALIBABA_CLOUD_IMDSV1_DISABLED"),
  };
  return std::make_unique<MetadataSource>(around, std::move(service), std::move(role),
                                          around.IsTrue("ALIBABA_CLOUD_ECS_METADATA_DISABLED"));
}

}  // namespace stateferry::storage::s3
