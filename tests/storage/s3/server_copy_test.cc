// Copies that the service makes by itself: what is asked for, and what the answers prove.

#include "storage/s3/client.h"
#include "storage/service_copy.h"
#include "tests/storage/s3/s3_rig.h"

namespace stateferry::storage::s3 {
namespace {

constexpr const char* kMd5 = "0123456789abcdef0123456789abcdef";

Reply Copied(const std::string& etag, const std::string& more = "") {
  return {.body = "<CopyObjectResult><ETag>&quot;" + etag + "&quot;</ETag>" + more +
                  "</CopyObjectResult>"};
}

CopySource Source() { return {"other", {.key = "a +b/c", .size_bytes = 9, .etag = "e"}}; }

TEST(S3ServerCopy, NamesTheSourceAndPinsItsVersion) {
  S3Rig rig([](const ServedRequest&) { return Copied(kMd5); });
  const auto copied = rig.client->CopyWhole(Source(), "to", true);
  ASSERT_TRUE(copied) << copied.error().message();
  EXPECT_EQ(copied->meta.etag, kMd5);
  EXPECT_EQ(copied->sums, (std::map<std::string, std::string>{{"md5", kMd5}}));
  const auto sent = rig.server.requests().at(0);
  EXPECT_EQ(sent.method + " " + sent.target, "PUT /b/to");
  EXPECT_EQ(sent.Header("x-amz-copy-source"), "/other/a%20%2Bb/c");
  EXPECT_EQ(sent.Header("x-amz-copy-source-if-match"), "\"e\"");
  EXPECT_EQ(sent.Header("if-none-match"), "");
}

TEST(S3ServerCopy, WhereTheConditionIsIgnoredItIsLookedFirst) {
  bool there = false;
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    if (request.method == "PUT") return Copied(kMd5);
    if (!there) return {.status = 404};
    return {.headers = {{"ETag", "\"x\""}}, .body = "x"};
  });
  EXPECT_TRUE(rig.client->CopyWhole(Source(), "to", false));
  there = true;
  ExpectError(rig.client->CopyWhole(Source(), "to", false), ErrorCode::kConflict, Retry::kNever);
  EXPECT_EQ(rig.server.requests().size(), 3u) << "nothing was copied the second time";
}

TEST(S3ServerCopy, WhereTheConditionIsKnownItIsSaid) {
  const auto answer = [](const ServedRequest& request) -> Reply {
    return request.method == "HEAD" ? Reply{.status = 404} : Copied(kMd5);
  };
  S3Rig aws(answer, "&sign=no&dialect=aws&style=path");
  EXPECT_TRUE(aws.client->CopyWhole(Source(), "to", false));
  ASSERT_EQ(aws.server.requests().size(), 1u);
  EXPECT_EQ(aws.server.requests()[0].Header("if-none-match"), "*");
  S3Rig oss(answer, "&region=r", "oss");
  EXPECT_TRUE(oss.client->CopyWhole(Source(), "to", false));
  EXPECT_TRUE(oss.client->CopyWhole(Source(), "more", false));
  ASSERT_EQ(oss.server.requests().size(), 3u) << "a bucket that keeps versions was looked for once";
  EXPECT_EQ(oss.server.requests()[1].Header("x-oss-forbid-overwrite"), "true");
  EXPECT_EQ(oss.server.requests()[1].Header("x-oss-copy-source"), "/other/a%20%2Bb/c");
}

TEST(S3ServerCopy, AnErrorUnder200IsAnError) {
  Reply reply;
  S3Rig rig([&](const ServedRequest&) { return reply; });
  const auto copy = [&] { return rig.client->CopyWhole(Source(), "to", true); };
  const auto copy_part = [&] { return rig.client->CopyPart(Source(), {0, 9}, "to", "id", 1); };
  reply.body = "\n <Error><Code>InternalError</Code></Error>";
  ExpectError(copy(), ErrorCode::kUnavailable, Retry::kMayHelp);
  ExpectError(copy_part(), ErrorCode::kUnavailable, Retry::kMayHelp);
  reply.body = "<Error><Code>AccessDenied</Code></Error>";
  ExpectError(copy(), ErrorCode::kPermission, Retry::kNever);
  for (const char* unclear : {"", " \n", "<CopyObjectResult><ETag>", "<CopyObjectResult/>"}) {
    reply.body = unclear;
    ExpectError(copy(), ErrorCode::kUnavailable, Retry::kMayHelp);
  }
}

TEST(S3ServerCopy, APartIsARangeOfTheSource) {
  S3Rig rig([](const ServedRequest&) -> Reply {
    return {.body = "<CopyPartResult><ETag>&quot;p&quot;</ETag></CopyPartResult>"};
  });
  const auto part = rig.client->CopyPart(Source(), {5, 4}, "to", "id", 2);
  ASSERT_TRUE(part) << part.error().message();
  EXPECT_EQ(part->etag, "p");
  EXPECT_EQ(part->size_bytes, 4u);
  const auto sent = rig.server.requests().at(0);
  EXPECT_EQ(sent.target, "/b/to?partNumber=2&uploadId=id");
  EXPECT_EQ(sent.Header("x-amz-copy-source-range"), "bytes=5-8");
  EXPECT_EQ(sent.Header("x-amz-copy-source-if-match"), "\"e\"");
}

std::map<std::string, std::string> SumsOfAnswer(
    std::vector<std::pair<std::string, std::string>> headers, const std::string& options = "",
    const std::string& scheme = "s3") {
  S3Rig rig([&](const ServedRequest&) -> Reply { return {.headers = headers, .body = "x"}; },
            "&sign=no" + options, scheme);
  const auto sums = rig.backend->SumsOf("k");
  EXPECT_TRUE(sums) << sums.error().message();
  return sums ? sums->sums : std::map<std::string, std::string>();
}

TEST(S3ServerCopy, OnlyChecksumsOfTheWholeObjectAreComparable) {
  using Sums = std::map<std::string, std::string>;
  const std::pair<std::string, std::string> etag{"ETag", "\"" + std::string(kMd5) + "\""};
  const std::pair<std::string, std::string> crc{"x-amz-checksum-crc64nvme", "AAAAAAAAAAE="};
  EXPECT_EQ(SumsOfAnswer({etag}), (Sums{{"md5", kMd5}}));
  EXPECT_EQ(SumsOfAnswer({etag, crc}), (Sums{{"md5", kMd5}, {"crc64nvme", "AAAAAAAAAAE="}}));
  EXPECT_EQ(SumsOfAnswer({{"ETag", "\"" + std::string(kMd5) + "-2\""}}), Sums());
  EXPECT_EQ(SumsOfAnswer({etag, {"x-amz-server-side-encryption", "aws:kms"}}), Sums());
  EXPECT_EQ(SumsOfAnswer({{"ETag", "\"e-2\""}, crc, {"x-amz-checksum-type", "COMPOSITE"}}), Sums());
  EXPECT_EQ(SumsOfAnswer({{"ETag", "\"e-2\""}, {"x-amz-checksum-crc32c", "AAAAAA==-2"}}), Sums());
  EXPECT_EQ(SumsOfAnswer({{"ETag", "\"e-2\""}, {"x-amz-checksum-crc64nvme", "BoWusw=="}}), Sums());
  EXPECT_EQ(SumsOfAnswer({etag, {"x-oss-hash-crc64ecma", "7"}}, "&region=r", "oss"),
            (Sums{{"crc64ecma", "7"}}))
      << "the ETags of OSS are no content hashes";
}

TEST(S3ServerCopy, EqualEtagsProveSamenessAndOthersNothing) {
  const ObjectSums a{.meta = {}, .sums = {{"md5", "1"}, {"crc64nvme", "x"}}};
  EXPECT_EQ(Compare(a, {.meta = {}, .sums = {{"crc64nvme", "x"}}}), Alike::kYes);
  EXPECT_EQ(Compare(a, {.meta = {}, .sums = {{"crc64nvme", "y"}}}), Alike::kNo);
  EXPECT_EQ(Compare(a, {.meta = {}, .sums = {{"md5", "1"}}}), Alike::kYes);
  EXPECT_EQ(Compare(a, {.meta = {}, .sums = {{"md5", "2"}}}), Alike::kUnknown);
  EXPECT_EQ(Compare(a, {.meta = {}, .sums = {{"md5", "2"}, {"crc64nvme", "x"}}}), Alike::kYes);
  EXPECT_EQ(Compare(a, {.meta = {}, .sums = {{"md5", "1"}, {"crc64nvme", "y"}}}), Alike::kNo);
  EXPECT_EQ(Compare(a, {.meta = {}, .sums = {{"sha256", "x"}}}), Alike::kUnknown);
}

TEST(S3ServerCopy, TheServiceIsTheEndpointTheRegionAndThePrincipal) {
  S3Rig rig([](const ServedRequest&) -> Reply { return {}; }, "&region=r");
  auto place = rig.backend->service_place();
  ASSERT_TRUE(place);
  EXPECT_EQ(place->service, "s3 " + rig.server.url());
  EXPECT_EQ(place->region, "r");
  EXPECT_EQ(place->container, "b");
  EXPECT_EQ(WhyApart(*place, *place), "");
  S3Rig nobody([](const ServedRequest&) -> Reply { return {}; }, "&sign=no");
  EXPECT_FALSE(nobody.backend->service_place()->can_sign);
}

}  // namespace
}  // namespace stateferry::storage::s3
