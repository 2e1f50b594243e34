// Which uploads need not be read back, for the service has compared them.

#include "storage/s3/checksums.h"
#include "tests/storage/s3/upload_rig.h"

namespace stateferry::storage::s3 {
namespace {

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

}  // namespace
}  // namespace stateferry::storage::s3
