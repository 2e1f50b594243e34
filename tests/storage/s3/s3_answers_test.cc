#include "storage/s3/s3_answers.h"

#include <gtest/gtest.h>

#include "storage/s3/digest.h"
#include "storage/s3/time_text.h"
#include "tests/storage/s3/vectors.h"

namespace stateferry::storage::s3 {
namespace {

const std::string kCompleted =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<CompleteMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Location>http://b.s3.amazonaws.com/k</Location><Bucket>b</Bucket><Key>k</Key>
<ETag>"3858f62230ac3c915f300c664312c11f-9"</ETag>
<ChecksumCRC64NVME>rosUhgp5mIg=</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType>
</CompleteMultipartUploadResult>)";

TEST(ErrorBody, ReadsWhatS3Says) {
  const auto body = ParseErrorBody(
      "<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code><Message>the region "
      "'us-east-1' is wrong; expecting 'eu-west-1'</Message><Region>eu-west-1</Region>"
      "<RequestId>4442587FB7D0A2F9</RequestId><HostId>h</HostId></Error>");
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(body->code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(body->message, "the region 'us-east-1' is wrong; expecting 'eu-west-1'");
  EXPECT_EQ(body->region, "eu-west-1");
  EXPECT_EQ(body->request_id, "4442587FB7D0A2F9");
}

TEST(ErrorBody, ReadsOssCodesFromBodyAndHeader) {
  const std::string xml =
      "<Error><Code>SecondLevelDomainForbidden</Code><Message>m</Message><RequestId>5C3D</"
      "RequestId>"
      "<HostId>h</HostId><EC>0016-00000002</EC></Error>";
  EXPECT_EQ(ParseErrorBody(xml)->ec, "0016-00000002");
  const auto header = ParseOssErrHeader(Base64Encode(AsBytes(xml)));
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->code, "SecondLevelDomainForbidden");
  EXPECT_FALSE(ParseOssErrHeader("not base64!").has_value());
  EXPECT_FALSE(ParseOssErrHeader("").has_value());
}

TEST(ErrorBody, ReadsTheWrappedErrorOfSts) {
  const auto body = ParseErrorBody(
      "<ErrorResponse "
      "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>"
      "<Code>AccessDenied</Code><Message>m</Message></Error><RequestId>r</RequestId>"
      "</ErrorResponse>");
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(body->code, "AccessDenied");
  EXPECT_EQ(body->request_id, "r");
}

TEST(ErrorBody, KeepsNothingThatWasSignedAndNothingThatATerminalObeys) {
  const auto body = ParseErrorBody(
      "<Error><Code>SignatureDoesNotMatch</Code><Message>a\nb&#27;[31m" + std::string(5000, 'x') +
      "</Message><StringToSign>SECRETSTRING</StringToSign><CanonicalRequest>SECRETSTRING"
      "</CanonicalRequest><Token-0>SECRETSTRING</Token-0></Error>");
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(body->message.size(), 512U);
  EXPECT_EQ(body->message.substr(0, 8), "a b [31m");
  for (const std::string& text : {body->code, body->message, body->request_id, body->host_id,
                                  body->region, body->endpoint, body->ec, body->server_time}) {
    EXPECT_EQ(text.find("SECRET"), std::string::npos);
  }
}

TEST(ErrorBody, IsNotAnythingElse) {
  for (const char* other :
       {"", "<html/>", "<Error><Code>x</Code>", "<ListBucketResult/>", "text"}) {
    EXPECT_FALSE(ParseErrorBody(other).has_value()) << other;
  }
}

TEST(CompletedUpload, IsASuccessOnlyWithTheRightRoot) {
  const auto answer = ParseCompletedUpload(kCompleted);
  ASSERT_TRUE(answer.has_value());
  const auto* done = std::get_if<CompletedUpload>(&*answer);
  ASSERT_NE(done, nullptr);
  EXPECT_EQ(done->etag, "3858f62230ac3c915f300c664312c11f-9");
  EXPECT_EQ(done->checksums, (XmlChecksums{{"ChecksumCRC64NVME", "rosUhgp5mIg="}}));
  EXPECT_EQ(done->checksum_type, "FULL_OBJECT");
}

TEST(CompletedUpload, AnErrorBehindStatus200IsAnError) {
  // As S3 sends it: blanks while it works, then the document.
  const auto answer = ParseCompletedUpload(
      "  \n \n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InternalError</Code>"
      "<Message>We encountered an internal error. Please try again.</Message></Error>");
  ASSERT_TRUE(answer.has_value());
  const auto* error = std::get_if<ErrorBody>(&*answer);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, "InternalError");
}

TEST(CompletedUpload, EveryCutAnswerIsUnknown) {
  for (std::size_t size = 0; size < kCompleted.size(); ++size) {
    const auto answer = ParseCompletedUpload(kCompleted.substr(0, size));
    ASSERT_FALSE(answer.has_value()) << size;
    EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
    EXPECT_EQ(answer.error().retry(), Retry::kMayHelp);
  }
  EXPECT_FALSE(ParseCompletedUpload("  \n ").has_value());
  EXPECT_FALSE(ParseCompletedUpload("<html></html>").has_value());
  EXPECT_FALSE(ParseCompletedUpload("<CopyObjectResult/>").has_value());
}

TEST(CopiedObject, ReadsBothCopies) {
  for (const std::string root : {"CopyObjectResult", "CopyPartResult"}) {
    const auto answer =
        ParseCopiedObject(" <" + root +
                          "><LastModified>2025-01-02T03:04:05.000Z</LastModified><ETag>&quot;e"
                          "&quot;</ETag></" +
                          root + ">");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(std::get<CopiedObject>(*answer).etag, "e");
    EXPECT_EQ(std::get<CopiedObject>(*answer).mtime_ns, 1735787045000000000);
  }
  const auto error = ParseCopiedObject("<Error><Code>SlowDown</Code></Error>");
  EXPECT_EQ(std::get<ErrorBody>(*error).code, "SlowDown");
  EXPECT_FALSE(ParseCopiedObject("<CopyObjectResult></CopyObjectResult>").has_value());
  EXPECT_FALSE(ParseCopiedObject("<CompleteMultipartUploadResult/>").has_value());
}

TEST(InitiatedUpload, NeedsAnId) {
  const std::string root = "InitiateMultipartUploadResult>";
  EXPECT_EQ(*ParseInitiatedUpload("<" + root + "<UploadId>VX/+=</UploadId></" + root), "VX/+=");
  EXPECT_FALSE(ParseInitiatedUpload("<" + root + "<UploadId/></" + root).has_value());
  EXPECT_FALSE(ParseInitiatedUpload("<" + root + "</" + root).has_value());
  EXPECT_EQ(*ParseInitiatedUpload("<InitiateMultipartUpload><UploadId>of rclone</UploadId>"
                                  "</InitiateMultipartUpload>"),
            "of rclone");
  EXPECT_FALSE(ParseInitiatedUpload("<Error><UploadId>x</UploadId></Error>").has_value());
}

TEST(CompleteUpload, IsWrittenForBothServices) {
  const std::vector<PartToComplete> parts = {{1, "e<1>", {{"ChecksumCRC64NVME", "rosUhgp5mIg="}}},
                                             {2, "e2"}};
  EXPECT_EQ(WriteCompleteUpload(parts, ""),
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;e&lt;1&gt;&quot;"
            "</ETag><ChecksumCRC64NVME>rosUhgp5mIg=</ChecksumCRC64NVME></Part><Part><PartNumber>2"
            "</PartNumber><ETag>&quot;e2&quot;</ETag></Part></CompleteMultipartUpload>");
  EXPECT_TRUE(WriteCompleteUpload(parts, kS3Namespace)
                  .starts_with("<CompleteMultipartUpload "
                               "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part>"));
}

TEST(Delete, EscapesKeysAndRefusesThoseThatXmlCannotHold) {
  const std::vector<std::string> keys = {"a&b<c>'\"", "d\re"};
  EXPECT_EQ(*WriteDelete(keys, ""),
            "<Delete><Quiet>true</Quiet><Object><Key>a&amp;b&lt;c&gt;&apos;&quot;</Key></Object>"
            "<Object><Key>d&#13;e</Key></Object></Delete>");
  const std::vector<std::string> bad = {"a\1b"};
  const auto refused = WriteDelete(bad, "");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
}

TEST(DeleteResult, NamesWhatIsStillThere) {
  const auto left = ParseDeleteResult(
      "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code>"
      "<Message>m</Message></Error></DeleteResult>");
  ASSERT_TRUE(left.has_value());
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ((*left)[0].key, "b");
  EXPECT_EQ((*left)[0].code, "AccessDenied");
  EXPECT_TRUE(ParseDeleteResult("<DeleteResult/>")->empty());
  EXPECT_FALSE(ParseDeleteResult("<Error/>").has_value());
}

TEST(Location, NamesTheRegion) {
  const auto of = [](const std::string& inside) {
    return *ParseLocation("<LocationConstraint>" + inside + "</LocationConstraint>");
  };
  EXPECT_EQ(*ParseLocation("<LocationConstraint xmlns=\"x\"/>"), "us-east-1");
  EXPECT_EQ(of("EU"), "eu-west-1");
  EXPECT_EQ(of("\n eu-central-1\n"), "eu-central-1");
  EXPECT_EQ(of("oss-cn-hangzhou"), "cn-hangzhou");
  EXPECT_FALSE(ParseLocation("<Error/>").has_value());
}

TEST(Etag, LosesQuotesAndWeakness) {
  EXPECT_EQ(StripEtag("\"abc\""), "abc");
  EXPECT_EQ(StripEtag("W/\"abc\""), "abc");
  EXPECT_EQ(StripEtag("abc"), "abc");
  EXPECT_EQ(StripEtag("\""), "\"");
  EXPECT_EQ(StripEtag(""), "");
}

TEST(Iso8601, ReadsWhatServicesWrite) {
  const SystemTime time = TimeOf("20250102T030405Z");
  EXPECT_EQ(ParseIso8601("2025-01-02T03:04:05Z"), time);
  EXPECT_EQ(ParseIso8601("2025-01-02T03:04:05.000Z"), time);
  EXPECT_EQ(ParseIso8601("2025-01-02T03:04:05.25Z"), time + std::chrono::milliseconds(250));
  EXPECT_EQ(ParseIso8601("2025-01-02T11:04:05+08:00"), time);
  EXPECT_EQ(ParseIso8601("2025-01-01T22:04:05-0500"), time);
  EXPECT_GT(ParseIso8601("9999-12-31T23:59:59Z"), TimeOf("22610101T000000Z"));
  for (const char* bad : {"", "2025-01-02", "2025-01-02T03:04:05", "2025-13-02T03:04:05Z",
                          "2025-02-30T03:04:05Z", "2025-01-02T24:04:05Z", "2025-01-02T03:04:05.Z",
                          "2025-01-02T03:04:05Zx", "2025-01-02 03:04:05Z", "0001-01-02T03:04:05Z",
                          "+025-01-02T03:04:05Z", "2025-01-02T03:04:05+99:00"}) {
    EXPECT_FALSE(ParseIso8601(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace stateferry::storage::s3
