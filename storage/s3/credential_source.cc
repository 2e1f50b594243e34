#include "storage/s3/credential_source.h"

#include <openssl/rand.h>
#include <unistd.h>

#include "base/file_io.h"
#include "base/hash.h"
#include "storage/s3/run_program.h"

extern char** environ;

namespace stateferry::storage::s3 {
namespace {

constexpr std::uint64_t kMaxFileBytes = 1 << 20;

Result<std::optional<Secret>> ReadFile(const std::string& path) {
  auto text = FileIo().ReadSmall(path, kMaxFileBytes);
  if (text) return std::optional<Secret>(*text);
  if (text.error().code() == ErrorCode::kNotFound) return std::optional<Secret>();
  return Error(ErrorCode::kPermission, text.error().message());
}

std::string Nonce() {
  std::array<std::uint8_t, 16> bytes;
  SF_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  return ToHex(std::as_bytes(std::span(bytes)));
}

class Chain final : public CredentialSource {
 public:
  explicit Chain(std::vector<std::unique_ptr<CredentialSource>> sources)
      : sources_(std::move(sources)) {}

  Result<std::optional<Credentials>> Fetch() override {
    if (chosen_ != nullptr) {
      auto again = chosen_->Fetch();
      if (!again || again->has_value()) return again;
    }
    for (const auto& source : sources_) {
      SF_TRY(auto found, source->Fetch());
      if (!found) continue;
      chosen_ = source.get();
      return found;
    }
    return std::optional<Credentials>();
  }

  std::string Describe() const override {
    if (chosen_ != nullptr) return chosen_->Describe();
    std::string all;
    for (const auto& source : sources_) all += (all.empty() ? "" : ", ") + source->Describe();
    return all;
  }

 private:
  std::vector<std::unique_ptr<CredentialSource>> sources_;
  CredentialSource* chosen_ = nullptr;
};

}  // namespace

std::string CredentialSurroundings::Variable(const std::string& name) const {
  const auto it = variables.find(name);
  return it == variables.end() ? std::string() : it->second;
}

bool CredentialSurroundings::IsTrue(const std::string& name) const {
  return LowerCase(Variable(name)) == "true";
}

CredentialSurroundings RealSurroundings(HttpCall http) {
  CredentialSurroundings real;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    real.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  real.home = real.Variable("HOME");
  while (real.home.ends_with('/')) real.home.pop_back();
  real.clock = &SystemClock();
  real.read_file = ReadFile;
  real.http = std::move(http);
  real.run = [](const std::vector<std::string>& command) {
    return RunProgram(command, {.timeout = std::chrono::seconds(60), .max_output_bytes = 1 << 20});
  };
  real.nonce = Nonce;
  return real;
}

std::unique_ptr<CredentialSource> MakeChain(
    std::vector<std::unique_ptr<CredentialSource>> sources) {
  return std::make_unique<Chain>(std::move(sources));
}

Result<Credentials> FetchForRole(CredentialSource& source, const std::string& role_arn) {
  SF_TRY(auto credentials, source.Fetch());
  if (!credentials) {
    return Error(ErrorCode::kPermission,
                 "assuming " + role_arn + ": " + source.Describe() + " gives no credentials");
  }
  return *std::move(credentials);
}

}  // namespace stateferry::storage::s3
