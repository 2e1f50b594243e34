// Every row of oss4.json: what the official OSS SDKs signed, signed again by us.

#include <gtest/gtest.h>

#include <algorithm>

#include "storage/s3/oss_v4.h"
#include "tests/storage/s3/vectors.h"

namespace stateferry::storage::s3 {
namespace {

std::string ResourceOf(const Json& row) {
  const auto bucket = JsonString(row, "bucket");
  return bucket ? '/' + *bucket + '/' + TextOf(row, "key") : "/";
}

bool IsAddedBySigning(const std::string& name) {
  static const std::vector<std::string> kNames = {"x-oss-signature-version",
                                                  "x-oss-date",
                                                  "x-oss-expires",
                                                  "x-oss-credential",
                                                  "x-oss-security-token",
                                                  "x-oss-additional-headers",
                                                  "x-oss-signature",
                                                  "OSSAccessKeyId",
                                                  "Expires",
                                                  "Signature"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// The row's request as it was before the SDK signed it.
HttpRequest UnsignedOssRequest(const Json& row) {
  HttpRequest request = RequestOf(row);
  request.headers = HeadersOf(row);
  request.resource = ResourceOf(row);
  for (const char* added :
       {"Authorization", "Host", "x-oss-date", "x-oss-content-sha256", "x-oss-security-token"}) {
    RemoveHeader(request.headers, added);
  }
  std::erase_if(request.query,
                [](const auto& parameter) { return IsAddedBySigning(parameter.first); });
  return request;
}

std::vector<std::string> AdditionalOf(const Json& row) {
  std::vector<std::string> names;
  if (row.contains("additional_headers")) {
    for (const auto& name : row["additional_headers"]) names.push_back(name.get<std::string>());
  } else if (TextOf(row, "name") == "get-additional-headers") {
    names = {"if-match", "range"};  // as its Authorization says
  }
  return names;
}

void CheckHeaderRow(const Json& row, const Signer& signer) {
  HttpRequest request = UnsignedOssRequest(row);
  Credentials credentials = CredentialsOf(row);
  // The Python SDK sends the token of a V1 request under a name of its own, unsigned: here it is
  // just a header.  Ours goes in x-oss-security-token, as the documents and the Go SDK have it.
  if (TextOf(row, "version") == "v1") credentials.session_token = Secret();
  ASSERT_TRUE(
      signer.Sign(request, credentials, Payload::Unsigned(), TimeOf(TextOf(row, "oss_date"))));
  EXPECT_EQ(FindHeader(request.headers, "Authorization"), TextOf(row, "authorization"));
  if (TextOf(row, "version") == "v4") {
    EXPECT_EQ(OssV4CanonicalRequest(request, OssAdditionalHeaders(request, AdditionalOf(row))),
              TextOf(row, "canonical_request"));
  }
}

void CheckPresignedRow(const Json& row, const Signer& signer) {
  const auto url = signer.Presign(UnsignedOssRequest(row), CredentialsOf(row),
                                  std::chrono::seconds(*JsonUint(row, "expires")),
                                  TimeOf(TextOf(row, "oss_date")));
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(*url, TextOf(row, "url"));
}

TEST(OssVectors, EveryRowIsSignedAsTheSdkSignsIt) {
  const Json data = SigningData("oss4.json");
  std::size_t v4_rows = 0;
  std::size_t v1_rows = 0;
  for (const Json& row : data["vectors"]) {
    SCOPED_TRACE(TextOf(row, "name"));
    const bool is_v4 = TextOf(row, "version") == "v4";
    const auto signer = is_v4 ? MakeOssV4Signer({.region = TextOf(row, "region"),
                                                 .product = TextOf(row, "product"),
                                                 .additional_headers = AdditionalOf(row)})
                              : MakeOssV1Signer();
    if (TextOf(row, "kind") == "header") {
      CheckHeaderRow(row, *signer);
    } else {
      CheckPresignedRow(row, *signer);
    }
    ++(is_v4 ? v4_rows : v1_rows);
  }
  EXPECT_EQ(v4_rows, 53U);
  EXPECT_EQ(v1_rows, 4U);
}

TEST(OssAdditionalHeaders, AreThoseThatHaveAValueAndAreNotSignedAnyway) {
  HttpRequest request;
  request.host = "h";
  request.headers = {{"Range", "bytes=0-9"}, {"If-Match", ""}, {"x-oss-acl", "a"}, {"ZAbc", "v"}};
  const std::vector<std::string> expected = {"host", "range", "zabc"};
  EXPECT_EQ(OssAdditionalHeaders(request, {"zabc", "RANGE", "if-match", "x-oss-acl", "Host",
                                           "content-type", "absent", "range"}),
            expected);
}

}  // namespace
}  // namespace stateferry::storage::s3
