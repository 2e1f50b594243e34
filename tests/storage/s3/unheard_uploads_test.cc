// Uploads whose beginning nobody has heard of.

#include "storage/s3/unheard_uploads.h"

#include <fmt/chrono.h>

#include "tests/storage/s3/upload_rig.h"

namespace stateferry::storage::s3 {
namespace {

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
    return ErrorReply(404, "NoSuchUpload");
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

}  // namespace
}  // namespace stateferry::storage::s3
