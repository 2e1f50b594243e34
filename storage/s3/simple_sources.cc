#include "storage/s3/simple_sources.h"

#include "base/json.h"
#include "storage/s3/credential_answers.h"
#include "storage/s3/run_program.h"

namespace stateferry::storage::s3 {
namespace {

class StaticSource final : public CredentialSource {
 public:
  StaticSource(Credentials credentials, std::string described)
      : credentials_(std::move(credentials)), described_(std::move(described)) {}

  Result<std::optional<Credentials>> Fetch() override {
    return std::optional<Credentials>(credentials_);
  }
  std::string Describe() const override { return described_; }

 private:
  const Credentials credentials_;
  const std::string described_;
};

class PlaceKeysSource final : public CredentialSource {
 public:
  PlaceKeysSource(const CredentialSurroundings& around, PlaceKeys keys, std::string described)
      : around_(around), keys_(std::move(keys)), described_(std::move(described)) {}

  Result<std::optional<Credentials>> Fetch() override {
    Credentials credentials;
    SF_TRY(const Secret id, Read(keys_.id, "access-key-id"));
    credentials.access_key_id = id.Reveal();
    SF_TRY(credentials.secret_access_key, Read(keys_.secret, "secret-access-key"));
    if (keys_.token.IsSet()) {
      SF_TRY(credentials.session_token, Read(keys_.token, "session-token"));
    }
    return std::optional<Credentials>(std::move(credentials));
  }
  std::string Describe() const override { return described_; }

 private:
  Error Missing(std::string_view name, const std::string& why) const {
    return {ErrorCode::kPermission, described_ + ": " + std::string(name) + why};
  }

  Result<Secret> Read(const KeyText& key, std::string_view name) const {
    if (!key.variable.empty()) {
      Secret text(around_.Variable(key.variable));
      if (text.empty()) return Missing(name, "-variable is " + key.variable + ", which is not set");
      return text;
    }
    if (key.file.empty()) return key.text;
    auto content = around_.read_file(key.file);
    if (!content) return std::move(content).error().WithContext(described_);
    if (!content->has_value())
      return Missing(name, "-file is " + key.file + ", which is not there");
    // Editors and `echo` end it with a newline.
    const std::string_view text = (*content)->Reveal();
    Secret line(text.substr(0, text.find_first_of("\r\n")));
    if (line.empty()) return Missing(name, "-file is " + key.file + ", which is empty");
    return line;
  }

  const CredentialSurroundings& around_;
  const PlaceKeys keys_;
  const std::string described_;
};

class EnvironmentSource final : public CredentialSource {
 public:
  EnvironmentSource(const CredentialSurroundings& around, KeyVariables names)
      : around_(around), names_(std::move(names)) {}

  Result<std::optional<Credentials>> Fetch() override {
    Credentials credentials;
    credentials.access_key_id = around_.Variable(names_.id);
    if (credentials.access_key_id.empty()) return std::optional<Credentials>();
    credentials.secret_access_key = Secret(around_.Variable(names_.secret));
    credentials.session_token = Secret(around_.Variable(names_.token));
    if (credentials.secret_access_key.empty()) {
      return Error(ErrorCode::kPermission, names_.id + " is set, " + names_.secret + " is not");
    }
    return std::optional<Credentials>(std::move(credentials));
  }
  std::string Describe() const override { return "environment variable " + names_.id; }

 private:
  const CredentialSurroundings& around_;
  const KeyVariables names_;
};

class ProcessSource final : public CredentialSource {
 public:
  ProcessSource(const CredentialSurroundings& around, std::string command_line)
      : around_(around), command_line_(std::move(command_line)) {}

  Result<std::optional<Credentials>> Fetch() override {
    SF_TRY(const auto command, SplitCommand(command_line_));
    SF_TRY(const auto text, around_.run(command));
    const auto json = ParseJson(text.Reveal());
    if (!json || JsonUint(*json, "Version") != 1U) {
      return Error(ErrorCode::kPermission, "credential_process must print JSON of version 1");
    }
    auto credentials = ParseCredentialsJson(text, {.token = "SessionToken"});
    if (!credentials) return std::move(credentials).error().WithContext("credential_process");
    return std::optional<Credentials>(*std::move(credentials));
  }
  std::string Describe() const override { return "credential_process"; }

 private:
  const CredentialSurroundings& around_;
  const std::string command_line_;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeStaticSource(Credentials credentials, std::string described) {
  return std::make_unique<StaticSource>(std::move(credentials), std::move(described));
}

std::unique_ptr<CredentialSource> MakePlaceKeysSource(const CredentialSurroundings& around,
                                                      PlaceKeys keys, std::string described) {
  return std::make_unique<PlaceKeysSource>(around, std::move(keys), std::move(described));
}

std::unique_ptr<CredentialSource> MakeEnvironmentSource(const CredentialSurroundings& around,
                                                        const KeyVariables& variables) {
  return std::make_unique<EnvironmentSource>(around, variables);
}

std::unique_ptr<CredentialSource> MakeProcessSource(const CredentialSurroundings& around,
                                                    std::string command_line) {
  return std::make_unique<ProcessSource>(around, std::move(command_line));
}

}  // namespace stateferry::storage::s3
