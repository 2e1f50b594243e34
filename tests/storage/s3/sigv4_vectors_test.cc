// Every row of sigv4.json: what boto3 signed, signed again by us.

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "storage/s3/digest.h"
#include "storage/s3/sigv4.h"
#include "tests/storage/s3/vectors.h"

namespace stateferry::storage::s3 {
namespace {

Payload PayloadOf(const std::string& header_value) {
  if (header_value == "UNSIGNED-PAYLOAD") return Payload::Unsigned();
  if (header_value == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    return {Payload::Kind::kStreamingUnsignedTrailer, {}};
  }
  return {Payload::Kind::kSha256, header_value};
}

std::vector<std::string> SignedHeadersOf(const std::string& authorization) {
  const std::size_t at = authorization.find("SignedHeaders=") + 14;
  std::string names = authorization.substr(at, authorization.find(',', at) - at);
  std::vector<std::string> list;
  for (std::size_t end = 0; end != std::string::npos; names.erase(0, end + 1)) {
    end = names.find(';');
    list.push_back(names.substr(0, end));
    if (end == std::string::npos) break;
  }
  return list;
}

/// The row's request as it was before boto3 signed it.
HttpRequest UnsignedRequest(const Json& row) {
  HttpRequest request = RequestOf(row);
  request.headers = HeadersOf(row);
  for (const char* added :
       {"Authorization", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token"}) {
    RemoveHeader(request.headers, added);
  }
  std::erase_if(request.query,
                [](const auto& parameter) { return parameter.first.starts_with("X-Amz-"); });
  // botocore adds it after signing.
  RemoveHeader(request.headers, "Content-Length");
  return request;
}

void CheckHeaderRow(const Json& row, const SigV4Signer& signer) {
  const std::string authorization = TextOf(row, "authorization");
  const std::string payload = FindHeader(HeadersOf(row), "x-amz-content-sha256").value();
  HttpRequest request = UnsignedRequest(row);
  ASSERT_TRUE(signer.Sign(request, CredentialsOf(row), PayloadOf(payload),
                          TimeOf(TextOf(row, "amz_date"))));
  EXPECT_EQ(SigV4CanonicalRequest(request, SignedHeadersOf(authorization), payload),
            TextOf(row, "canonical_request"));
  EXPECT_EQ(FindHeader(request.headers, "authorization"), authorization);
  if (payload.size() == 64) {
    const auto body = Base64Decode(TextOf(row, "body_base64"));
    ASSERT_TRUE(body.has_value());
    EXPECT_EQ(Payload::Sha256Of(AsBytes(*body)).HeaderValue(), payload);
  }
}

/// A presigned row has no headers: those which its user must send stand in the canonical request.
NameValues HeadersToSend(const Json& row) {
  std::istringstream lines(TextOf(row, "canonical_request"));
  std::string line;
  for (int skipped = 0; skipped < 3; ++skipped) std::getline(lines, line);
  NameValues headers;
  while (std::getline(lines, line) && !line.empty()) {
    const std::size_t colon = line.find(':');
    headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  RemoveHeader(headers, "host");
  return headers;
}

void CheckPresignedRow(const Json& row, const SigV4Signer& signer) {
  HttpRequest request = UnsignedRequest(row);
  request.headers = HeadersToSend(row);
  const auto url =
      signer.Presign(request, CredentialsOf(row), std::chrono::seconds(*JsonUint(row, "expires")),
                     TimeOf(TextOf(row, "amz_date")));
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(*url, TextOf(row, "url"));
}

TEST(SigV4Vectors, EveryRowIsSignedAsBotoSignsIt) {
  const Json data = SigningData("sigv4.json");
  std::size_t rows = 0;
  for (const Json& row : data["vectors"]) {
    SCOPED_TRACE(TextOf(row, "name"));
    const SigV4Signer signer({.region = TextOf(row, "region"), .service = TextOf(row, "service")});
    EXPECT_EQ(EncodePath(TextOf(row, "decoded_path")), TextOf(row, "wire_path"));
    if (TextOf(row, "kind") == "header") {
      CheckHeaderRow(row, signer);
    } else {
      CheckPresignedRow(row, signer);
    }
    ++rows;
  }
  EXPECT_EQ(rows, 58U);
  EXPECT_EQ(rows, *JsonUint(data, "count"));
}

}  // namespace
}  // namespace stateferry::storage::s3
