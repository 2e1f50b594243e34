#include "storage/s3/probe.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/storage/s3/s3_rig.h"

// What it finds on servers that are right is in tests/s3/check_test.py; here are those that are
// not.

namespace stateferry::storage::s3 {
namespace {

const Reply kDenied = ErrorReply(403, "AccessDenied");

bool Asks(const ServedRequest& request, const std::string& method, const std::string& query = "") {
  return request.method == method && request.target.find(query) != std::string::npos;
}

Reply Listing(const std::string& contents) {
  return {.body = "<ListBucketResult><IsTruncated>false</IsTruncated>" + contents +
                  "</ListBucketResult>"};
}
const std::string kOneObject = "<Contents><Key>cp/a</Key><Size>3</Size></Contents>";

/// The finding of that name; "" as its code and kUnknown when there is none.
ProbeFinding Of(const Result<std::vector<ProbeFinding>>& findings, const std::string& name) {
  EXPECT_TRUE(findings) << findings.error().message();
  if (!findings) return {};
  for (const ProbeFinding& finding : *findings)
    if (finding.name == name) return finding;
  return {};
}

bool Wrote(const S3Rig& rig) {
  const auto requests = rig.server.requests();
  return std::any_of(requests.begin(), requests.end(), [](const ServedRequest& request) {
    return request.method != "GET" && request.method != "HEAD";
  });
}

TEST(Probe, ReadOnlyWritesNothing) {
  S3Rig rig([](const ServedRequest& request) -> Reply {
    if (Asks(request, "GET", "list-type=2")) return Listing(kOneObject);
    if (!request.Header("if-match").empty()) return ErrorReply(412, "PreconditionFailed");
    return {.status = 206, .headers = {{"Content-Range", "bytes 0-0/3"}}, .body = "x"};
  });
  const auto findings = ProbeBucket(*rig.session, {.prefix = "cp"});
  for (const char* name : {"list", "get", "if-match"})
    EXPECT_EQ(Of(findings, name).can, Can::kYes) << name;
  EXPECT_EQ(findings->size(), 3u);
  EXPECT_FALSE(Wrote(rig));
}

TEST(Probe, AServiceThatIgnoresRangesOrConditionsIsNamed) {
  bool ranges = false;
  S3Rig rig([&](const ServedRequest& request) -> Reply {
    if (Asks(request, "GET", "list-type=2")) return Listing(kOneObject);
    if (!ranges) return {.body = std::string(1 << 20, 'x')};
    return {.status = 206, .headers = {{"Content-Range", "bytes 0-0/3"}}, .body = "x"};
  });
  EXPECT_EQ(Of(ProbeBucket(*rig.session, {.prefix = "cp"}), "get").code, "NO_RANGES");
  ranges = true;
  EXPECT_EQ(Of(ProbeBucket(*rig.session, {.prefix = "cp"}), "if-match").code, "IGNORED");
}

TEST(Probe, AnArchivedObjectIsNotADeniedOne) {
  S3Rig rig([](const ServedRequest& request) -> Reply {
    return Asks(request, "GET", "list-type=2") ? Listing(kOneObject)
                                               : ErrorReply(403, "InvalidObjectState");
  });
  const auto get = Of(ProbeBucket(*rig.session, {.prefix = "cp"}), "get");
  EXPECT_EQ(get.code, "ARCHIVED");
  EXPECT_TRUE(get.needed);
}

TEST(Probe, CredentialsThatNobodyKnowsAreAnErrorAndNoMissingRight) {
  S3Rig rig([](const ServedRequest&) { return ErrorReply(403, "InvalidAccessKeyId"); });
  ExpectError(ProbeBucket(*rig.session, {}), ErrorCode::kPermission, Retry::kNever);
}

TEST(Probe, WhatCouldNotBeDeletedIsNotMade) {
  S3Rig rig([](const ServedRequest& request) -> Reply {
    if (Asks(request, "GET", "list-type=2")) return Listing("");
    if (request.method == "DELETE") return kDenied;
    if (request.method == "PUT")
      return request.Header("content-md5").empty() ? Reply{.headers = {{"ETag", "\"e\""}}}
                                                   : ErrorReply(400, "BadDigest");
    return ErrorReply(404, "NoSuchKey");
  });
  const auto findings = ProbeBucket(*rig.session, {.prefix = "cp", .read_only = false});
  EXPECT_EQ(Of(findings, "delete").code, "DENIED_DELETE");
  EXPECT_EQ(Of(findings, "abort").code, "DENIED_ABORT");
  EXPECT_EQ(Of(findings, "put").can, Can::kYes);
  EXPECT_EQ(Of(findings, "multipart").can, Can::kUnknown);
  EXPECT_EQ(Of(findings, "clean-up").code, "");
  for (const ServedRequest& request : rig.server.requests()) {
    EXPECT_NE(request.method, "POST");
    if (request.method != "PUT") continue;
    EXPECT_FALSE(request.Header("content-md5").empty());
  }
}

/// A bucket that does not tell that it keeps versions: a deletion makes a marker, which may not be
/// deleted.
TEST(Probe, WhatStaysIsNamed) {
  S3Rig rig([](const ServedRequest& request) -> Reply {
    if (Asks(request, "GET", "list-type=2")) return Listing("");
    if (Asks(request, "DELETE", "versionId=marker-1")) return kDenied;
    if (Asks(request, "DELETE", "uploadId=")) return ErrorReply(404, "NoSuchUpload");
    if (request.method == "DELETE")
      return {.status = 204,
              .headers = {{"x-amz-delete-marker", "true"}, {"x-amz-version-id", "marker-1"}}};
    return request.method == "PUT" ? ErrorReply(400, "BadDigest") : kDenied;
  });
  const auto findings = ProbeBucket(*rig.session, {.read_only = false, .name = "1"});
  EXPECT_EQ(Of(findings, "delete").code, "DENIED_DELETE");
  const auto left = Of(findings, "clean-up");
  EXPECT_EQ(left.code, "LEFT_BEHIND");
  EXPECT_NE(left.detail.find(".stateferry-check-1 version marker-1"), std::string::npos)
      << left.detail;
}

/// All that is written is deleted, although the answers stop in the middle.
TEST(Probe, CleansUpAfterAnError) {
  S3Rig rig([](const ServedRequest& request) -> Reply {
    if (Asks(request, "GET", "list-type=2")) return Listing("");
    if (request.method == "DELETE") return {.status = 204};
    if (Asks(request, "GET", "versioning")) return kDenied;
    if (request.method == "GET") return {.fault = Reply::Fault::kNoAnswer};
    return {.headers = {{"ETag", "\"e\""}}};
  });
  const auto findings =
      ProbeBucket(*rig.session, {.prefix = "cp", .read_only = false, .name = "1"});
  ASSERT_FALSE(findings);
  EXPECT_EQ(findings.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(rig.server.requests().back().method, "DELETE");
  EXPECT_EQ(rig.server.requests().back().target, "/b/cp/.stateferry-check-1");
}

TEST(Probe, SaysWhatAServiceDoesNotCompareOrHeed) {
  S3Rig rig([](const ServedRequest& request) -> Reply {
    if (Asks(request, "GET", "list-type=2")) return Listing("");
    if (request.method == "DELETE") return {.status = 204};
    if (request.method == "PUT") return {.headers = {{"ETag", "\"e\""}}};
    return kDenied;
  });
  const auto findings = ProbeBucket(*rig.session, {.read_only = false});
  EXPECT_EQ(Of(findings, "put-if-absent").code, "IGNORED");
  EXPECT_EQ(Of(findings, "checksum-crc64nvme").code, "NOT_COMPARED");
  EXPECT_EQ(Of(findings, "get").code, "DENIED_GET");
  EXPECT_EQ(Of(findings, "list-uploads").code, "DENIED_LIST_UPLOADS");
  EXPECT_FALSE(Of(findings, "list-uploads").needed);
}

TEST(Probe, StopsWhenItIsAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  S3Rig rig([](const ServedRequest&) { return Listing(kOneObject); });
  const auto findings = ProbeBucket(*rig.session, {.read_only = false, .stop = stop.get_token()});
  ASSERT_FALSE(findings);
  EXPECT_EQ(findings.error().code(), ErrorCode::kCancelled);
  EXPECT_FALSE(Wrote(rig));
}

}  // namespace
}  // namespace stateferry::storage::s3
