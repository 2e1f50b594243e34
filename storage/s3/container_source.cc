#include "storage/s3/container_source.h"

#include <arpa/inet.h>

#include "storage/s3/credential_answers.h"

namespace stateferry::storage::s3 {
namespace {

constexpr const char* kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr const char* kToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
constexpr const char* kTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// Without port and brackets.
std::string PlainHost(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool MayBeAsked(const HttpRequest& request) {
  if (request.scheme == "https") return true;
  const std::string host = LowerCase(PlainHost(request.host));
  if (host == "localhost") return true;
  in_addr v4{};
  // Parsed, for "127.0.0.1.example.com" is anybody's name.
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    const std::uint32_t address = ntohl(v4.s_addr);
    return address >> 24 == 127 || address == 0xa9feaa02 || address == 0xa9feaa17;
  }
  in6_addr v6{};
  in6_addr eks{};
  SF_ASSERT(::inet_pton(AF_INET6, "fd00:ec2::23", &eks) == 1);
  if (::inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_ARE_ADDR_EQUAL(&v6, &eks);
}

class ContainerSource final : public CredentialSource {
 public:
  explicit ContainerSource(const CredentialSurroundings& around) : around_(around) {}

  Result<std::optional<Credentials>> Fetch() override {
    const std::string relative = around_.Variable(kRelative);
    const std::string full = around_.Variable(kFull);
    if (relative.empty() && full.empty()) return std::optional<Credentials>();
    const std::string url = relative.empty() ? full : "http://169.254.170.2" + relative;
    auto request = RequestForUrl(url);
    if (!request)
      return Error(ErrorCode::kPermission, std::string(kFull) + ": " + request.error().message());
    if (!MayBeAsked(*request)) {
      return Error(ErrorCode::kPermission,
                   std::string(kFull) + " leads to another machine over plain http");
    }
    request->headers.emplace_back("Accept", "application/json");
    SF_TRY(const auto token, Token());
    if (!token.empty()) request->headers.emplace_back("Authorization", token.Reveal());
    auto answer = around_.http(
        {.request = *std::move(request), .timeout = std::chrono::seconds(2), .bypass_proxy = true});
    if (!answer) return std::move(answer).error().WithContext(Describe());
    if (auto good = CheckStatus(*answer, Describe()); !good) return std::move(good).error();
    auto credentials = ParseCredentialsJson(answer->body, {});
    if (!credentials) return std::move(credentials).error().WithContext(Describe());
    return std::optional<Credentials>(*std::move(credentials));
  }
  std::string Describe() const override { return "the container's credentials service"; }

 private:
  /// Read anew each time: EKS replaces the file.
  Result<Secret> Token() const {
    const std::string file = around_.Variable(kTokenFile);
    if (file.empty()) return Secret(around_.Variable(kToken));
    SF_TRY(const auto token, around_.read_file(file));
    if (!token) return Error(ErrorCode::kPermission, "no token in " + file);
    return Secret(TrimmedToken(token->Reveal()));
  }

  const CredentialSurroundings& around_;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeContainerSource(const CredentialSurroundings& around) {
  return std::make_unique<ContainerSource>(around);
}

}  // namespace stateferry::storage::s3
