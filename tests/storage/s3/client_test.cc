// What the requests make of good, bad and unclear answers.

#include "storage/s3/client.h"

#include <algorithm>

#include "base/hash.h"
#include "storage/s3/checksums.h"
#include "storage/s3/digest.h"
#include "tests/storage/s3/s3_rig.h"

namespace stateferry::storage::s3 {
namespace {

std::string Md5Hex(std::string_view text) { return ToHex(DigestBytes(Md5(AsBytes(text)))); }

TEST(S3Client, PutIsCheckedByTheChecksumOfTheAnswer) {
  std::string answered = ChecksumText(Crc64Nvme(AsBytes("body")));
  S3Rig rig([&](const ServedRequest&) -> Reply {
    return {.headers = {{"ETag", "\"x\""}, {"x-amz-checksum-crc64nvme", answered}}};
  });
  auto put = rig.client->Put("k", AsBytes("body"), true);
  ASSERT_TRUE(put) << put.error().message();
  EXPECT_EQ(put->etag, "x");
  EXPECT_EQ(rig.server.requests()[0].Header("x-amz-checksum-crc64nvme"), answered);
  answered = ChecksumText(Crc64Nvme(AsBytes("bodx")));
  ExpectError(rig.client->Put("k", AsBytes("body"), true), ErrorCode::kUnavailable,
              Retry::kMayHelp);
}

TEST(S3Client, WithoutAChecksumInTheAnswerTheEtagMustBeTheMd5) {
  std::string md5 = Md5Hex("body");
  std::string encryption;
  S3Rig rig([&](const ServedRequest&) -> Reply {
    return {.headers = {{"ETag", "\"" + md5 + "\""}, {"x-amz-server-side-encryption", encryption}}};
  });
  EXPECT_TRUE(rig.client->Put("k", AsBytes("body"), true));
  md5 = Md5Hex("bodx");
  ExpectError(rig.client->Put("k", AsBytes("body"), true), ErrorCode::kUnavailable,
              Retry::kMayHelp);
  encryption = "aws:kms";  // then the ETag says nothing
  EXPECT_TRUE(rig.client->Put("k", AsBytes("body"), true));
}

TEST(S3Client, OssComparesItsOwnCrc) {
  std::uint64_t crc = Crc64Ecma(AsBytes("body"));
  S3Rig rig(
      [&](const ServedRequest& request) -> Reply {
        if (request.method == "HEAD") return {.status = 404};
        return {.headers = {{"ETag", "\"x\""}, {"x-oss-hash-crc64ecma", std::to_string(crc)}}};
      },
      "&region=cn-hangzhou", "oss");
  ASSERT_TRUE(rig.client->Put("k", AsBytes("body"), false));
  const auto sent = rig.server.requests()[1];
  EXPECT_EQ(sent.Header("x-oss-forbid-overwrite"), "true");
  EXPECT_TRUE(sent.Header("authorization").starts_with("OSS4-HMAC-SHA256 Credential=KEY/"))
      << sent.Header("authorization");
  ++crc;
  ExpectError(rig.client->Put("k", AsBytes("body"), false), ErrorCode::kUnavailable,
              Retry::kMayHelp);
}

TEST(S3Client, OssRefusesDamagedObjectsByTheirMd5BeforeItKeepsThem) {
  S3Rig rig(
      [](const ServedRequest& request) -> Reply {
        if (request.method == "HEAD") return {.status = 404};
        EXPECT_EQ(request.Header("content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");  // of "hello"
        return ErrorReply(400, "InvalidDigest");
      },
      "&region=r", "oss");
  ExpectError(rig.client->Put("k", AsBytes("hello"), false), ErrorCode::kUnavailable,
              Retry::kMayHelp);
}

// Its ETag tells too late: what was put only where nothing was cannot be put again.
TEST(S3Client, ServicesWithoutACrcGetTheMd5WithThePut) {
  for (const char* dialect : {"ceph", "oss-s3"}) {
    S3Rig rig(
        [](const ServedRequest& request) -> Reply {
          if (request.method == "HEAD") return {.status = 404};
          if (request.method == "GET") return ErrorReply(404, "NoSuchKey");
          EXPECT_EQ(request.Header("content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");  // of "hello"
          return ErrorReply(400, "BadDigest");
        },
        "&region=r&dialect=" + std::string(dialect));
    ExpectError(rig.client->Put("k", AsBytes("hello"), false), ErrorCode::kUnavailable,
                Retry::kMayHelp);
  }
}

TEST(S3Client, SuccessThatCarriesAnErrorIsAnError) {
  std::string body;
  S3Rig rig([&](const ServedRequest&) -> Reply { return {.body = body}; });
  const StoredParts parts{{1, {.size_bytes = 1, .etag = "a"}}};
  const auto complete = [&] { return rig.client->Complete("k", "id", parts, {}); };
  body = "\n\n <Error><Code>InternalError</Code><Message>m</Message></Error>";
  ExpectError(complete(), ErrorCode::kUnavailable, Retry::kMayHelp);
  body = "<Error><Code>PreconditionFailed</Code></Error>";
  ExpectError(complete(), ErrorCode::kConflict, Retry::kNever);
  EXPECT_EQ(rig.session->rate().limit(), 0);
  body = "<Error><Code>SlowDown</Code></Error>";
  ExpectError(complete(), ErrorCode::kThrottled, Retry::kMayHelp);
  EXPECT_GT(rig.session->rate().limit(), 0);
  ExpectError(rig.client->Copy({.key = "a", .size_bytes = 1, .etag = "e"}, "b", true),
              ErrorCode::kThrottled, Retry::kMayHelp);
  for (const char* unclear : {"", " \n ", "<CompleteMultipartUploadResult><ETag>", "<html/>"}) {
    body = unclear;
    auto completed = complete();
    ASSERT_FALSE(completed) << unclear;
    EXPECT_EQ(completed.error().retry(), Retry::kMayHelp) << unclear;
  }
  body =
      "<CompleteMultipartUploadResult><ETag>&quot;e-1&quot;</ETag>"
      "</CompleteMultipartUploadResult>";
  EXPECT_EQ(complete()->etag, "e-1");
}

TEST(S3Client, TheChecksumInTheBodyOfACompletionIsCompared) {
  S3Rig rig([](const ServedRequest&) -> Reply {
    return {.body =
                "<CompleteMultipartUploadResult><ETag>e</ETag><ChecksumCRC64NVME>AAAAAAAAAAE="
                "</ChecksumCRC64NVME></CompleteMultipartUploadResult>"};
  });
  const StoredParts parts{{1, {.size_bytes = 1, .etag = "a"}}};
  EXPECT_TRUE(rig.client->Complete("k", "id", parts, {.checksummed = true, .crc = 1}));
  ExpectError(rig.client->Complete("k", "id", parts, {.checksummed = true, .crc = 2}),
              ErrorCode::kCorruption, Retry::kNever);
}

TEST(S3Client, AnAbortIsDoneWhereOnlyListingItsPartsIsForbidden) {
  S3Rig rig([](const ServedRequest& request) -> Reply {
    if (request.method == "DELETE") return {.status = 204};
    return ErrorReply(403, "AccessDenied");
  });
  const auto aborted = rig.client->Abort("k", "id");
  EXPECT_TRUE(aborted) << aborted.error().message();
}

TEST(S3Client, AnAbortIsRepeatedUntilNothingIsLeft) {
  int aborts = 0;
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    if (request.method == "DELETE") {
      ++aborts;
      return {.status = 204};
    }
    if (aborts == 3) return ErrorReply(404, "NoSuchUpload");
    return {.body =
                "<ListPartsResult><Key>k</Key><IsTruncated>false</IsTruncated></ListPartsResult>"};
  });
  auto aborted = rig.client->Abort("k", "id");
  EXPECT_TRUE(aborted) << aborted.error().message();
  EXPECT_EQ(aborts, 3);
}

std::string Page(const std::vector<std::string>& keys, const std::string& next) {
  std::string xml = "<ListBucketResult><IsTruncated>";
  xml += next.empty()
             ? "false</IsTruncated>"
             : "true</IsTruncated><NextContinuationToken>" + next + "</NextContinuationToken>";
  for (const auto& key : keys)
    xml += "<Contents><Key>" + key + "</Key><Size>1</Size><ETag>e</ETag></Contents>";
  return xml + "</ListBucketResult>";
}

Result<std::vector<std::string>> ListFrom(std::vector<std::string> pages) {
  std::size_t asked = 0;
  S3Rig rig([&](const ServedRequest&) -> Reply {
    return {.body = pages[std::min(asked++, pages.size() - 1)]};
  });
  std::vector<std::string> keys;
  SF_TRY(rig.client->List("p", [&](const ObjectMeta& meta) -> Result<void> {
    keys.push_back(meta.key);
    return {};
  }));
  return keys;
}

TEST(S3Client, ListsPageAfterPage) {
  auto keys = ListFrom({Page({"p/a", "p/b"}, "t1"), Page({}, "t2"), Page({"p/c"}, "")});
  ASSERT_TRUE(keys) << keys.error().message();
  EXPECT_EQ(*keys, (std::vector<std::string>{"p/a", "p/b", "p/c"}));
}

/// A listing of OSS tells of the link itself; every other request goes to its target.
TEST(S3Client, ASymbolicLinkIsListedAsItsTarget) {
  S3Rig rig([](const ServedRequest& request) -> Reply {
    if (request.method == "HEAD")
      return {.headers = {{"ETag", "\"target\""}}, .content_length = 77};
    return {.body =
                "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>link</Key>"
                "<Size>0</Size><ETag>link</ETag><Type>Symlink</Type></Contents>"
                "</ListBucketResult>"};
  });
  std::vector<ObjectMeta> listed;
  auto done = rig.client->List("", [&](const ObjectMeta& meta) -> Result<void> {
    listed.push_back(meta);
    return {};
  });
  ASSERT_TRUE(done) << done.error().message();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].size_bytes, 77u);
  EXPECT_EQ(listed[0].etag, "target");
}

TEST(S3Client, AListingThatLiesIsRefused) {
  for (const auto& pages :
       std::vector<std::vector<std::string>>{{Page({"p/b", "p/a"}, "")},
                                             {Page({"p/a", "p/a"}, "")},
                                             {Page({"p/a"}, "t1"), Page({"p/a"}, "")},
                                             {Page({"q/a"}, "")},
                                             {Page({}, "t1"), Page({}, "t1")}}) {
    auto keys = ListFrom(pages);
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.error().code(), ErrorCode::kCorruption);
  }
}

TEST(S3Client, TheReasonOfARefusedHeadIsAskedFor) {
  S3Rig rig([](const ServedRequest& request) -> Reply {
    return request.method == "HEAD" ? Reply{.status = 403} : ErrorReply(403, "InvalidAccessKeyId");
  });
  auto head = rig.client->Head("k");
  ExpectError(head, ErrorCode::kPermission, Retry::kNever);
  EXPECT_NE(head.error().message().find("InvalidAccessKeyId"), std::string::npos);
}

TEST(S3Client, AnEmptyObjectIsLookedAtAgainOnceTheRegionIsKnown) {
  S3Rig rig(
      [](const ServedRequest& request) -> Reply {
        if (request.Header("authorization").find("/eu-west-1/") == std::string::npos) {
          if (request.method == "HEAD") return {.status = 400};
          auto reply = ErrorReply(301, "PermanentRedirect");
          reply.headers.emplace_back("x-amz-bucket-region", "eu-west-1");
          return reply;
        }
        if (request.method == "GET") return ErrorReply(416, "InvalidRange");
        return {.headers = {{"ETag", "\"e\""}}};
      },
      "");
  const auto head = rig.client->Head("k");
  ASSERT_TRUE(head) << head.error().message();
  EXPECT_EQ(head->size_bytes, 0u);
}

TEST(S3Client, WhatStoodInTheWayOfAHeadMayBeGoneOnceItsReasonIsKnown) {
  std::atomic<int> heads = 0;
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    if (request.method != "HEAD") return ErrorReply(416, "InvalidRange");
    if (++heads == 1) return {.status = 403};
    return {.headers = {{"ETag", "\"e\""}, {"x-amz-checksum-crc64nvme", "AAAAAAAAAAA="}}};
  });
  auto looked = rig.client->HeadWithCrc("empty");
  ASSERT_TRUE(looked) << looked.error().message();
  EXPECT_EQ(looked->meta.size_bytes, 0u);
  EXPECT_EQ(looked->crc, 0u);
}

// Else the checksum that only HEAD tells would be missed just when something is wrong.
TEST(S3Client, AServiceThatAnswersHeadHasToGoOnAnsweringIt) {
  std::atomic<bool> refusing = false;
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    if (request.method == "HEAD" && refusing) return {.status = 403};
    return {.status = request.method == "HEAD" ? 200 : 206,
            .headers = {{"Content-Range", "bytes 0-0/1"}, {"ETag", "\"e\""}},
            .body = "x"};
  });
  ASSERT_TRUE(rig.client->HeadWithCrc("k"));
  refusing = true;
  ExpectError(rig.client->HeadWithCrc("k"), ErrorCode::kUnavailable, Retry::kMayHelp);
}

TEST(S3Client, WhereOnlyGetIsAllowedItTellsAsMuch) {
  S3Rig rig([](const ServedRequest& request) -> Reply {
    if (request.method == "HEAD") return {.status = 403};
    return {.status = 206,
            .headers = {{"Content-Range", "bytes 0-0/77"}, {"ETag", "\"e\""}},
            .body = "x"};
  });
  auto head = rig.client->Head("k");
  ASSERT_TRUE(head) << head.error().message();
  EXPECT_EQ(head->size_bytes, 77u);
  EXPECT_EQ(head->etag, "e");
}

/// Refuses to tell of objects, as S3 does of absent ones where the right to list is bound to a
/// prefix, and lists these keys.
S3Rig RefusingButListing(std::string keys) {
  return S3Rig([keys](const ServedRequest& request) -> Reply {
    if (request.target.find("list-type=2") == std::string::npos)
      return request.method == "HEAD" ? Reply{.status = 403} : ErrorReply(403, "AccessDenied");
    EXPECT_NE(request.target.find("prefix=cp"), std::string::npos) << request.target;
    return {.body = "<ListBucketResult><IsTruncated>false</IsTruncated>" + keys +
                    "</ListBucketResult>"};
  });
}

TEST(S3Client, WhatTheListingDoesNotHaveIsNotFoundAlthoughAskingForItIsDenied) {
  auto rig = RefusingButListing("<Contents><Key>cp/a</Key><Size>1</Size></Contents>");
  ExpectError(rig.client->Head("cp"), ErrorCode::kNotFound, Retry::kNever);
}

TEST(S3Client, WhatTheListingHasMayNotBeRead) {
  auto rig = RefusingButListing("<Contents><Key>cp</Key><Size>1</Size></Contents>");
  ExpectError(rig.client->Head("cp"), ErrorCode::kPermission, Retry::kNever);
}

}  // namespace
}  // namespace stateferry::storage::s3
