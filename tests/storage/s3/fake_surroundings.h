#pragma once
// An environment for credential sources: variables, files, programs and an HTTP service, all made
// up.

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "storage/s3/credential_answers.h"
#include "storage/s3/credentials.h"
#include "tests/fakes/fake_clock.h"

namespace stateferry::storage::s3 {

class FakeSurroundings {
 public:
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
  /// "METHOD scheme://host/target" -> answer.  Everything else does not answer at all.
  std::map<std::string, std::pair<int, std::string>> services;
  std::function<Result<Secret>(const std::vector<std::string>&)> run =
      [](const std::vector<std::string>&) { return Error(ErrorCode::kPermission, "no program"); };
  fakes::FakeClock clock;
  std::vector<HttpCallRequest> calls;  ///< everything that was sent

  /// Borrows this object.
  CredentialSurroundings Get() {
    CredentialSurroundings around;
    around.variables = variables;
    around.home = "/home/u";
    around.clock = &clock;
    around.read_file = [this](const std::string& path) -> Result<std::optional<Secret>> {
      const auto it = files.find(path);
      if (it == files.end()) return std::optional<Secret>();
      return std::optional<Secret>(it->second);
    };
    around.http = [this](const HttpCallRequest& call) { return Answer(call); };
    around.run = [this](const std::vector<std::string>& command) { return run(command); };
    around.nonce = [] { return std::string("nonce"); };
    return around;
  }

  Result<HttpCallAnswer> Answer(const HttpCallRequest& call) {
    const std::lock_guard lock(mutex_);
    calls.push_back(call);
    const auto it = services.find(call.request.method + ' ' + Url(call.request));
    if (it == services.end()) {
      return Error(ErrorCode::kUnavailable, call.request.host + " does not answer",
                   Retry::kMayHelp);
    }
    return HttpCallAnswer{it->second.first, {}, Secret(it->second.second)};
  }

  std::string Header(std::size_t call, const char* name) const {
    return FindHeader(calls.at(call).request.headers, name).value_or("");
  }

 private:
  std::mutex mutex_;
};

inline const std::string kKeysJson =
    R"({"Code":"Success","AccessKeyId":"ASIAROLE","SecretAccessKey":"rolesecret",)"
    R"("Token":"roletoken","Expiration":"2026-01-01T06:00:00Z"})";

inline const std::string kAlibabaKeysJson =
    R"({"Code":"Success","AccessKeyId":"STS.role","AccessKeySecret":"rolesecret",)"
    R"("SecurityToken":"roletoken","Expiration":"2026-01-01T06:00:00Z"})";

inline std::string StsXml(const std::string& action) {
  return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
         "Result><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>rolesecret"
         "</SecretAccessKey><SessionToken>roletoken</SessionToken><Expiration>2026-01-01T06:00:00Z"
         "</Expiration></Credentials></" +
         action + "Result></" + action + "Response>";
}

/// Of the credentials that all of these answers hold.
inline void ExpectRole(const Result<Credentials>& got, const std::string& id = "ASIAROLE") {
  ASSERT_TRUE(got.has_value()) << got.error().message();
  EXPECT_EQ(got->access_key_id, id);
  EXPECT_EQ(got->secret_access_key.Reveal(), "rolesecret");
  EXPECT_EQ(got->session_token.Reveal(), "roletoken");
  EXPECT_TRUE(got->expires.has_value());
}

inline Result<Credentials> S3Keys(FakeSurroundings& fake, const CredentialOptions& options = {}) {
  return MakeS3Credentials(fake.Get(), options)->Get();
}
inline Result<Credentials> OssKeys(FakeSurroundings& fake, const CredentialOptions& options = {}) {
  return MakeOssCredentials(fake.Get(), options)->Get();
}

}  // namespace stateferry::storage::s3
