// Uploads whose answers get lost, lie, or come too late.

#include "storage/s3/upload.h"

#include <fmt/chrono.h>

#include "base/hash.h"
#include "storage/s3/checksums.h"
#include "storage/s3/digest.h"
#include "storage/s3/upload_token.h"
#include "tests/storage/s3/s3_rig.h"

namespace stateferry::storage::s3 {
namespace {

constexpr std::uint64_t kPart = std::uint64_t{5} << 20;
constexpr const char* kGone = "NoSuchUpload";

std::string Md5Hex(std::string_view text) { return ToHex(DigestBytes(Md5(AsBytes(text)))); }

/// Of a service whose conditions need no proof.
constexpr const char* kKnown = "&sign=no&dialect=minio";

/// A service that takes parts of one upload; what it says to Complete and HEAD is the test's.
struct Service {
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

std::unique_ptr<Upload> Started(S3Rig& rig, const UploadOptions& options) {
  auto upload = rig.backend->StartUpload("k", options);
  EXPECT_TRUE(upload) << upload.error().message();
  return upload ? std::move(*upload) : nullptr;
}

TEST(S3Upload, PartsAndTheirSumAreCompared) {
  Service service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  service.complete = [&](const ServedRequest&) { return Completed(service.ExpectedEtag()); };
  auto upload = Started(rig, service.options());
  ASSERT_TRUE(service.PutParts(*upload));
  auto completed = upload->Complete();
  EXPECT_TRUE(completed) << completed.error().message();
}

TEST(S3Upload, AnObjectOfOtherPartsIsCorrupt) {
  Service service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  service.complete = [](const ServedRequest&) {
    return Completed("0123456789abcdef0123456789abcdef-2");
  };
  auto upload = Started(rig, service.options());
  ASSERT_TRUE(service.PutParts(*upload));
  ExpectError(upload->Complete(), ErrorCode::kCorruption, Retry::kNever);
}

TEST(S3Upload, ACompletionWhoseAnswerWasLostIsRecognised) {
  Service service;
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
  Service service;
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
  Service service;
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
  Service service;
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
  Service service;
  std::string code = kGone;
  const auto answer = [&](const ServedRequest& request) {
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
  Service service;
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

/// Takes whole objects and parts, and refuses wrong checksums if it `compares`.
struct Comparing {
  bool compares = true;
  bool compares_parts = true;
  std::string etag = "e-2";  ///< of an object of parts
  std::vector<ServedRequest> puts = {};
  std::optional<std::string> whole = {};  ///< the checksum that Complete told of the whole

  Reply Answer(const ServedRequest& request) {
    if (request.method == "HEAD") return {.status = 404};
    if (request.method == "POST" && request.target.find("uploadId") == std::string::npos)
      return {.headers = {{"x-amz-checksum-algorithm", "CRC64NVME"}},
              .body =
                  "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                  "</InitiateMultipartUploadResult>"};
    const std::string sum = request.Header("x-amz-checksum-crc64nvme");
    if (request.method == "POST")
      return {.body = "<CompleteMultipartUploadResult><ETag>" + etag +
                      "</ETag><ChecksumCRC64NVME>" + whole.value_or(sum) +
                      "</ChecksumCRC64NVME></CompleteMultipartUploadResult>"};
    puts.push_back(request);
    const bool is_part = request.target.find("partNumber") != std::string::npos;
    if ((is_part ? compares_parts : compares) &&
        sum != ChecksumText(Crc64Nvme(AsBytes(request.body))))
      return ErrorReply(400, "BadDigest");
    return {.headers = {{"ETag", "\"" + Md5Hex(request.body) + "\""},
                        {"x-amz-checksum-crc64nvme", sum}}};
  }
  /// Of one small object.
  static std::unique_ptr<Upload> Put(S3Rig& rig, bool overwrite = false) {
    auto upload = Started(rig, {.size_bytes = 5, .part_bytes = kPart, .overwrite = overwrite});
    EXPECT_TRUE(upload->PutPart(0, AsBytes("small")));
    auto completed = upload->Complete();
    EXPECT_TRUE(completed) << completed.error().message();
    return upload;
  }
};

TEST(S3Upload, IsComparedWhereTheServiceHasRefusedAWrongChecksum) {
  Comparing service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); }, kKnown);
  EXPECT_TRUE(Comparing::Put(rig)->compared());
  ASSERT_EQ(service.puts.size(), 2u) << "one of them with a wrong checksum";
  EXPECT_TRUE(Comparing::Put(rig)->compared());
  EXPECT_EQ(service.puts.size(), 3u) << "which is tried once";
}

TEST(S3Upload, IsNotComparedWhereAnyChecksumIsTaken) {
  Comparing service{.compares = false};
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); }, kKnown);
  EXPECT_FALSE(Comparing::Put(rig)->compared());
  ASSERT_EQ(service.puts.size(), 2u);
  EXPECT_EQ(service.puts[0].Header("if-none-match"), "*") << "nobody's object is replaced";
  EXPECT_EQ(service.puts[1].Header("if-none-match"), "") << "it is this object by now";
  EXPECT_EQ(service.puts[1].Header("x-amz-checksum-crc64nvme"),
            ChecksumText(Crc64Nvme(AsBytes("small"))))
      << "no object may keep a wrong one";
  EXPECT_EQ(service.puts[0].body, service.puts[1].body);
  EXPECT_FALSE(Comparing::Put(rig)->compared());
  EXPECT_EQ(service.puts.size(), 3u);
}

TEST(S3Upload, AnOutageTellsNothingAboutChecksums) {
  Comparing service;
  bool down = true;
  S3Rig rig(
      [&](const ServedRequest& request) {
        return down ? ErrorReply(503, "SlowDown") : service.Answer(request);
      },
      kKnown);
  auto upload = Started(rig, {.size_bytes = 5, .part_bytes = kPart});
  ASSERT_TRUE(upload->PutPart(0, AsBytes("small")));
  EXPECT_FALSE(upload->Complete());
  EXPECT_FALSE(upload->compared());
  rig.server.Change([&] { down = false; });
  EXPECT_TRUE(upload->Complete());
  EXPECT_TRUE(upload->compared());
}

class S3UploadOfParts : public testing::Test {
 protected:
  std::unique_ptr<Upload> Put() {
    auto upload = Started(rig_, {.size_bytes = kPart + 4, .part_bytes = kPart});
    EXPECT_TRUE(upload->PutPart(0, AsBytes(part_)));
    EXPECT_TRUE(upload->PutPart(1, AsBytes("tail")));
    return upload;
  }
  bool IsCompared() {
    const auto upload = Put();
    const auto completed = upload->Complete();
    EXPECT_TRUE(completed) << completed.error().message();
    return upload->compared();
  }

  const std::string part_ = std::string(kPart, 'p');
  Comparing service_{
      .etag = MultipartEtag(std::vector<Md5Digest>{Md5(AsBytes(part_)), Md5(AsBytes("tail"))})};
  S3Rig rig_{[this](const ServedRequest& request) { return service_.Answer(request); }, kKnown};
};

TEST_F(S3UploadOfParts, IsComparedAsAWhole) {
  EXPECT_TRUE(IsCompared());
  EXPECT_EQ(service_.puts.size(), 3u);
  EXPECT_TRUE(service_.puts[0].body == service_.puts[1].body)
      << "some services take no other bytes the second time";
  rig_.server.Change([&] { service_.whole = ChecksumText(std::uint64_t{1}); });
  ExpectError(Put()->Complete(), ErrorCode::kCorruption, Retry::kNever);
}

TEST_F(S3UploadOfParts, IsNotComparedByAServiceThatTellsNothingOfTheWhole) {
  service_.whole = "";
  EXPECT_FALSE(IsCompared());
}

TEST_F(S3UploadOfParts, IsNotComparedByAServiceThatRepeatsWhatItWasTold) {
  service_.etag = "0123456789abcdef0123456789abcdef-2";
  EXPECT_FALSE(IsCompared());
}

TEST_F(S3UploadOfParts, IsNotComparedByAServiceThatComparesWholeObjectsAlone) {
  service_.compares_parts = false;
  EXPECT_TRUE(Comparing::Put(rig_)->compared());
  EXPECT_FALSE(IsCompared());
}

TEST(S3Upload, OssTellsItsOwnChecksum) {
  bool tells = true;
  S3Rig rig(
      [&](const ServedRequest& request) -> Reply {
        if (request.method == "HEAD") return {.status = 404};
        Reply reply{.headers = {{"ETag", "\"e\""}}};
        if (tells)
          reply.headers.emplace_back("x-oss-hash-crc64ecma",
                                     std::to_string(Crc64Ecma(AsBytes(request.body))));
        return reply;
      },
      "&sign=no&region=r", "oss");
  EXPECT_TRUE(Comparing::Put(rig)->compared());
  EXPECT_EQ(rig.server.requests().size(), 2u) << "one of them a look whether it is there";
  rig.server.Change([&] { tells = false; });
  EXPECT_FALSE(Comparing::Put(rig)->compared());
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

/// A service that lists these uploads of a bucket and remembers what was aborted.
struct BegunUploads {
  std::string listed;
  std::vector<std::string> aborted;
  int lost = 0;  ///< answers to CreateMultipartUpload that do not come

  static std::string Upload(const std::string& key, const std::string& id,
                            const std::string& begun) {
    return "<Upload><Key>" + key + "</Key><UploadId>" + id + "</UploadId><Initiated>" + begun +
           "</Initiated></Upload>";
  }
  /// `seconds` from now, as listings tell it.
  static std::string In(std::chrono::seconds seconds) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(
                                                    std::chrono::system_clock::now() + seconds)));
  }
  Reply Answer(const ServedRequest& request) {
    if (request.method == "DELETE") {
      aborted.push_back(request.target.substr(request.target.find("uploadId=") + 9));
      return {.status = 204};
    }
    if (request.method == "POST") {
      if (lost-- > 0) return {.fault = Reply::Fault::kNoAnswer};
      return {.body =
                  "<InitiateMultipartUploadResult><UploadId>heard</UploadId>"
                  "</InitiateMultipartUploadResult>"};
    }
    if (request.target.find("prefix=k") != std::string::npos)
      return {.body = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>" + listed +
                      "</ListMultipartUploadsResult>"};
    return ErrorReply(404, kGone);
  }
};

const UploadOptions kTwoParts{.size_bytes = kPart + 4, .part_bytes = kPart};

TEST(S3UnheardUploads, AnIntentFindsWhatWasBegunUnderItsKeySince) {
  BegunUploads service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  auto options = kTwoParts;
  options.resume_token = rig.backend->IntentToken(kTwoParts);
  EXPECT_NE(options.resume_token, "");
  using std::chrono::seconds;
  service.listed = BegunUploads::Upload("k", "before", BegunUploads::In(seconds(-60))) +
                   BegunUploads::Upload("k", "unheard", BegunUploads::In(seconds(1))) +
                   BegunUploads::Upload("k", "much-later", BegunUploads::In(seconds(7200))) +
                   BegunUploads::Upload("k2", "of-another", BegunUploads::In(seconds(1)));
  ExpectError(rig.backend->StartUpload("k", options), ErrorCode::kNotFound, Retry::kNever);
  EXPECT_EQ(service.aborted, std::vector<std::string>{"unheard"});
}

TEST(S3UnheardUploads, AnIntentIsForgottenOnlyWhereItWasMade) {
  BegunUploads service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  S3Rig other([&](const ServedRequest& request) { return service.Answer(request); });
  auto options = kTwoParts;
  options.resume_token = other.backend->IntentToken(kTwoParts);
  ExpectError(rig.backend->StartUpload("k", options), ErrorCode::kRefused, Retry::kNever);
}

TEST(S3UnheardUploads, WhoMayNotListThemGoesOn) {
  S3Rig rig([&](const ServedRequest&) { return ErrorReply(403, "AccessDenied"); });
  auto options = kTwoParts;
  options.resume_token = rig.backend->IntentToken(kTwoParts);
  ExpectError(rig.backend->StartUpload("k", options), ErrorCode::kNotFound, Retry::kNever);
}

TEST(S3UnheardUploads, OneWhoseAnswerWasLostGoesWhenTheNextIsHeard) {
  BegunUploads service;
  service.lost = 1;
  service.listed = BegunUploads::Upload("k", "heard", BegunUploads::In(std::chrono::seconds(0))) +
                   BegunUploads::Upload("k", "unheard", BegunUploads::In(std::chrono::seconds(0)));
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  ExpectError(rig.backend->StartUpload("k", kTwoParts), ErrorCode::kUnavailable, Retry::kMayHelp);
  EXPECT_TRUE(rig.backend->StartUpload("k", kTwoParts));
  EXPECT_EQ(service.aborted, std::vector<std::string>{"unheard"});
}

TEST(S3UnheardUploads, OnePutLeavesNothing) {
  S3Rig rig([&](const ServedRequest&) { return ErrorReply(403, "AccessDenied"); });
  EXPECT_EQ(rig.backend->IntentToken({.size_bytes = 4, .part_bytes = kPart}), "");
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
  }
  for (const char* bad :
       {"", "whole", "multipart:", "multipart:1:2:1:", "multipart:1:2:2:x", "multipart:-1:2:1:x",
        "multipart:1:2:x", "1:2:1:x", "multipart-at:1:2:1:h", "multipart-at:1:2:1:%:x"})
    EXPECT_FALSE(UploadToken::Parse(bad)) << bad;
}

}  // namespace
}  // namespace stateferry::storage::s3
