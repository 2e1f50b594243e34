// What is said of new objects, by location and dialect.

#include "storage/s3/new_object.h"

#include <algorithm>

#include "tests/storage/s3/s3_rig.h"

namespace stateferry::storage::s3 {
namespace {

using Options = std::map<std::string, std::string>;

Result<NewObjectHeaders> Read(const Options& options, const char* dialect = "aws") {
  return ReadNewObjectOptions(options, **FindDialect(dialect));
}

TEST(WhatIsUsual, ComesAfterWhatTheLocationSays) {
  const std::map<std::string, std::string> usual = {
      {"sse", "aws:kms"}, {"sse-kms-key-id", "k"}, {"tag.team", "state"}};
  EXPECT_EQ(WithUsual({}, usual), usual);
  EXPECT_EQ(WithUsual({{"tag.team", "other"}, {"region", "r"}}, {{"tag.team", "state"}}),
            (std::map<std::string, std::string>{{"tag.team", "other"}, {"region", "r"}}));
  EXPECT_EQ(WithUsual({{"sse", "SM4"}}, usual),
            (std::map<std::string, std::string>{{"sse", "SM4"}, {"tag.team", "state"}}))
      << "a key belongs to its own kind of encryption";
}

TEST(NewObject, EachOptionIsAHeaderOfTheDialect) {
  const Options options = {{"storage-class", "STANDARD_IA"},
                           {"sse", "aws:kms"},
                           {"sse-kms-key-id", "arn:aws:kms:x:1:key/2"},
                           {"acl", "PRIVATE"},
                           {"lock", "governance"},
                           {"lock-until", "2030-01-02T03:04:05+01:00"},
                           {"legal-hold", "on"},
                           {"region", "eu-west-1"}};
  const auto headers = Read(options);
  ASSERT_TRUE(headers) << headers.error().message();
  const NameValues expected = {
      {"x-amz-acl", "private"},
      {"x-amz-object-lock-legal-hold", "ON"},
      {"x-amz-object-lock-mode", "GOVERNANCE"},
      {"x-amz-object-lock-retain-until-date", "2030-01-02T02:04:05Z"},
      {"x-amz-server-side-encryption", "aws:kms"},
      {"x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:x:1:key/2"},
      {"x-amz-storage-class", "STANDARD_IA"}};
  NameValues put = headers->put;
  std::sort(put.begin(), put.end());
  EXPECT_EQ(put, expected);
  EXPECT_EQ(headers->create, headers->put);
  NameValues copy = headers->put;
  copy.emplace_back("x-amz-metadata-directive", "REPLACE");
  copy.emplace_back("x-amz-tagging-directive", "REPLACE");
  EXPECT_EQ(headers->copy, copy) << "nothing is taken over from the source";
  EXPECT_TRUE(headers->complete.empty());
}

TEST(NewObject, OssHasItsOwnHeadersAndSaysAccessRightsAtTheEnd) {
  const auto headers = Read({{"storage-class", "IA"},
                             {"sse", "kms"},
                             {"sse-kms-key-id", "k"},
                             {"acl", "private"},
                             {"tag.a b", "c&d"},
                             {"tag.z", "1"}},
                            "oss");
  ASSERT_TRUE(headers) << headers.error().message();
  EXPECT_EQ(headers->complete, (NameValues{{"x-oss-object-acl", "private"}}));
  EXPECT_EQ(headers->create, (NameValues{{"x-oss-server-side-encryption", "KMS"},
                                         {"x-oss-server-side-encryption-key-id", "k"},
                                         {"x-oss-storage-class", "IA"},
                                         {"x-oss-tagging", "a%20b=c%26d&z=1"}}));
  EXPECT_EQ(FindHeader(headers->put, "x-oss-object-acl"), "private");
  EXPECT_EQ(FindHeader(headers->copy, "x-oss-tagging-directive"), "Replace");
  EXPECT_EQ(FindHeader(headers->copy, "x-oss-metadata-directive"), "REPLACE");
}

TEST(NewObject, WhatADialectDoesNotHaveIsRefused) {
  const Options eleven_tags = [] {
    Options options;
    for (int i = 0; i < 11; ++i) options["tag." + std::to_string(i)] = "x";
    return options;
  }();
  const std::pair<Options, const char*> wrong[] = {
      {{{"sse", "rot13"}}, "aws"},
      {{{"sse", "aws:kms"}}, "oss"},
      {{{"sse", "SM4"}}, "aws"},
      {{{"sse-kms-key-id", "k"}}, "aws"},
      {{{"sse-kms-key-id", "k"}, {"sse", "AES256"}}, "aws"},
      {{{"acl", "everybody"}}, "aws"},
      {{{"acl", "bucket-owner-read"}}, "oss"},
      {{{"sse-bucket-key", "true"}, {"sse", "KMS"}}, "oss"},
      {{{"lock", "GOVERNANCE"}}, "aws"},
      {{{"lock-until", "2030-01-02T03:04:05Z"}}, "aws"},
      {{{"lock", "GOVERNANCE"}, {"lock-until", "tomorrow"}}, "aws"},
      {{{"lock", "GOVERNANCE"}, {"lock-until", "2030-01-02T03:04:05Z"}}, "oss-s3"},
      {{{"tag.a", "b"}}, "oss-s3"},
      {{{"tag.", "b"}}, "aws"},
      {{{"storage-class", ""}}, "aws"},
      {eleven_tags, "aws"},
  };
  for (const auto& [options, dialect] : wrong) {
    const auto headers = Read(options, dialect);
    ASSERT_FALSE(headers) << options.begin()->first << " " << dialect;
    EXPECT_EQ(headers.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(NewObject, GoesWithEachRequestThatMakesAnObject) {
  std::vector<std::pair<std::string, std::string>> seen;
  S3Rig rig(
      [&](const ServedRequest& request) -> Reply {
        seen.emplace_back(request.method + " " + request.target.substr(0, 4),
                          request.Header("x-amz-storage-class"));
        if (request.target.find("uploads") != std::string::npos)
          return {.body =
                      "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                      "</InitiateMultipartUploadResult>"};
        if (!request.Header("x-amz-copy-source").empty())
          return {.body = "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"};
        return {.headers = {{"ETag", "e"}}};
      },
      "&sign=no&dialect=moto&storage-class=COLD");
  ASSERT_TRUE(rig.client->Put("k", {}, true));
  ASSERT_TRUE(rig.client->CreateMultipart("k", {}));
  ASSERT_TRUE(rig.client->UploadPart("k", "u", 1, AsBytes("x")));
  ASSERT_TRUE(rig.client->Copy({.key = "a", .size_bytes = 1, .etag = "e"}, "k", true));
  ASSERT_TRUE(rig.client->Head("k"));
  EXPECT_EQ(seen, (std::vector<std::pair<std::string, std::string>>{{"PUT /b/k", "COLD"},
                                                                    {"POST /b/k", "COLD"},
                                                                    {"PUT /b/k", ""},
                                                                    {"PUT /b/k", "COLD"},
                                                                    {"HEAD /b/k", ""}}));
}

}  // namespace
}  // namespace stateferry::storage::s3
