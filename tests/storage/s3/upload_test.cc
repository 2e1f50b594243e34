// Uploads whose answers get lost, lie, or come too late.

#include "storage/s3/upload.h"

#include "storage/s3/upload_token.h"
#include "tests/storage/s3/upload_rig.h"

namespace stateferry::storage::s3 {
namespace {

constexpr const char* kGone = "NoSuchUpload";

/// A service that takes parts of one upload; what it says to Complete and HEAD is the test's.
struct UploadService {
  std::string content = std::string(kPart, 'a') + "tail";
  std::function<Reply(const ServedRequest&)> complete;
  std::string head_etag;  ///< "" = the object is not there
  int heads = 0;

  UploadOptions options() const { return {.size_bytes = content.size(), .part_bytes = kPart}; }
  std::string ExpectedEtag() const {
    const std::vector<Md5Digest> parts = {Md5(AsBytes(content.substr(0, kPart))),
                                          Md5(AsBytes("tail"))};
    return MultipartEtag(parts);
  }
  Reply Answer(const ServedRequest& request) {
    if (request.method == "PUT") return {.headers = {{"ETag", "\"" + Md5Hex(request.body) + "\""}}};
    if (request.method == "HEAD") {
      ++heads;
      if (head_etag.empty()) return {.status = 404};
      return {.headers = {{"ETag", head_etag}}, .body = content};
    }
    if (request.target.find("uploads=") != std::string::npos ||
        request.target.ends_with("?uploads"))
      return {.body =
                  "<InitiateMultipartUploadResult><UploadId>u:1</UploadId>"
                  "</InitiateMultipartUploadResult>"};
    return complete(request);
  }
  Result<void> PutParts(Upload& upload) const {
    SF_TRY(upload.PutPart(0, AsBytes(content).first(kPart)));
    return upload.PutPart(1, AsBytes("tail"));
  }
};

Reply Completed(const std::string& etag) {
  return {.body = "<CompleteMultipartUploadResult><ETag>\"" + etag +
                  "\"</ETag></CompleteMultipartUploadResult>"};
}

TEST(S3Upload, PartsAndTheirSumAreCompared) {
  UploadService service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  service.complete = [&](const ServedRequest&) { return Completed(service.ExpectedEtag()); };
  auto upload = Started(rig, service.options());
  ASSERT_TRUE(service.PutParts(*upload));
  auto completed = upload->Complete();
  EXPECT_TRUE(completed) << completed.error().message();
}

TEST(S3Upload, AnObjectOfOtherPartsIsCorrupt) {
  UploadService service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  service.complete = [](const ServedRequest&) {
    return Completed("0123456789abcdef0123456789abcdef-2");
  };
  auto upload = Started(rig, service.options());
  ASSERT_TRUE(service.PutParts(*upload));
  ExpectError(upload->Complete(), ErrorCode::kCorruption, Retry::kNever);
}

TEST(S3Upload, ACompletionWhoseAnswerWasLostIsRecognised) {
  UploadService service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  service.complete = [](const ServedRequest&) -> Reply {
    return {.fault = Reply::Fault::kNoAnswer};
  };
  auto upload = Started(rig, service.options());
  ASSERT_TRUE(service.PutParts(*upload));
  ExpectError(upload->Complete(), ErrorCode::kUnavailable, Retry::kMayHelp);
  // It had reached its end all the same.
  rig.server.Change([&] {
    service.complete = [](const ServedRequest&) { return ErrorReply(404, kGone); };
    service.head_etag = service.ExpectedEtag();
  });
  auto again = upload->Complete();
  EXPECT_TRUE(again) << again.error().message();
  EXPECT_EQ(service.heads, 1);
}

TEST(S3Upload, ItsOwnObjectIsNotInTheWayOfASecondCompletion) {
  UploadService service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); }, kKnown);
  auto options = service.options();
  options.overwrite = false;
  auto upload = Started(rig, options);
  ASSERT_TRUE(service.PutParts(*upload));
  const auto in_the_way = [](const ServedRequest& request) {
    EXPECT_EQ(request.Header("if-none-match"), "*");
    return ErrorReply(412, "PreconditionFailed");
  };
  rig.server.Change([&] {
    service.head_etag = service.ExpectedEtag();
    service.complete = in_the_way;
  });
  EXPECT_TRUE(upload->Complete()) << "somebody on the way has sent the request twice";
  rig.server.Change([&] { service.head_etag = "0123456789abcdef0123456789abcdef-2"; });
  ExpectError(upload->Complete(), ErrorCode::kConflict, Retry::kNever);

  auto second = Started(rig, options);
  ASSERT_TRUE(service.PutParts(*second));
  rig.server.Change([&] {
    service.head_etag = service.ExpectedEtag();
    service.complete = [](const ServedRequest&) -> Reply {
      return {.fault = Reply::Fault::kNoAnswer};
    };
  });
  ExpectError(second->Complete(), ErrorCode::kUnavailable, Retry::kMayHelp);
  rig.server.Change([&] { service.complete = in_the_way; });
  EXPECT_TRUE(second->Complete());
}

TEST(S3Upload, AnUploadThatSomebodyElseEndedIsAConflict) {
  UploadService service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  service.complete = [](const ServedRequest&) { return ErrorReply(404, kGone); };
  service.head_etag = "another-2";
  auto upload = Started(rig, service.options());
  ASSERT_TRUE(service.PutParts(*upload));
  ExpectError(upload->Complete(), ErrorCode::kConflict, Retry::kNever);
  service.head_etag = "";
  ExpectError(upload->Complete(), ErrorCode::kNotFound, Retry::kNever);
}

TEST(S3Upload, PartsThatTheServiceHasLostAreNotFound) {
  UploadService service;
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    if (request.method == "GET")
      return {.body =
                  "<ListPartsResult><IsTruncated>false</IsTruncated><UploadId>u:1</"
                  "UploadId><Key>k</Key><Part><PartNumber>2"
                  "</PartNumber><Size>4</Size><ETag>e</ETag></Part></ListPartsResult>"};
    return service.Answer(request);
  });
  service.complete = [](const ServedRequest&) { return ErrorReply(400, "InvalidPart"); };
  auto options = service.options();
  const UploadToken token{
      .size_bytes = options.size_bytes, .part_bytes = kPart, .upload_id = "u:1"};
  options.resume_token = token.Text();
  ExpectError(Started(rig, options)->Complete(), ErrorCode::kNotFound, Retry::kNever);

  auto upload = Started(rig, options);
  ASSERT_TRUE(service.PutParts(*upload));
  ExpectError(upload->Complete(), ErrorCode::kNotFound, Retry::kNever);
}

TEST(S3Upload, IsGoneOnlyWhereItWasBegun) {
  UploadService service;
  std::string code = kGone;
  const auto answer = [&](const ServedRequest& request) {
    if (request.target.find("max-uploads") != std::string::npos && code == kGone)
      return Reply{.body =
                       "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></"
                       "ListMultipartUploadsResult>"};
    return request.method == "GET" ? ErrorReply(404, code) : service.Answer(request);
  };
  S3Rig here(answer), elsewhere(answer);
  auto options = service.options();
  options.resume_token = Started(here, options)->ResumeToken();
  ExpectError(here.backend->StartUpload("k", options), ErrorCode::kNotFound, Retry::kNever);
  const auto asked_elsewhere = elsewhere.backend->StartUpload("k", options);
  ExpectError(asked_elsewhere, ErrorCode::kRefused, Retry::kNever);
  EXPECT_NE(asked_elsewhere.error().message().find(here.server.url()), std::string::npos);
  code = "NoSuchBucket";
  ExpectError(here.backend->StartUpload("k", options), ErrorCode::kRefused, Retry::kNever);
}

TEST(S3Upload, TheEtagOfAnObjectUnderAKeyFollowsOtherRules) {
  UploadService service;
  std::string encryption = "aws:kms";
  S3Rig rig([&](const ServedRequest& request) {
    Reply reply = service.Answer(request);
    if (request.method == "HEAD")
      reply.headers.emplace_back("x-amz-server-side-encryption", encryption);
    return reply;
  });
  service.head_etag = "0123456789abcdef0123456789abcdef-2";
  service.complete = [&](const ServedRequest&) { return Completed(service.head_etag); };
  auto upload = Started(rig, service.options());
  ASSERT_TRUE(service.PutParts(*upload));
  const auto completed = upload->Complete();
  EXPECT_TRUE(completed) << completed.error().message();
  encryption = "AES256";
  ExpectError(upload->Complete(), ErrorCode::kCorruption, Retry::kNever);
}

TEST(S3Upload, APartThatArrivesDamagedIsNotAccepted) {
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    if (request.method == "POST")
      return {.body =
                  "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                  "</InitiateMultipartUploadResult>"};
    return {.headers = {{"ETag", "\"" + Md5Hex("other bytes") + "\""}}};
  });
  auto upload = Started(rig, {.size_bytes = 2 * kPart, .part_bytes = kPart});
  const std::string part(kPart, 'p');
  ExpectError(upload->PutPart(0, AsBytes(part)), ErrorCode::kUnavailable, Retry::kMayHelp);
}

TEST(S3Upload, ASmallObjectIsOnePutAndItsOwnConflictIsNone) {
  int puts = 0;
  std::string there = "other";
  S3Rig rig(
      [&](const ServedRequest& request) -> Reply {
        if (request.method == "HEAD")
          return {.headers = {{"ETag", Md5Hex(there)}}, .body = std::string("small")};
        if (request.method == "GET")
          return {.status = 206,
                  .headers = {{"ETag", Md5Hex(there)}, {"Content-Range", "bytes 0-4/5"}},
                  .body = there.substr(0, 5)};
        ++puts;
        EXPECT_EQ(request.Header("if-none-match"), "*");
        if (puts == 1) return {.fault = Reply::Fault::kNoAnswer};
        return ErrorReply(412, "PreconditionFailed");
      },
      "&sign=no&dialect=aws&style=path");
  UploadOptions options{.size_bytes = 5, .part_bytes = kPart, .overwrite = false};
  auto upload = Started(rig, options);
  ASSERT_TRUE(upload->PutPart(0, AsBytes("small")));
  EXPECT_EQ(rig.server.requests().size(), 0u) << "nothing may be visible before Complete";
  ExpectError(upload->Complete(), ErrorCode::kUnavailable, Retry::kMayHelp);
  ExpectError(upload->Complete(), ErrorCode::kConflict, Retry::kNever);
  rig.server.Change([&] { there = "small"; });
  EXPECT_TRUE(upload->Complete());
}

TEST(S3Upload, ASmallObjectWhoseEtagIsNoMd5IsRecognisedByItsBytes) {
  std::string there = "small";
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    if (request.method == "HEAD") return {.headers = {{"ETag", "e-1"}}, .body = there};
    if (request.method == "GET")
      return {.status = 206,
              .headers = {{"ETag", "e-1"}, {"Content-Range", "bytes 0-4/5"}},
              .body = there};
    return ErrorReply(412, "PreconditionFailed");
  });
  auto upload = Started(rig, {.size_bytes = 5, .part_bytes = kPart, .overwrite = false});
  ASSERT_TRUE(upload->PutPart(0, AsBytes("small")));
  EXPECT_TRUE(upload->Complete());
  ASSERT_TRUE(upload->PutPart(0, AsBytes("small")));
  there = "other";
  ExpectError(upload->Complete(), ErrorCode::kConflict, Retry::kNever);
}

TEST(S3Upload, RefusesWhatTheServiceCannotTake) {
  S3Rig rig([](const ServedRequest&) { return ErrorReply(500, "Unexpected"); });
  for (const UploadOptions& options :
       {UploadOptions{.size_bytes = kPart, .part_bytes = kPart - 1},
        UploadOptions{.size_bytes = 10'001 * kPart, .part_bytes = kPart},
        UploadOptions{.size_bytes = std::uint64_t{20} << 30, .part_bytes = std::uint64_t{6} << 30}})
    ExpectError(rig.backend->StartUpload("k", options), ErrorCode::kInvalidArgument, Retry::kNever);
  EXPECT_TRUE(rig.server.requests().empty());
}

TEST(UploadToken, RoundTripsAnyUploadId) {
  for (const char* id : {"a", "1:2:3", "~ODM-_./+="}) {
    const UploadToken token{
        .size_bytes = UINT64_MAX, .part_bytes = 1, .checksummed = true, .upload_id = id};
    const auto parsed = UploadToken::Parse(token.Text());
    ASSERT_TRUE(parsed) << token.Text();
    EXPECT_EQ(parsed->Text(), token.Text());
    UploadToken at = token;
    at.service = "http://h:1";
    ASSERT_TRUE(UploadToken::Parse(at.Text())) << at.Text();
    EXPECT_EQ(UploadToken::Parse(at.Text())->service, at.service);
    EXPECT_EQ(UploadToken::Parse(at.Text())->upload_id, id);
    UploadToken since = at;
    since.begun = SystemTime(std::chrono::seconds(1'800'000'000));
    ASSERT_TRUE(UploadToken::Parse(since.Text())) << since.Text();
    EXPECT_EQ(UploadToken::Parse(since.Text())->begun, since.begun);
    EXPECT_EQ(UploadToken::Parse(since.Text())->service, since.service);
    EXPECT_EQ(UploadToken::Parse(since.Text())->upload_id, id);
  }
  for (const char* bad :
       {"", "whole", "multipart:", "multipart:1:2:1:", "multipart:1:2:2:x", "multipart:-1:2:1:x",
        "multipart:1:2:x", "1:2:1:x", "multipart-at:1:2:1:h", "multipart-at:1:2:1:%:x",
        "multipart-since:1:2:1:h:x", "multipart-since:1:2:1:h:-1:x", "multipart-since:1:2:1:h:1:"})
    EXPECT_FALSE(UploadToken::Parse(bad)) << bad;
}

}  // namespace
}  // namespace stateferry::storage::s3
