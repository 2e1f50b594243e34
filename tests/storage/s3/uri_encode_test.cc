#include "storage/s3/uri_encode.h"

#include <gtest/gtest.h>

#include "storage/s3/http_request.h"

namespace stateferry::storage::s3 {
namespace {

TEST(UriEncode, KeepsOnlyTheUnreservedSet) {
  const std::string unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  EXPECT_EQ(EncodeQueryPart(unreserved), unreserved);
  for (int c = 0; c < 256; ++c) {
    const std::string one(1, static_cast<char>(c));
    if (unreserved.find(one) != std::string::npos) continue;
    char expected[4];
    std::snprintf(expected, sizeof expected, "%%%02X", static_cast<unsigned>(c));
    EXPECT_EQ(EncodeQueryPart(one), expected);
    EXPECT_EQ(EncodePath(one), c == '/' ? "/" : expected);
  }
}

TEST(UriEncode, NormalisesNothing) { EXPECT_EQ(EncodePath("//a/./b/../c//"), "//a/./b/../c//"); }

TEST(UriEncode, EveryByteComesBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (const Plus plus : {Plus::kIsPlus, Plus::kIsSpace}) {
    EXPECT_EQ(*DecodeUri(EncodePath(all), plus), all);
    EXPECT_EQ(*DecodeUri(EncodeQueryPart(all), plus), all);
  }
}

TEST(UriDecode, ReadsBothSpellingsOfASpace) {
  EXPECT_EQ(*DecodeUri("a+b%2Bc%20d", Plus::kIsSpace), "a b+c d");
  EXPECT_EQ(*DecodeUri("a+b%2bc", Plus::kIsPlus), "a+b+c");
}

TEST(UriDecode, RefusesBrokenEscapes) {
  for (const char* bad : {"%", "a%2", "%zz", "%2", "%%20", "%2g", "a%"}) {
    const auto decoded = DecodeUri(bad, Plus::kIsSpace);
    ASSERT_FALSE(decoded.has_value()) << bad;
    EXPECT_EQ(decoded.error().code(), ErrorCode::kCorruption);
  }
}

TEST(HttpRequest, TargetIsWhatGoesOnTheWire) {
  HttpRequest request;
  request.host = "Bucket.Example.com:443";
  request.path = "/a b/../c+d";
  request.query = {{"uploads", ""}, {"prefix", "x/y z"}};
  EXPECT_EQ(Url(request), "https://bucket.example.com/a%20b/../c%2Bd?uploads&prefix=x%2Fy%20z");
}

TEST(HttpRequest, HostHeaderLeavesOutOnlyTheDefaultPort) {
  const auto host = [](std::string scheme, std::string name) {
    HttpRequest request;
    request.scheme = std::move(scheme);
    request.host = std::move(name);
    return HostHeader(request);
  };
  EXPECT_EQ(host("https", "h:443"), "h");
  EXPECT_EQ(host("http", "h:80"), "h");
  EXPECT_EQ(host("http", "h:443"), "h:443");
  EXPECT_EQ(host("https", "h:8443"), "h:8443");
  EXPECT_EQ(host("http", "[::1]:80"), "[::1]");
  EXPECT_EQ(host("http", "[fe80::80]"), "[fe80::80]");
}

TEST(HttpRequest, HeaderNamesHaveNoCase) {
  NameValues headers = {{"ETag", "1"}, {"etag", "2"}, {"x", "y"}};
  EXPECT_EQ(FindHeader(headers, "ETAG"), "1");
  SetHeader(headers, "Etag", "3");
  EXPECT_EQ(headers, (NameValues{{"x", "y"}, {"Etag", "3"}}));
  RemoveHeader(headers, "X");
  EXPECT_FALSE(FindHeader(headers, "x").has_value());
}

}  // namespace
}  // namespace stateferry::storage::s3
