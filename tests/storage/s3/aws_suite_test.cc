// The public signing test suite of AWS, where it is at hand: its file is not ours to copy.
//   SF_AWS_SIGNING_SUITE=/path/to/aws-suite-v4.json s3_test --gtest_filter='AwsSuite.*'

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "storage/s3/sigv4.h"
#include "tests/storage/s3/vectors.h"

namespace stateferry::storage::s3 {
namespace {

/// The raw text of an HTTP request as the suite has it.
struct RawRequest {
  HttpRequest request;
  std::string body;
};

RawRequest Parse(const std::string& text) {
  RawRequest raw;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  const std::size_t target_at = line.find(' ') + 1;
  const std::string target = line.substr(target_at, line.rfind(' ') - target_at);
  raw.request.method = line.substr(0, target_at - 1);
  raw.request.path = target.substr(0, target.find('?'));
  if (target.find('?') != std::string::npos) {
    raw.request.query = QueryOf(target.substr(target.find('?') + 1));
  }
  while (std::getline(lines, line) && !line.empty()) {
    if (line.front() == ' ') {  // a folded line goes on
      raw.request.headers.back().second += line;
      continue;
    }
    const std::size_t colon = line.find(':');
    raw.request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  std::getline(lines, raw.body, '\0');
  raw.request.host = FindHeader(raw.request.headers, "host").value_or("");
  RemoveHeader(raw.request.headers, "host");
  return raw;
}

bool IsNormalized(const std::string& path) {
  return path.find("//") == std::string::npos && path.find("/.") == std::string::npos;
}

TEST(AwsSuite, EveryRowThatDoesNotNormalizePaths) {
  const char* path = std::getenv("SF_AWS_SIGNING_SUITE");
  if (path == nullptr) {
    GTEST_SKIP() << "NOT RUN: SF_AWS_SIGNING_SUITE does not name the suite's file";
  }
  const Json suite = ReadJsonFile(path);
  std::size_t checked = 0;
  std::size_t normalizing = 0;
  for (const auto& [name, row] : suite["cases"].items()) {
    SCOPED_TRACE(name);
    RawRequest raw = Parse(TextOf(row, "request"));
    const Json& context = row["context"];
    if (context["normalize"].get<bool>() && !IsNormalized(raw.request.path)) {
      ++normalizing;  // S3 and STS never do that
      continue;
    }
    const bool signs_body = context["sign_body"].get<bool>();
    Credentials credentials;
    credentials.access_key_id = TextOf(context["credentials"], "access_key_id");
    credentials.secret_access_key = Secret(TextOf(context["credentials"], "secret_access_key"));
    // "after": the token is added when all is signed.
    const std::string token = TextOf(context["credentials"], "token");
    const bool omits_token =
        context.contains("omit_session_token") && context["omit_session_token"].get<bool>();
    if (!omits_token) credentials.session_token = Secret(token);
    std::string time = TextOf(context, "timestamp");  // 2015-08-30T12:36:00Z
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    const SigV4Signer signer({.region = TextOf(context, "region"),
                              .service = TextOf(context, "service"),
                              .payload_header = signs_body});
    ASSERT_TRUE(
        signer.Sign(raw.request, credentials, Payload::Sha256Of(AsBytes(raw.body)), TimeOf(time)));
    const std::string authorization = FindHeader(raw.request.headers, "Authorization").value();
    EXPECT_EQ(authorization.substr(authorization.find("Signature=") + 10),
              TextOf(row, "header_signature"));
    ++checked;
  }
  EXPECT_EQ(checked, 32U);
  EXPECT_EQ(normalizing, 6U);
}

}  // namespace
}  // namespace stateferry::storage::s3
