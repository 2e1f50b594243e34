// Reads from servers that break the rules: an error each time, and never a wrong byte.

#include "storage/s3/ranged_get.h"

#include "base/hash.h"
#include "storage/s3/checksums.h"
#include "storage/s3/digest.h"
#include "tests/storage/s3/s3_rig.h"

namespace stateferry::storage::s3 {
namespace {

const std::string kContent = "0123456789abcdefghij";
constexpr const char* kEtag = "\"e1\"";

Reply Part(std::size_t from, std::size_t count, const std::string& etag = kEtag) {
  return {.status = 206,
          .headers = {{"Content-Range", "bytes " + std::to_string(from) + "-" +
                                            std::to_string(from + count - 1) + "/" +
                                            std::to_string(kContent.size())},
                      {"ETag", etag}},
          .body = kContent.substr(from, count)};
}

/// Reads 5 bytes at 10 from a server that answers so; the buffer must stay as it was on errors.
Result<std::string> Read(const Reply& reply, const std::optional<Version>& expected = {}) {
  S3Rig rig([&](const ServedRequest&) { return reply; });
  std::string out = "*****";
  auto read = rig.client->GetRange("k", 10, {reinterpret_cast<std::byte*>(out.data()), out.size()},
                                   expected);
  EXPECT_EQ(rig.server.requests().at(0).Header("range"), "bytes=10-14");
  if (!read) {
    EXPECT_EQ(out, "*****") << "bytes of a refused answer were taken";
    return std::move(read).error();
  }
  return out.substr(0, read->count);
}

TEST(RangedGet, GivesWhatWasAskedFor) {
  auto read = Read(Part(10, 5));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, "abcde");
}

TEST(RangedGet, TellsTheSumsOfWhatArrived) {
  for (const std::size_t size : {1u, 70'000u, 300'001u}) {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7 + i / 300);
    S3Rig rig([&](const ServedRequest&) {
      return Reply{.status = 206,
                   .headers = {{"Content-Range",
                                "bytes 0-" + std::to_string(size - 1) + "/" + std::to_string(size)},
                               {"ETag", kEtag}},
                   .body = content};
    });
    std::string out(size + 5, '*');  // more than there is
    auto read = rig.client->GetRange("k", 0, {reinterpret_cast<std::byte*>(out.data()), out.size()},
                                     {}, Hashing::kYes);
    ASSERT_TRUE(read) << read.error().message();
    ASSERT_EQ(read->count, size);
    EXPECT_EQ(read->crc, Crc64Nvme(AsBytes(content)));
    EXPECT_EQ(read->hash, Xxh3_128(AsBytes(content)));
  }
}

TEST(RangedGet, GivesLessOnlyAtTheEnd) {
  S3Rig rig([](const ServedRequest&) { return Part(18, 2); });
  std::string out(5, '*');
  auto read =
      rig.client->GetRange("k", 18, {reinterpret_cast<std::byte*>(out.data()), out.size()}, {});
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(out.substr(0, read->count), "ij");
  EXPECT_EQ(read->version, (Version{"e1", 20}));
}

TEST(RangedGet, RefusesOtherRangesThanAskedFor) {
  Reply whole{.status = 200, .headers = {{"ETag", kEtag}}, .body = kContent};
  Reply right_length{.status = 200, .headers = {{"ETag", kEtag}}, .body = "abcde"};
  Reply none = Part(10, 5);
  none.headers.erase(none.headers.begin());
  Reply unknown_total = Part(10, 5);
  unknown_total.headers[0].second = "bytes 10-14/*";
  Reply beyond = Part(10, 5);
  beyond.headers[0].second = "bytes 10-14/12";
  for (const Reply& reply :
       {whole, right_length, none, unknown_total, beyond, Part(9, 5), Part(10, 4), Part(10, 6)})
    ExpectError(Read(reply), ErrorCode::kRefused, Retry::kNever);
  Reply no_etag = Part(10, 5);
  no_etag.headers.pop_back();
  ExpectError(Read(no_etag), ErrorCode::kRefused, Retry::kNever);
}

TEST(RangedGet, AWrongLengthIsTransient) {
  for (const int length : {4, 6}) {
    Reply reply = Part(10, 5);
    reply.content_length = length;
    ExpectError(Read(reply), ErrorCode::kUnavailable, Retry::kMayHelp);
  }
}

TEST(RangedGet, ABodyThatIsCutIsTransient) {
  // Not through Read(): a part of the body has arrived, but the caller is told that it has none.
  Reply cut = Part(10, 5);
  cut.fault = Reply::Fault::kCutBody;
  S3Rig rig([&](const ServedRequest&) { return cut; });
  std::string out(5, '*');
  ExpectError(
      rig.client->GetRange("k", 10, {reinterpret_cast<std::byte*>(out.data()), out.size()}, {}),
      ErrorCode::kUnavailable, Retry::kMayHelp);
}

TEST(RangedGet, AReplacedObjectIsAConflict) {
  const Version expected{"e1", kContent.size()};
  EXPECT_TRUE(Read(Part(10, 5), expected));
  // A service that does not know If-Match.
  ExpectError(Read(Part(10, 5, "\"e2\""), expected), ErrorCode::kConflict, Retry::kNever);
  ExpectError(Read(Part(10, 5), Version{"e1", 21}), ErrorCode::kConflict, Retry::kNever);
  ExpectError(Read(ErrorReply(412, "PreconditionFailed"), expected), ErrorCode::kConflict,
              Retry::kNever);
  // It is shorter now.
  ExpectError(Read(ErrorReply(416, "InvalidRange"), expected), ErrorCode::kConflict, Retry::kNever);
}

TEST(RangedGet, BehindTheEndIsNothing) {
  Reply reply = ErrorReply(416, "InvalidRange");
  reply.headers.emplace_back("Content-Range", "bytes */10");
  EXPECT_EQ(*Read(reply), "");
  EXPECT_EQ(*Read(reply, Version{"e1", 10}), "");
  Reply lie = ErrorReply(416, "InvalidRange");
  lie.headers.emplace_back("Content-Range", "bytes */11");
  ExpectError(Read(lie), ErrorCode::kRefused, Retry::kNever);
}

TEST(RangedGet, PartsOfTwoVersionsAreNeverMixed) {
  std::atomic<int> version = 1;
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    const std::string etag = "e" + std::to_string(version);
    if (request.method == "HEAD") return {.headers = {{"ETag", etag}}, .body = kContent};
    const auto range = request.Header("range");
    const std::size_t from = std::stoul(range.substr(range.find('=') + 1));
    return Part(from, 5, etag);  // without a look at If-Match
  });
  std::string out(5, '*');
  const MutableByteSpan into{reinterpret_cast<std::byte*>(out.data()), out.size()};
  ASSERT_TRUE(rig.backend->ReadRange("k", 0, into));
  ASSERT_TRUE(rig.backend->ReadRange("k", 5, into));
  EXPECT_EQ(rig.server.requests().back().Header("if-match"), "\"e1\"");
  version = 2;
  ExpectError(rig.backend->ReadRange("k", 10, into), ErrorCode::kConflict, Retry::kNever);
  ASSERT_TRUE(rig.backend->Stat("k"));
  ASSERT_TRUE(rig.backend->ReadRange("k", 10, into));
  EXPECT_EQ(rig.server.requests().back().Header("if-match"), "\"e2\"");
}

TEST(RangedGet, AByteThatFlipsOnItsWayIsFoundBeforeTheCopyIsCompleted) {
  bool flip = false;
  std::string mode;
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    if (request.method == "HEAD") {
      mode = request.Header("x-amz-checksum-mode");
      return {.headers = {{"ETag", kEtag},
                          {"x-amz-checksum-crc64nvme", ChecksumText(Crc64Nvme(AsBytes(kContent)))}},
              .body = kContent};
    }
    if (request.method == "DELETE") return {.status = 204};
    const auto range = request.Header("range");
    Reply reply = Part(std::stoul(range.substr(range.find('=') + 1)), 10);
    if (flip) reply.body[3] = static_cast<char>(reply.body[3] ^ 4);
    return reply;
  });
  std::string out(10, '*');
  const MutableByteSpan into{reinterpret_cast<std::byte*>(out.data()), out.size()};
  for (const bool damaged : {false, true}) {
    (void)rig.backend->Delete("k");  // forget what was read
    ASSERT_TRUE(rig.backend->Stat("k"));
    EXPECT_EQ(mode, "") << "only needed at the end";
    ASSERT_TRUE(rig.backend->ReadRange("k", 10, into));
    flip = damaged;
    ASSERT_TRUE(rig.backend->ReadRange("k", 0, into));
    flip = false;
    auto stat = rig.backend->Stat("k");
    EXPECT_EQ(mode, "ENABLED");
    EXPECT_EQ(stat.has_value(), !damaged);
    if (damaged) ExpectError(stat, ErrorCode::kCorruption, Retry::kNever);
  }
}

TEST(RangedGet, AByteThatFlippedForAnEarlierProcessIsFoundAsWell) {
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    if (request.method != "HEAD") return Part(10, 10);
    return {.headers = {{"ETag", kEtag},
                        {"x-amz-checksum-crc64nvme", ChecksumText(Crc64Nvme(AsBytes(kContent)))}},
            .body = kContent};
  });
  std::string out(10, '*');
  const MutableByteSpan into{reinterpret_cast<std::byte*>(out.data()), out.size()};
  const ObjectMeta meta{.key = "k", .size_bytes = 20, .etag = "e1"};
  for (const std::string& read_before : {std::string("0123456789"), std::string("0123456#89")}) {
    rig.backend->AddRead(meta, 0, 10, Crc64Nvme(AsBytes(read_before)));
    const auto read = rig.backend->ReadSummed("k", 10, into);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->size_bytes, 10u);
    EXPECT_EQ(read->checksum, Crc64Nvme(AsBytes(out)));
    EXPECT_EQ(read->hash, Xxh3_128(AsBytes(out)));
    EXPECT_EQ(rig.backend->Stat("k").has_value(), read_before == "0123456789");
  }
}

/// All of an object of kContent in one request, from a server that answers so.
Result<bool> ReadAllOf(const Reply& reply, std::string& out, const std::string& options = "",
                       const std::string& scheme = "s3") {
  S3Rig rig([&](const ServedRequest&) { return reply; }, "&sign=no" + options, scheme);
  out.assign(kContent.size(), '*');
  const auto read =
      rig.backend->ReadVersion({.key = "k", .size_bytes = kContent.size(), .etag = "e1"},
                               {reinterpret_cast<std::byte*>(out.data()), out.size()});
  const auto sent = rig.server.requests().at(0);
  EXPECT_EQ(sent.Header("range"), "");
  EXPECT_EQ(sent.Header("if-match"), kEtag);
  EXPECT_EQ(sent.Header("x-amz-checksum-mode"), scheme == "s3" ? "ENABLED" : "");
  return read;
}

TEST(WholeGet, ComparesVersionAndBytes) {
  const std::string right = ChecksumText(Crc64Nvme(AsBytes(kContent)));
  std::string out;
  Reply reply{.headers = {{"ETag", kEtag}, {"x-amz-checksum-crc64nvme", right}}, .body = kContent};
  ASSERT_TRUE(ReadAllOf(reply, out));
  EXPECT_EQ(out, kContent);
  reply.body[7] = static_cast<char>(reply.body[7] ^ 1);
  ExpectError(ReadAllOf(reply, out), ErrorCode::kCorruption, Retry::kNever);
  reply.headers.pop_back();  // a service that keeps none
  EXPECT_TRUE(ReadAllOf(reply, out));
  reply.headers.emplace_back("x-oss-hash-crc64ecma", std::to_string(Crc64Ecma(AsBytes(kContent))));
  ExpectError(ReadAllOf(reply, out, "&region=r", "oss"), ErrorCode::kCorruption, Retry::kNever);
}

/// An object of kContent, read as a whole from a server that gives these bodies one after the
/// other, and the last one from then on.
struct WithoutCrc {
  std::string etag = ToHex(DigestBytes(Md5(AsBytes(kContent))));
  std::vector<std::string> bodies = {kContent};
  std::string encryption = {};
  std::size_t served = 0;
  S3Rig rig{[this](const ServedRequest&) -> Reply {
              return {.headers = {{"ETag", '"' + etag + '"'},
                                  {"x-amz-server-side-encryption", encryption}},
                      .body = bodies.at(std::min(served++, bodies.size() - 1))};
            },
            "&sign=no"};

  Result<std::string> Read() {
    std::string out(kContent.size(), '*');
    SF_TRY(rig.backend->ReadVersion({.key = "k", .size_bytes = out.size(), .etag = etag},
                                    {reinterpret_cast<std::byte*>(out.data()), out.size()}));
    return out;
  }
};

TEST(WholeGet, WithoutACrcTheMd5InTheEtagIsCompared) {
  std::string damaged = kContent;
  damaged[7] = static_cast<char>(damaged[7] ^ 1);
  WithoutCrc object{.bodies = {damaged, kContent}};
  auto read = object.Read();
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, kContent) << "a byte that flipped on its way was taken";
  EXPECT_EQ(object.served, 2u);
  std::string otherwise = kContent;
  otherwise[3] = '#';
  WithoutCrc never{.bodies = {damaged, otherwise}};
  ExpectError(never.Read(), ErrorCode::kUnavailable, Retry::kMayHelp);
}

TEST(WholeGet, AnEtagMayOnlyLookLikeAnMd5) {
  WithoutCrc object{.etag = std::string(32, 'a')};
  for (int i = 0; i < 20; ++i) {
    auto read = object.Read();
    ASSERT_TRUE(read) << "it would never be read: " << read.error().message();
    EXPECT_EQ(*read, kContent);
  }
  EXPECT_LE(object.served, 28u) << "a service whose ETags are none is read twice for ever";
  WithoutCrc encrypted{.etag = std::string(32, 'a'), .encryption = "aws:kms"};
  EXPECT_TRUE(encrypted.Read());
  EXPECT_EQ(encrypted.served, 1u);
}

TEST(WholeGet, TakesNoOtherVersionAndNothingElse) {
  std::string out;
  const auto refused = [&](const Reply& reply, ErrorCode code, Retry retry) {
    ExpectError(ReadAllOf(reply, out), code, retry);
    EXPECT_EQ(out, std::string(kContent.size(), '*')) << "bytes of a refused answer were taken";
  };
  refused({.headers = {{"ETag", "\"e2\""}}, .body = kContent}, ErrorCode::kConflict, Retry::kNever);
  // Of one version, so the answer may be what is wrong.
  refused({.headers = {{"ETag", kEtag}}, .body = kContent + "more"}, ErrorCode::kConflict,
          Retry::kMayHelp);
  refused({.headers = {{"ETag", kEtag}}, .body = "less"}, ErrorCode::kConflict, Retry::kMayHelp);
  refused({.body = kContent}, ErrorCode::kRefused, Retry::kNever);
  refused(Part(0, kContent.size()), ErrorCode::kRefused, Retry::kNever);
  refused(ErrorReply(412, "PreconditionFailed"), ErrorCode::kConflict, Retry::kNever);
  const Reply cut{.headers = {{"ETag", kEtag}}, .body = kContent, .fault = Reply::Fault::kCutBody};
  ExpectError(ReadAllOf(cut, out), ErrorCode::kUnavailable, Retry::kMayHelp);
}

}  // namespace
}  // namespace stateferry::storage::s3
