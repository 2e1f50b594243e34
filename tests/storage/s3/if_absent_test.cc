// "Only if it does not exist" at services that keep to it, that do not, and that do sometimes.

#include <map>

#include "base/hash.h"
#include "storage/s3/digest.h"
#include "tests/storage/s3/s3_rig.h"

namespace stateferry::storage::s3 {
namespace {

/// A service that keeps objects and may not care what their PUT is conditional on.
struct ConditionService {
  bool keeps_conditions = true;
  bool refuses_second_puts = false;  ///< for reasons of its own
  bool keeps_versions = false;
  std::map<std::string, std::string> objects = {};  ///< by target

  Reply Answer(const ServedRequest& request) {
    const auto found = objects.find(request.target);
    const bool there = found != objects.end();
    if (request.method == "POST" && request.target.find("?uploads") != std::string::npos)
      return {.body =
                  "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                  "</InitiateMultipartUploadResult>"};
    if (request.method == "POST") return Complete(request);
    if (request.method == "HEAD" && !there) return {.status = 404};
    if (request.method == "HEAD")
      return {.headers = {{"ETag", Etag(found->second)}}, .body = found->second};
    if (there && refuses_second_puts) return ErrorReply(503, "ServiceUnavailable");
    const bool conditional = request.Header("if-none-match") == "*" ||
                             request.Header("x-oss-forbid-overwrite") == "true";
    if (there && conditional && keeps_conditions) return ErrorReply(412, "PreconditionFailed");
    objects[request.target] = request.body;
    Reply reply{.headers = {{"ETag", Etag(request.body)}}};
    if (keeps_versions) reply.headers.emplace_back("x-oss-version-id", "v1");
    return reply;
  }
  Reply Complete(const ServedRequest& request) {
    objects[request.target.substr(0, request.target.find('?'))] = "joined";
    return {.body =
                "<CompleteMultipartUploadResult><ETag>&quot;e-1&quot;</ETag>"
                "</CompleteMultipartUploadResult>"};
  }
  static std::string Etag(std::string_view body) {
    return "\"" + ToHex(DigestBytes(Md5(AsBytes(body)))) + "\"";
  }
};

class S3IfAbsent : public testing::Test {
 protected:
  S3Rig Rig(const std::string& options = "&sign=no", const std::string& scheme = "s3") {
    return S3Rig([this](const ServedRequest& request) { return service_.Answer(request); }, options,
                 scheme);
  }
  static Result<Stored> PutNew(S3Rig& rig, std::string_view key) {
    return rig.client->Put(key, AsBytes("body"), false);
  }
  static std::string Methods(const S3Rig& rig) {
    std::string methods;
    for (const auto& request : rig.server.requests())
      methods += (methods.empty() ? "" : " ") + request.method;
    return methods;
  }
  static Result<Stored> CompleteNew(S3Rig& rig) {
    const StoredParts parts{{1, {.size_bytes = 4, .etag = "a"}}};
    return rig.client->Complete("k", "u", parts, {.size_bytes = 4, .overwrite = false});
  }

  ConditionService service_;
};

TEST_F(S3IfAbsent, AServiceThatDoesNotCareIsRefusedAtTheFirstObject) {
  service_.keeps_conditions = false;
  S3Rig rig = Rig();
  const auto first = PutNew(rig, "a");
  ASSERT_FALSE(first);
  ExpectError(first, ErrorCode::kRefused, Retry::kNever);
  EXPECT_NE(first.error().message().find("If-None-Match"), std::string::npos);
  EXPECT_NE(first.error().message().find("dialect=basic"), std::string::npos);
  EXPECT_EQ(service_.objects["/b/a"], "body") << "the proof changes no content";
  const auto asked = rig.server.requests().size();
  ExpectError(PutNew(rig, "b"), ErrorCode::kRefused, Retry::kNever);
  ExpectError(rig.client->CreateMultipart("c", {.overwrite = false}), ErrorCode::kRefused,
              Retry::kNever);
  ExpectError(CompleteNew(rig), ErrorCode::kRefused, Retry::kNever);
  EXPECT_EQ(rig.server.requests().size(), asked) << "it is known by now";
  EXPECT_TRUE(rig.client->Put("a", AsBytes("more"), true)) << "what may be replaced needs no proof";
}

TEST_F(S3IfAbsent, TheProofIsMadeOnce) {
  S3Rig rig = Rig();
  for (const char* key : {"a", "b", "c"}) EXPECT_TRUE(PutNew(rig, key)) << key;
  EXPECT_EQ(Methods(rig), "HEAD PUT PUT PUT PUT");
  ExpectError(PutNew(rig, "a"), ErrorCode::kConflict, Retry::kNever);
}

TEST_F(S3IfAbsent, KnownServicesNeedNone) {
  S3Rig rig = Rig("&sign=no&dialect=minio");
  EXPECT_TRUE(PutNew(rig, "a"));
  EXPECT_TRUE(CompleteNew(rig));
  EXPECT_EQ(Methods(rig), "PUT POST");
}

TEST_F(S3IfAbsent, WhereNoProofIsToBeHadNamesAreLookedAtFirst) {
  service_.refuses_second_puts = true;
  S3Rig rig = Rig();
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_TRUE(PutNew(rig, key)) << key;
  EXPECT_EQ(Methods(rig), "HEAD PUT PUT HEAD PUT PUT HEAD PUT PUT HEAD PUT");
}

TEST_F(S3IfAbsent, ThePutProvesNothingOfComplete) {
  S3Rig rig = Rig();
  EXPECT_TRUE(PutNew(rig, "a"));
  EXPECT_TRUE(CompleteNew(rig));
  EXPECT_EQ(rig.server.requests().back().Header("if-none-match"), "*");
  EXPECT_EQ(Methods(rig), "HEAD PUT PUT HEAD POST");
  service_.objects["/b/k"] = "of another writer";
  ExpectError(CompleteNew(rig), ErrorCode::kConflict, Retry::kNever);
  EXPECT_EQ(service_.objects["/b/k"], "of another writer");
}

TEST_F(S3IfAbsent, TheBasicDialectLooksFirst) {
  service_.keeps_conditions = false;
  S3Rig rig = Rig("&sign=no&dialect=basic");
  EXPECT_TRUE(PutNew(rig, "a"));
  ExpectError(PutNew(rig, "a"), ErrorCode::kConflict, Retry::kNever);
  EXPECT_EQ(Methods(rig), "HEAD PUT HEAD");
}

// There OSS does not look at its own header.
TEST_F(S3IfAbsent, WhereOssKeepsVersionsNamesAreLookedAtFirst) {
  service_.keeps_conditions = false;
  service_.keeps_versions = true;
  S3Rig rig = Rig("&region=r", "oss");
  EXPECT_TRUE(PutNew(rig, "a"));
  service_.objects["/b/b"] = service_.objects["/b/k"] = "of another writer";
  ExpectError(PutNew(rig, "b"), ErrorCode::kConflict, Retry::kNever);
  ExpectError(CompleteNew(rig), ErrorCode::kConflict, Retry::kNever);
  EXPECT_EQ(service_.objects["/b/b"], "of another writer");
}

TEST_F(S3IfAbsent, WhereOssKeepsNoneItsHeaderIsEnough) {
  S3Rig rig = Rig("&region=r", "oss");
  for (const char* key : {"a", "b"}) EXPECT_TRUE(PutNew(rig, key)) << key;
  ExpectError(PutNew(rig, "a"), ErrorCode::kConflict, Retry::kNever);
  EXPECT_EQ(Methods(rig), "HEAD PUT PUT PUT");
}

}  // namespace
}  // namespace stateferry::storage::s3
