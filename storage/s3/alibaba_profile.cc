#include "storage/s3/alibaba_profile.h"

#include "base/json.h"
#include "storage/s3/alibaba_sts.h"
#include "storage/s3/credential_answers.h"
#include "storage/s3/imds_source.h"
#include "storage/s3/ini_file.h"
#include "storage/s3/simple_sources.h"

namespace stateferry::storage::s3 {
namespace {

using Source = std::unique_ptr<CredentialSource>;

Error WrongAt(const std::string& where, const std::string& what) {
  return Error(ErrorCode::kPermission, where + ": " + what);
}

/// A profile in the words of all three files.
struct Profile {
  std::string where;  ///< "profile x in /home/u/.ossutilconfig"
  std::string mode;   ///< lower case without '_'; "" follows from the keys
  Credentials keys;
  AlibabaRole role;
  std::string oidc_provider_arn;
  std::string oidc_token_file;
  std::string ecs_role;
};

Result<Source> KeysOf(const Profile& profile, bool wants_token) {
  if (profile.keys.access_key_id.empty() || profile.keys.secret_access_key.empty()) {
    return WrongAt(profile.where, "no access key id, or no secret");
  }
  Credentials keys = profile.keys;
  if (wants_token && keys.session_token.empty()) return WrongAt(profile.where, "no security token");
  return MakeStaticSource(std::move(keys), profile.where);
}

Result<Source> SourceOf(const CredentialSurroundings& around, const Profile& profile) {
  const std::string& mode = profile.mode;
  if (mode.empty() || mode == "ak" || mode == "accesskey") return KeysOf(profile, false);
  if (mode == "ststoken" || mode == "sts") return KeysOf(profile, true);
  if (mode == "ecsramrole") return MakeEcsRoleSource(around, profile.ecs_role);
  if (mode == "ramrolearn") {
    if (profile.role.role_arn.empty()) return WrongAt(profile.where, "no role");
    SF_TRY(auto base, KeysOf(profile, false));
    return MakeRamRoleSource(around, profile.role, std::move(base));
  }
  if (mode == "oidc" || mode == "oidcrolearn") {
    return MakeOidcSource(around, profile.role, profile.oidc_provider_arn, profile.oidc_token_file);
  }
  if (mode == "anonymous") return MakeStaticSource({}, profile.where);
  return WrongAt(profile.where, "mode " + mode + " is not supported");
}

std::string ModeName(std::string_view text) {
  std::string mode = LowerCase(text);
  std::erase_if(mode, [](char c) { return c == '_' || c == '-'; });
  return mode;
}

/// The first of the keys that is there.
std::string FirstOf(const IniSection& section, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (auto text = section.Text(key); !text.empty()) return text;
  }
  return "";
}

/// Keys in lower case without '-' and '_'.
Profile ProfileOf(const IniSection& section, std::string where) {
  Profile profile;
  profile.where = std::move(where);
  profile.mode = ModeName(FirstOf(section, {"mode", "type"}));
  profile.keys.access_key_id = section.Text("accesskeyid");
  profile.keys.secret_access_key = section.Find("accesskeysecret").value_or(Secret());
  profile.keys.session_token = Secret(FirstOf(section, {"ststoken", "securitytoken"}));
  profile.role.role_arn = FirstOf(section, {"rolearn", "ramrolearn"});
  profile.role.session_name = FirstOf(section, {"rolesessionname", "ramsessionname"});
  profile.role.external_id = section.Text("externalid");
  profile.oidc_provider_arn = section.Text("oidcproviderarn");
  profile.oidc_token_file = FirstOf(section, {"oidctokenfilepath", "oidctokenfile"});
  profile.ecs_role = FirstOf(section, {"ecsrolename", "rolename", "ramrolename"});
  return profile;
}

Result<std::optional<IniFile>> ReadAlibabaIni(const CredentialSurroundings& around,
                                              const std::string& path) {
  SF_TRY(const auto text, around.read_file(path));
  if (!text) return std::optional<IniFile>();
  auto file = IniFile::Parse(text->Reveal(), IniNames::kOssutil);
  if (!file) return WrongAt(path, file.error().message());
  return std::optional<IniFile>(*std::move(file));
}

std::string OssutilPath(const CredentialSurroundings& around) {
  const std::string path = around.Variable("OSS_CONFIG_FILE");
  return path.empty() ? around.home + "/.ossutilconfig" : path;
}

/// Null when there is none.
const IniSection* SectionOf(const IniFile& file, const std::string& profile) {
  const IniSection* section = file.FindProfile(profile.empty() ? "default" : LowerCase(profile));
  if (section == nullptr && profile.empty()) section = file.Find("credentials");  // ossutil 1
  return section;
}

Result<std::optional<Credentials>> FetchFrom(const CredentialSurroundings& around,
                                             const Profile& profile) {
  SF_TRY(const auto source, SourceOf(around, profile));
  auto found = source->Fetch();
  if (!found) return std::move(found).error().WithContext(profile.where);
  return found;
}

class IniSource final : public CredentialSource {
 public:
  IniSource(const CredentialSurroundings& around, std::string path, std::string profile)
      : around_(around), path_(std::move(path)), profile_(std::move(profile)) {}

  Result<std::optional<Credentials>> Fetch() override {
    SF_TRY(const auto file, ReadAlibabaIni(around_, path_));
    if (!file) return std::optional<Credentials>();
    const IniSection* section = SectionOf(*file, profile_);
    // A file that only sets a region is no source of credentials.
    if (section == nullptr ||
        (!section->Has("accesskeyid") && !section->Has("mode") && !section->Has("type"))) {
      return std::optional<Credentials>();
    }
    return FetchFrom(around_, ProfileOf(*section, Describe()));
  }
  std::string Describe() const override {
    return (profile_.empty() ? "" : "profile " + profile_ + " in ") + path_;
  }

 private:
  const CredentialSurroundings& around_;
  const std::string path_;
  const std::string profile_;
};

class AliyunCliSource final : public CredentialSource {
 public:
  AliyunCliSource(const CredentialSurroundings& around, std::string profile)
      : around_(around), profile_(std::move(profile)) {
    if (profile_.empty()) profile_ = around_.Variable("ALIBABA_CLOUD_PROFILE");
  }

  Result<std::optional<Credentials>> Fetch() override {
    SF_TRY(const auto text, around_.read_file(Path()));
    if (!text) return std::optional<Credentials>();
    const auto json = ParseJson(text->Reveal());
    if (!json || !json->is_object()) return WrongAt(Path(), "it is no JSON object");
    const std::string name =
        profile_.empty() ? JsonString(*json, "current").value_or("default") : profile_;
    SF_TRY(const auto source, Resolve(*json, name, 0));
    if (!source) return std::optional<Credentials>();
    return source->Fetch();
  }
  std::string Describe() const override {
    return (profile_.empty() ? "" : "profile " + profile_ + " in ") + Path();
  }

 private:
  std::string Path() const { return around_.home + "/.aliyun/config.json"; }

  /// Null when there is no such profile: another source may have it.
  Result<Source> Resolve(const Json& json, const std::string& name, int depth) const {
    if (depth > 8) return WrongAt(Path(), "the source_profile of " + name + " leads back to it");
    const auto profiles = json.find("profiles");
    if (profiles == json.end() || !profiles->is_array()) return Source();
    for (const Json& entry : *profiles) {
      if (!entry.is_object() || JsonString(entry, "name") != name) continue;
      const Profile profile = ProfileOf(entry, "profile " + name + " in " + Path());
      if (profile.mode != "chainableramrolearn") return SourceOf(around_, profile);
      const std::string below = JsonString(entry, "source_profile").value_or("");
      SF_TRY(auto base, Resolve(json, below, depth + 1));
      if (!base) return WrongAt(profile.where, "no profile " + below + ", its source_profile");
      return MakeRamRoleSource(around_, profile.role, std::move(base));
    }
    return Source();
  }

  static Profile ProfileOf(const Json& entry, std::string where) {
    const auto text = [&](const char* field) { return JsonString(entry, field).value_or(""); };
    Profile profile;
    profile.where = std::move(where);
    profile.mode = ModeName(text("mode"));
    profile.keys.access_key_id = text("access_key_id");
    profile.keys.secret_access_key = Secret(text("access_key_secret"));
    profile.keys.session_token = Secret(text("sts_token"));
    profile.role = {.role_arn = text("ram_role_arn"),
                    .session_name = text("ram_session_name"),
                    .external_id = text("external_id"),
                    .policy = text("policy"),
                    .region = text("sts_region")};
    if (const auto seconds = JsonUint(entry, "expired_seconds"); seconds && *seconds >= 900) {
      profile.role.duration = std::chrono::seconds(*seconds);
    }
    profile.oidc_provider_arn = text("oidc_provider_arn");
    profile.oidc_token_file = text("oidc_token_file");
    profile.ecs_role = text("ram_role_name");
    return profile;
  }

  const CredentialSurroundings& around_;
  std::string profile_;
};

class CredentialsUriSource final : public CredentialSource {
 public:
  explicit CredentialsUriSource(const CredentialSurroundings& around) : around_(around) {}

  Result<std::optional<Credentials>> Fetch() override {
    const std::string url = around_.Variable("ALIBABA_CLOUD_CREDENTIALS_URI");
    if (url.empty()) return std::optional<Credentials>();
    auto request = RequestForUrl(url);
    if (!request) return WrongAt(Describe(), request.error().message());
    SF_TRY(const auto answer, around_.http({.request = *std::move(request)}));
    SF_TRY(CheckStatus(answer, Describe()));
    auto credentials = ParseCredentialsJson(answer.body, kAlibabaFields);
    if (!credentials) return std::move(credentials).error().WithContext(Describe());
    return std::optional<Credentials>(*std::move(credentials));
  }
  std::string Describe() const override { return "ALIBABA_CLOUD_CREDENTIALS_URI"; }

 private:
  const CredentialSurroundings& around_;
};

}  // namespace

Source MakeOssutilSource(const CredentialSurroundings& around, std::string profile) {
  return std::make_unique<IniSource>(around, OssutilPath(around), std::move(profile));
}

Source MakeAliyunCliSource(const CredentialSurroundings& around, std::string profile) {
  return std::make_unique<AliyunCliSource>(around, std::move(profile));
}

Source MakeAlibabaIniSource(const CredentialSurroundings& around, std::string profile) {
  std::string path = around.Variable("ALIBABA_CLOUD_CREDENTIALS_FILE");
  if (path.empty()) path = around.home + "/.alibabacloud/credentials.ini";
  return std::make_unique<IniSource>(around, std::move(path), std::move(profile));
}

Source MakeCredentialsUriSource(const CredentialSurroundings& around) {
  return std::make_unique<CredentialsUriSource>(around);
}

Result<OssProfileSettings> ReadOssSettings(const CredentialSurroundings& around,
                                           const std::string& profile) {
  SF_TRY(const auto file, ReadAlibabaIni(around, OssutilPath(around)));
  if (!file) return OssProfileSettings();
  const IniSection* section = SectionOf(*file, profile);
  if (section == nullptr) return OssProfileSettings();
  return OssProfileSettings{section->Text("region"), section->Text("endpoint"),
                            section->Text("addressingstyle")};
}

}  // namespace stateferry::storage::s3
