#include "storage/s3/aws_profile.h"

#include <algorithm>
#include <charconv>

#include "storage/s3/aws_sts.h"
#include "storage/s3/container_source.h"
#include "storage/s3/imds_source.h"
#include "storage/s3/ini_file.h"
#include "storage/s3/simple_sources.h"

namespace stateferry::storage::s3 {
namespace {

Error WrongProfile(const std::string& profile, const std::string& what) {
  return Error(ErrorCode::kPermission, "AWS profile " + profile + ": " + what);
}

std::string PathOf(const CredentialSurroundings& around, const char* variable,
                   const std::string& below_home) {
  std::string path = around.Variable(variable);
  if (path.starts_with("~/")) return around.home + path.substr(1);
  return path.empty() ? around.home + below_home : path;
}

Result<IniFile> ReadAwsIni(const CredentialSurroundings& around, const std::string& path) {
  SF_TRY(const auto text, around.read_file(path));
  if (!text) return IniFile();
  auto file = IniFile::Parse(text->Reveal(), IniNames::kAws);
  if (!file) return Error(ErrorCode::kPermission, path + ": " + file.error().message());
  return file;
}

/// One profile as both files together have it; keys in the credentials file win.
class AwsFiles {
 public:
  static Result<AwsFiles> Read(const CredentialSurroundings& around) {
    AwsFiles files;
    SF_TRY(files.config_, ReadAwsIni(around, PathOf(around, "AWS_CONFIG_FILE", "/.aws/config")));
    SF_TRY(files.keys_,
           ReadAwsIni(around, PathOf(around, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials")));
    return files;
  }

  bool Has(const std::string& profile) const {
    return keys_.Find(profile) != nullptr || config_.FindProfile(profile) != nullptr;
  }
  std::string Text(const std::string& profile, const std::string& key) const {
    const IniSection* section = keys_.Find(profile);
    if (section == nullptr || !section->Has(key)) section = config_.FindProfile(profile);
    return section == nullptr ? std::string() : section->Text(key);
  }
  /// The keys in one of the files.
  std::optional<Credentials> Keys(const std::string& profile, bool in_config) const {
    const IniSection* section = in_config ? config_.FindProfile(profile) : keys_.Find(profile);
    if (section == nullptr || !section->Has("aws_access_key_id")) return std::nullopt;
    Credentials credentials;
    credentials.access_key_id = section->Text("aws_access_key_id");
    credentials.secret_access_key = section->Find("aws_secret_access_key").value_or(Secret());
    credentials.session_token = section->Find("aws_session_token").value_or(Secret());
    return credentials;
  }
  const IniSection* Services(const std::string& name) const {
    return config_.Find("services " + name);
  }

 private:
  IniFile config_;
  IniFile keys_;
};

/// From a profile to a source, through the profiles that it builds on.
class ProfileResolver {
 public:
  ProfileResolver(const CredentialSurroundings& around, const AwsFiles& files)
      : around_(around), files_(files) {}

  using Found = Result<std::unique_ptr<CredentialSource>>;

  /// Null when the profile has nothing of that kind.
  Found Resolve(const std::string& profile, ProfilePart part) {
    if (part == ProfilePart::kKeys) return Keys(profile);
    if (files_.Text(profile, "role_arn").empty()) return std::unique_ptr<CredentialSource>();
    return Role(profile);
  }

 private:
  Found Keys(const std::string& profile) const {
    const std::string described = "AWS profile " + profile;
    for (const bool in_config : {false, true}) {
      const std::string command = files_.Text(profile, "credential_process");
      // botocore's order: the credentials file, a process, the config file.
      if (in_config && !command.empty()) return MakeProcessSource(around_, command);
      auto keys = files_.Keys(profile, in_config);
      if (!keys) continue;
      if (keys->access_key_id.empty() || keys->secret_access_key.empty()) {
        return WrongProfile(profile, "a key id without its secret, or the other way round");
      }
      return MakeStaticSource(*std::move(keys), described);
    }
    if (!files_.Text(profile, "sso_session").empty() ||
        !files_.Text(profile, "sso_start_url").empty()) {
      return WrongProfile(profile, "single sign-on is not supported")
          .WithHint("set credential_process = aws configure export-credentials --profile " +
                    profile);
    }
    return std::unique_ptr<CredentialSource>();
  }

  Found Role(const std::string& profile) {
    if (std::find(visited_.begin(), visited_.end(), profile) != visited_.end()) {
      return WrongProfile(profile, "its source_profile leads back to it");
    }
    visited_.push_back(profile);
    AwsRole role{.role_arn = files_.Text(profile, "role_arn"),
                 .session_name = files_.Text(profile, "role_session_name"),
                 .external_id = files_.Text(profile, "external_id"),
                 .region = files_.Text(profile, "region")};
    const std::string seconds = files_.Text(profile, "duration_seconds");
    if (!seconds.empty()) {
      int value = 0;
      const auto [end, error] =
          std::from_chars(seconds.data(), seconds.data() + seconds.size(), value);
      if (error != std::errc() || end != seconds.data() + seconds.size() || value < 900) {
        return WrongProfile(profile, "duration_seconds must be a number, at least 900");
      }
      role.duration = std::chrono::seconds(value);
    }
    if (!files_.Text(profile, "mfa_serial").empty()) {
      return WrongProfile(profile, "a role that wants an MFA code cannot be refreshed unattended");
    }
    const std::string token_file = files_.Text(profile, "web_identity_token_file");
    if (!token_file.empty()) return MakeWebIdentitySource(around_, std::move(role), token_file);
    SF_TRY(auto base, Base(profile));
    return MakeAssumeRoleSource(around_, std::move(role), std::move(base));
  }

  /// What the role is assumed with.
  Found Base(const std::string& profile) {
    const std::string source_profile = files_.Text(profile, "source_profile");
    const std::string from = files_.Text(profile, "credential_source");
    if (source_profile.empty() == from.empty()) {
      return WrongProfile(profile, "role_arn needs either source_profile or credential_source");
    }
    if (from == "Environment") return MakeEnvironmentSource(around_, kAwsVariables);
    if (from == "EcsContainer") return MakeContainerSource(around_);
    if (from == "Ec2InstanceMetadata") return MakeImdsSource(around_);
    if (!from.empty()) return WrongProfile(profile, "an unknown credential_source");

    if (!files_.Has(source_profile)) {
      return WrongProfile(profile, "no profile " + source_profile + ", its source_profile");
    }
    // A profile may be its own source: then its keys are meant.
    if (source_profile != profile) {
      SF_TRY(auto role, Resolve(source_profile, ProfilePart::kRoles));
      if (role) return role;
    }
    SF_TRY(auto keys, Keys(source_profile));
    if (!keys)
      return WrongProfile(source_profile, "no keys, although " + profile + " builds on it");
    return keys;
  }

  const CredentialSurroundings& around_;
  const AwsFiles& files_;
  std::vector<std::string> visited_;
};

struct ProfileName {
  std::string name;
  bool was_named;
};

ProfileName NameOf(const CredentialSurroundings& around, const std::string& profile) {
  if (!profile.empty()) return {profile, true};
  for (const char* variable : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (auto name = around.Variable(variable); !name.empty()) return {name, true};
  }
  return {"default", false};
}

class AwsProfileSource final : public CredentialSource {
 public:
  AwsProfileSource(const CredentialSurroundings& around, const std::string& profile,
                   ProfilePart part)
      : around_(around), profile_(NameOf(around, profile)), part_(part) {}

  Result<std::optional<Credentials>> Fetch() override {
    SF_TRY(const auto files, AwsFiles::Read(around_));
    if (!files.Has(profile_.name)) {
      if (!profile_.was_named) return std::optional<Credentials>();
      return WrongProfile(profile_.name,
                          "it is neither in ~/.aws/config nor in ~/.aws/credentials");
    }
    SF_TRY(const auto source, ProfileResolver(around_, files).Resolve(profile_.name, part_));
    if (!source) return std::optional<Credentials>();
    auto found = source->Fetch();
    if (!found) return std::move(found).error().WithContext(Describe());
    return found;
  }
  std::string Describe() const override { return "AWS profile " + profile_.name; }

 private:
  const CredentialSurroundings& around_;
  const ProfileName profile_;
  const ProfilePart part_;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeAwsProfileSource(const CredentialSurroundings& around,
                                                       std::string profile, ProfilePart part) {
  return std::make_unique<AwsProfileSource>(around, profile, part);
}

Result<AwsProfileSettings> ReadAwsSettings(const CredentialSurroundings& around,
                                           const std::string& profile) {
  const ProfileName name = NameOf(around, profile);
  SF_TRY(const auto files, AwsFiles::Read(around));
  if (name.was_named && !files.Has(name.name)) {
    return WrongProfile(name.name, "it is neither in ~/.aws/config nor in ~/.aws/credentials");
  }
  AwsProfileSettings settings;
  settings.region = files.Text(name.name, "region");
  settings.addressing_style = files.Text(name.name, "s3.addressing_style");
  settings.endpoint_url = files.Text(name.name, "endpoint_url");
  const std::string services = files.Text(name.name, "services");
  if (const IniSection* section = services.empty() ? nullptr : files.Services(services)) {
    if (section->Has("s3.endpoint_url")) settings.endpoint_url = section->Text("s3.endpoint_url");
  }
  return settings;
}

}  // namespace stateferry::storage::s3
