#include "storage/s3/aws_chunked.h"

#include <gtest/gtest.h>

#include "storage/s3/digest.h"
#include "storage/s3/sigv4.h"
#include "tests/storage/s3/vectors.h"

namespace stateferry::storage::s3 {
namespace {

const Json& Row(const Json& rows, std::string_view start_of_name) {
  for (const Json& row : rows) {
    if (TextOf(row, "name").starts_with(start_of_name)) return row;
  }
  ADD_FAILURE() << "no row " << start_of_name;
  return rows;
}

HttpRequest DocumentedRequest() {
  HttpRequest request;
  request.method = "PUT";
  request.host = "s3.amazonaws.com";
  request.path = "/examplebucket/chunkObject.txt";
  request.headers = {{"Content-Encoding", "aws-chunked"},
                     {"x-amz-decoded-content-length", "66560"},
                     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  return request;
}

const Credentials kDocumented{
    .access_key_id = "AKIAIOSFODNN7EXAMPLE",
    .secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};

std::string SignatureIn(const HttpRequest& request) {
  const std::string authorization = FindHeader(request.headers, "Authorization").value_or("");
  return authorization.substr(authorization.find("Signature=") + 10);
}

TEST(AwsChunked, SignsTheDocumentedChunks) {
  const Json data = SigningData("chunked-and-crc.json");
  const Json& row = Row(data, "signed-chunks");
  const SigV4Signer signer({.region = "us-east-1"});
  HttpRequest request = DocumentedRequest();
  SetHeader(request.headers, "Content-Length", std::to_string(*JsonUint(row, "content_length")));
  auto chunks = signer.SignChunked(request, kDocumented, Payload::Kind::kStreamingSigned,
                                   TimeOf("20130524T000000Z"));
  ASSERT_TRUE(chunks.has_value());
  EXPECT_EQ(SigV4CanonicalRequest(request, SigV4SignedHeaders(request),
                                  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            TextOf(row, "canonical_request"));
  EXPECT_EQ(SignatureIn(request), TextOf(row, "seed_signature"));
  std::uint64_t length = 0;
  for (const Json& chunk : row["chunks"]) {
    const std::string bytes(chunk["size"].get<std::size_t>(), 'a');
    const std::string header = chunks->ChunkHeader(AsBytes(bytes));
    EXPECT_EQ(header, TextOf(chunk, "frame_header"));
    length += header.size() + bytes.size() + 2;
  }
  EXPECT_EQ(length, *JsonUint(row, "content_length"));
  EXPECT_EQ(SignedChunksLength(66560, 65536), length);
}

TEST(AwsChunked, SignsTheDocumentedTrailer) {
  // AWS, "Signature calculations: including trailing headers", the example.
  const SigV4Signer signer({.region = "us-east-1"});
  HttpRequest request = DocumentedRequest();
  request.headers.emplace_back("x-amz-trailer", "x-amz-checksum-crc32c");
  auto chunks = signer.SignChunked(request, kDocumented, Payload::Kind::kStreamingSignedTrailer,
                                   TimeOf("20130524T000000Z"));
  ASSERT_TRUE(chunks.has_value());
  EXPECT_EQ(SignatureIn(request),
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  EXPECT_EQ(chunks->ChunkHeader(AsBytes(std::string(65536, 'a'))),
            "10000;chunk-signature="
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n");
  EXPECT_EQ(chunks->ChunkHeader(AsBytes(std::string(1024, 'a'))),
            "400;chunk-signature="
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n");
  EXPECT_EQ(chunks->End({{"x-amz-checksum-crc32c", "sOO8/Q=="}}),
            "0;chunk-signature="
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
            "x-amz-checksum-crc32c:sOO8/Q==\r\n"
            "x-amz-trailer-signature:"
            "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n");
}

TEST(AwsChunked, OneChangedByteChangesEverySignatureBehindIt) {
  const auto all = [](std::string first, const std::string& second) {
    ChunkSigner chunks({Secret("key"), "20130524T000000Z", "scope", "seed"});
    const std::string one = chunks.ChunkHeader(AsBytes(first));
    const std::string two = chunks.ChunkHeader(AsBytes(second));
    return std::vector<std::string>{one, two, chunks.End({{"x-amz-checksum-crc32c", "sOO8/Q=="}})};
  };
  const auto right = all("aaaa", "bbbb");
  const auto wrong_first = all("aaab", "bbbb");
  const auto wrong_second = all("aaaa", "bbbc");
  for (std::size_t i = 0; i < right.size(); ++i) EXPECT_NE(wrong_first[i], right[i]);
  EXPECT_EQ(wrong_second[0], right[0]);
  EXPECT_NE(wrong_second[1], right[1]);
  EXPECT_NE(wrong_second[2], right[2]);
}

TEST(AwsChunked, ChunkedSigningIsOnlyForSignedChunks) {
  const SigV4Signer signer({.region = "us-east-1"});
  HttpRequest request = DocumentedRequest();
  EXPECT_FALSE(signer.SignChunked(request, kDocumented, Payload::Kind::kUnsigned, {}).has_value());
  EXPECT_FALSE(
      signer.Sign(request, kDocumented, {Payload::Kind::kStreamingSigned, {}}, {}).has_value());
}

TEST(AwsChunked, FramesUnsignedBodiesAsBotoDoes) {
  const Json data = SigningData("chunked-and-crc.json");
  std::size_t rows = 0;
  for (const auto& [row_name, trailer] :
       {std::pair{"unsigned-trailer mpu-part-https-trailer", "x-amz-checksum-crc64nvme"},
        std::pair{"unsigned-trailer mpu-part-https-trailer-crc32c", "x-amz-checksum-crc32c"}}) {
    for (const Json& row : data) {
      if (TextOf(row, "name") != row_name) continue;
      const std::string body = Base64Decode(TextOf(row, "body_base64")).value();
      std::string bytes;
      for (int i = 0; i < 10; ++i) bytes += "0123456789";
      const std::size_t value_at = body.rfind(':') + 1;
      const std::string checksum = body.substr(value_at, body.find('\r', value_at) - value_at);
      EXPECT_EQ(
          UnsignedChunkHeader(bytes.size()) + bytes + "\r\n" + UnsignedEnd({{trailer, checksum}}),
          body);
      ++rows;
    }
  }
  EXPECT_EQ(rows, 2U);
}

TEST(AwsChunked, KnowsTheLengthOfAnyBody) {
  for (const std::uint64_t body : {0U, 1U, 15U, 16U, 17U, 160U, 1000U}) {
    for (const std::uint64_t chunk : {1U, 16U, 300U}) {
      ChunkSigner signer({Secret("key"), "t", "s", "seed"});
      std::uint64_t length = 0;
      for (std::uint64_t at = 0; at < body; at += chunk) {
        const std::string bytes(std::min(chunk, body - at), 'x');
        length += signer.ChunkHeader(AsBytes(bytes)).size() + bytes.size() + 2;
      }
      EXPECT_EQ(SignedChunksLength(body, chunk), length + signer.End().size());
    }
  }
}

}  // namespace
}  // namespace stateferry::storage::s3
