#include "storage/s3/credential_answers.h"

#include <gtest/gtest.h>

#include "tests/storage/s3/vectors.h"

namespace stateferry::storage::s3 {
namespace {

TEST(CredentialsJson, ReadsKeysWithAndWithoutExpiry) {
  const auto full =
      ParseCredentialsJson(Secret(R"({"AccessKeyId":"a","SecretAccessKey":"s","Token":"t",)"
                                  R"("Expiration":"2025-01-02T03:04:05Z","LastUpdated":"x"})"),
                           {});
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ(full->access_key_id, "a");
  EXPECT_EQ(full->session_token.Reveal(), "t");
  EXPECT_EQ(full->expires, TimeOf("20250102T030405Z"));
  const auto without_zone =
      ParseCredentialsJson(Secret(R"({"AccessKeyId":"a","SecretAccessKey":"s",)"
                                  R"("Expiration":"2025-01-02T03:04:05"})"),
                           {});
  ASSERT_TRUE(without_zone.has_value());
  EXPECT_EQ(without_zone->expires, TimeOf("20250102T030405Z"));
  const auto bare =
      ParseCredentialsJson(Secret(R"({"AccessKeyId":"a","SecretAccessKey":"s"})"), {});
  ASSERT_TRUE(bare.has_value());
  EXPECT_FALSE(bare->expires.has_value());
  EXPECT_TRUE(bare->session_token.empty());
}

TEST(CredentialsJson, RefusesAllElseWithoutQuotingIt) {
  for (const char* bad :
       {"", "SECRET", "[]", "\"SECRET\"", "{}", R"({"AccessKeyId":"a"})",
        R"({"SecretAccessKey":"SECRET"})", R"({"AccessKeyId":1,"SecretAccessKey":"SECRET"})",
        R"({"AccessKeyId":"a","SecretAccessKey":"SECRET","Expiration":"tomorrow SECRET"})",
        R"({"Code":"Failed","AccessKeyId":"a","SecretAccessKey":"SECRET"})",
        R"({"AccessKeyId":"a","SecretAccessKey":"SECRET")"}) {
    const auto got = ParseCredentialsJson(Secret(bad), {});
    ASSERT_FALSE(got.has_value()) << bad;
    EXPECT_EQ(got.error().code(), ErrorCode::kPermission);
    EXPECT_EQ(got.error().message().find("SECRET"), std::string::npos) << got.error().message();
  }
}

TEST(StsXml, RefusesAnswersWithoutWholeCredentials) {
  const auto answer = [](const std::string& inside) {
    return Secret("<AssumeRoleResponse><AssumeRoleResult><Credentials>" + inside +
                  "</Credentials></AssumeRoleResult></AssumeRoleResponse>");
  };
  const std::string keys = "<AccessKeyId>a</AccessKeyId><SecretAccessKey>SECRET</SecretAccessKey>";
  EXPECT_TRUE(ParseStsXml(answer(keys + "<SessionToken>t</SessionToken>")).has_value());
  for (const Secret& bad : {answer(keys), answer("<SessionToken>t</SessionToken>"), answer(""),
                            Secret("<AssumeRoleResponse/>"), Secret("SECRET"), Secret("")}) {
    const auto got = ParseStsXml(bad);
    ASSERT_FALSE(got.has_value()) << bad.Reveal();
    EXPECT_EQ(got.error().message().find("SECRET"), std::string::npos);
  }
}

TEST(RequestForUrl, TakesUrlsApart) {
  const auto request = RequestForUrl("HTTP://Host:81/a%20b/c?x=1%2B&y=&z#fragment");
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->scheme, "http");
  EXPECT_EQ(request->host, "Host:81");
  EXPECT_EQ(request->path, "/a b/c");
  EXPECT_EQ(request->query, (NameValues{{"x", "1+"}, {"y", ""}, {"z", ""}}));
  EXPECT_EQ(RequestForUrl("https://h")->path, "/");
  EXPECT_EQ(RequestForUrl("https://h?a=b")->path, "/");
  EXPECT_EQ(RequestForUrl("https://h?a=b")->query, (NameValues{{"a", "b"}}));
  for (const char* bad : {"", "h", "ftp://h", "https://", "https:///x", "https://u:p@h/",
                          "http://?", "https://h/%2"}) {
    EXPECT_FALSE(RequestForUrl(bad).has_value()) << bad;
  }
}

// Both services quote the request that they have compared, and the session token is in it.
TEST(CheckStatus, ShowsNothingOfTheRequestThatAServiceQuotes) {
  const auto error = [](const std::string& body) {
    return CheckStatus({403, {}, Secret(body)}, "STS").error().message();
  };
  EXPECT_EQ(error("<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The signature "
                  "does not match. Consult the documentation.\n\nThe Canonical String for this "
                  "request should have been\n'POST\n/\n\nx-amz-security-token:TOKEN"
                  "\n'</Message></Error></ErrorResponse>"),
            "STS answers 403 SignatureDoesNotMatch: The signature does not match. Consult the "
            "documentation.");
  EXPECT_EQ(
      error(R"({"Code":"SignatureDoesNotMatch","Message":"Specified signature is not matched )"
            R"(with our calculation. server string to sign is:GET&%2F&SecurityToken%3DTOKEN"})"),
      "STS answers 403 SignatureDoesNotMatch: Specified signature is not matched with our "
      "calculation.");
  for (const char* quote : {"x-amz-security-token:TOKEN", "SecurityToken=TOKEN",
                            "CANONICAL REQUEST is TOKEN", "StringToSign TOKEN"})
    EXPECT_EQ(
        error("<Error><Code>C</Code><Message>no: " + std::string(quote) + "</Message></Error>"),
        "STS answers 403 C: no:");
}

TEST(CheckStatus, TellsWhatMayBeRepeated) {
  const auto error = [](int status, const char* body) {
    return CheckStatus({status, {}, Secret(body)}, "STS").error();
  };
  EXPECT_TRUE(CheckStatus({200, {}, {}}, "STS").has_value());
  for (const int status : {408, 429, 500, 503}) {
    EXPECT_EQ(error(status, "").code(), ErrorCode::kUnavailable);
    EXPECT_EQ(error(status, "").retry(), Retry::kMayHelp);
  }
  for (const int status : {301, 400, 401, 403, 404}) {
    EXPECT_EQ(error(status, "").code(), ErrorCode::kPermission);
    EXPECT_EQ(error(status, "").retry(), Retry::kNever);
  }
  for (const char* code : {"Throttling", "Throttling.User", "IDPCommunicationError"})
    EXPECT_EQ(error(400, ("<ErrorResponse><Error><Code>" + std::string(code) +
                          "</Code></Error>"
                          "</ErrorResponse>")
                             .c_str())
                  .retry(),
              Retry::kMayHelp)
        << code;
  EXPECT_EQ(error(400, R"({"Code":"Throttling.Api","Message":"m"})").retry(), Retry::kMayHelp);
  EXPECT_EQ(error(400, R"({"Code":"C","Message":"m)"
                       "\\u001b"
                       R"("})")
                .message(),
            "STS answers 400 C: m ");
  EXPECT_EQ(error(400, "<html>").message(), "STS answers 400");
}

}  // namespace
}  // namespace stateferry::storage::s3
