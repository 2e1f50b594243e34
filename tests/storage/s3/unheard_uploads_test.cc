// Uploads whose beginning nobody has heard of.

#include "storage/s3/unheard_uploads.h"

#include <fmt/chrono.h>

#include "tests/storage/s3/upload_rig.h"

namespace stateferry::storage::s3 {
namespace {

/// A service that has begun uploads of a bucket and remembers what was aborted.
struct BegunUploads {
  struct Begun {
    std::string id;
    std::chrono::seconds from_now{0};
    std::string key = "k";
  };
  std::vector<Begun> begun;
  std::vector<std::string> aborted;
  int lost = 0;  ///< answers to CreateMultipartUpload that do not come
  /// What becomes of the n-th listing, from 0, on its way.
  std::function<Reply(int, Reply)> on_way = [](int, Reply reply) { return reply; };
  int listings = 0;

  /// As listings tell it.
  static std::string In(std::chrono::seconds from_now) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(
                                                    std::chrono::system_clock::now() + from_now)));
  }
  std::string Listed() const {
    std::string xml = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>";
    for (const auto& [id, from_now, key] : begun)
      xml += "<Upload><Key>" + key + "</Key><UploadId>" + id + "</UploadId><Initiated>" +
             In(from_now) + "</Initiated></Upload>";
    return xml + "</ListMultipartUploadsResult>";
  }
  Reply Answer(const ServedRequest& request) {
    if (request.method == "DELETE") {
      const auto id = request.target.substr(request.target.find("uploadId=") + 9);
      aborted.push_back(id);
      const auto gone = std::erase_if(begun, [&](const Begun& one) { return one.id == id; });
      return gone > 0 ? Reply{.status = 204} : ErrorReply(404, "NoSuchUpload");
    }
    if (request.method == "POST") {
      if (lost-- > 0) return {.fault = Reply::Fault::kNoAnswer};
      return {.body =
                  "<InitiateMultipartUploadResult><UploadId>heard</UploadId>"
                  "</InitiateMultipartUploadResult>"};
    }
    if (request.target.find("prefix=k") != std::string::npos)
      return on_way(listings++, {.body = Listed()});
    return ErrorReply(404, "NoSuchUpload");
  }
};

Reply Damaged(Reply reply, const std::string& text, const std::string& other) {
  const auto at = reply.body.find(text);
  if (at != std::string::npos) reply.body.replace(at, text.size(), other);
  return reply;
}

const UploadOptions kTwoParts{.size_bytes = kPart + 4, .part_bytes = kPart};

/// What becomes at `rig` of an upload of "k" of which only the intent is known, made at `maker`.
Result<std::unique_ptr<Upload>> GoOnFromIntent(S3Rig& rig, S3Rig& maker) {
  auto options = kTwoParts;
  options.resume_token = maker.backend->IntentToken(kTwoParts);
  EXPECT_NE(options.resume_token, "");
  return rig.backend->StartUpload("k", options);
}
/// Nobody knows its parts, so it is gone.
void ExpectGone(S3Rig& rig) {
  ExpectError(GoOnFromIntent(rig, rig), ErrorCode::kNotFound, Retry::kNever);
}

TEST(S3UnheardUploads, AnIntentFindsWhatWasBegunUnderItsKeySince) {
  BegunUploads service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  using std::chrono::seconds;
  service.begun = {{"before", seconds(-60)},
                   {"unheard", seconds(1)},
                   {"much-later", seconds(7200)},
                   {"of-another", seconds(1), "k2"}};
  ExpectGone(rig);
  EXPECT_EQ(service.aborted, std::vector<std::string>{"unheard"});
}

TEST(S3UnheardUploads, AnIntentIsForgottenOnlyWhereItWasMade) {
  BegunUploads service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  S3Rig other([&](const ServedRequest& request) { return service.Answer(request); });
  ExpectError(GoOnFromIntent(rig, other), ErrorCode::kRefused, Retry::kNever);
}

TEST(S3UnheardUploads, WhoMayNotListThemGoesOn) {
  S3Rig rig([&](const ServedRequest&) { return ErrorReply(403, "AccessDenied"); });
  ExpectGone(rig);
}

TEST(S3UnheardUploads, ADamagedListingHidesNone) {
  const std::vector<std::pair<std::string, std::string>> damages = {
      {"<Key>k<", "<Key>j<"}, {"unheard", "unheaqd"}, {"<Initiated>2", "<Initiated>1"}};
  for (const auto& [text, other] : damages) {
    SCOPED_TRACE(other);
    BegunUploads service;
    service.on_way = [&, text = text, other = other](int number, const Reply& reply) {
      return number == 0 ? Damaged(reply, text, other) : reply;
    };
    S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
    service.begun = {{"unheard"}};
    ExpectGone(rig);
    EXPECT_TRUE(service.begun.empty());
  }
}

TEST(S3UnheardUploads, OneWhoseAnswerWasLostGoesWhenTheNextIsHeard) {
  BegunUploads service;
  service.lost = 1;
  service.begun = {{"heard"}, {"unheard"}};
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  ExpectError(rig.backend->StartUpload("k", kTwoParts), ErrorCode::kUnavailable, Retry::kMayHelp);
  EXPECT_TRUE(rig.backend->StartUpload("k", kTwoParts));
  EXPECT_EQ(service.aborted, std::vector<std::string>{"unheard"});
}

TEST(S3UnheardUploads, NoneIsForgottenWhenTheListingFails) {
  BegunUploads service;
  service.lost = 1;
  service.begun = {{"heard"}, {"unheard"}};
  service.on_way = [](int number, Reply reply) {
    return number == 0 ? ErrorReply(500, "InternalError") : std::move(reply);
  };
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  ExpectError(rig.backend->StartUpload("k", kTwoParts), ErrorCode::kUnavailable, Retry::kMayHelp);
  ExpectError(rig.backend->StartUpload("k", kTwoParts), ErrorCode::kUnavailable, Retry::kMayHelp);
  EXPECT_EQ(service.aborted, std::vector<std::string>{"heard"}) << "nobody would name it";
  EXPECT_TRUE(rig.backend->StartUpload("k", kTwoParts));
  EXPECT_EQ(service.aborted.back(), "unheard");
  EXPECT_TRUE(service.begun.empty());
}

// MinIO and Ceph have gone on listing uploads that they had forgotten.
TEST(S3UnheardUploads, OneThatIsListedForEverIsAbortedOnce) {
  BegunUploads service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  service.begun = {{"unheard"}};
  const std::string listed = service.Listed();
  service.on_way = [&](int, Reply reply) {
    reply.body = listed;
    return reply;
  };
  ExpectGone(rig);
  EXPECT_EQ(service.aborted, std::vector<std::string>{"unheard"});
}

TEST(S3UnheardUploads, AServiceThatDoesNotListThemIsNoObstacle) {
  for (const auto& [status, code] : {std::pair(405, "MethodNotAllowed"), {501, "NotImplemented"}}) {
    S3Rig rig([&, status = status, code = code](const ServedRequest&) {
      return ErrorReply(status, code);
    });
    ExpectGone(rig);
  }
}

TEST(S3UnheardUploads, ABucketThatIsNotThereSaysNothing) {
  S3Rig rig([&](const ServedRequest&) { return ErrorReply(404, "NoSuchBucket"); });
  ExpectError(GoOnFromIntent(rig, rig), ErrorCode::kRefused, Retry::kNever);
}

// Its name is proved, and what is listed now is another machine's.
TEST(S3UnheardUploads, AnAbortThatIsRepeatedTouchesNoOther) {
  BegunUploads service;
  S3Rig rig([&](const ServedRequest& request) {
    if (request.method == "PUT") return Reply{.headers = {{"ETag", "\"e\""}}};
    return service.Answer(request);
  });
  auto upload = Started(rig, kTwoParts);
  ASSERT_TRUE(upload->PutPart(0, Bytes(kPart)));
  service.begun = {{"of-another"}};
  EXPECT_TRUE(upload->Abort());
  EXPECT_EQ(service.begun.size(), 1u);
}

// The bit that flipped was one of the name.
TEST(S3UnheardUploads, OneThatWasHeardWronglyIsAborted) {
  for (const bool resumed : {false, true}) {
    SCOPED_TRACE(resumed);
    BegunUploads service;
    S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
    auto upload = Started(rig, kTwoParts);
    service.begun = {{"iheard"}, {"before", std::chrono::seconds(-60)}};
    if (resumed) {
      auto options = kTwoParts;
      options.resume_token = upload->ResumeToken();
      ExpectError(rig.backend->StartUpload("k", options), ErrorCode::kNotFound, Retry::kNever);
    } else {
      EXPECT_TRUE(upload->Abort());
    }
    EXPECT_EQ(service.aborted.back(), "iheard");
    EXPECT_EQ(service.begun.size(), 1u);
  }
}

TEST(S3UnheardUploads, AnAbortOfOneThatTheServiceKnowsAsksNoMore) {
  BegunUploads service;
  service.begun = {{"heard"}};
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  EXPECT_TRUE(Started(rig, kTwoParts)->Abort());
  EXPECT_EQ(service.listings, 0);
}

TEST(S3UnheardUploads, OnePutLeavesNothing) {
  S3Rig rig([&](const ServedRequest&) { return ErrorReply(403, "AccessDenied"); });
  EXPECT_EQ(rig.backend->IntentToken({.size_bytes = 4, .part_bytes = kPart}), "");
}

}  // namespace
}  // namespace stateferry::storage::s3
