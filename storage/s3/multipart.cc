// Multipart uploads: the requests of client.h.

#include <fmt/format.h>

#include <iterator>

#include "base/log.h"
#include "storage/s3/body_check.h"
#include "storage/s3/checksums.h"
#include "storage/s3/client.h"
#include "storage/s3/refusal.h"
#include "storage/s3/s3_answers.h"

namespace stateferry::storage::s3 {

namespace {

constexpr int kAbortTries = 5;

constexpr std::string_view kNvmeInXml = "ChecksumCRC64NVME";

/// Some services want the checksum of each part again where the upload was begun with one.
std::string PartList(const StoredParts& parts, const Dialect& dialect, bool checksummed) {
  std::vector<PartToComplete> list;
  for (const auto& [number, part] : parts) {
    PartToComplete item{.part_number = number, .etag = part.etag};
    if (checksummed && part.crc && dialect.checksum == BodyChecksum::kCrc64Nvme)
      item.checksums.emplace_back(kNvmeInXml, ChecksumText(*part.crc));
    list.push_back(std::move(item));
  }
  return WriteCompleteUpload(list, dialect.xmlns);
}

std::optional<std::uint64_t> CrcOfPart(const ListedPart& part, const Dialect& dialect) {
  if (dialect.checksum == BodyChecksum::kCrc64Ecma) return part.crc64_ecma;
  const auto text = FindHeader(part.checksums, kNvmeInXml);
  return text ? ParseChecksum64(*text) : std::nullopt;
}

/// Only of an upload that is not there may be concluded that nothing of it is left.
Error UploadNotFound(const http::Answer& answer, const std::string& name) {
  const ServiceError refusal = ReadRefusal(answer);
  Error error = ToError(refusal).WithContext("listing the parts of " + name);
  if (refusal.code != "NoSuchBucket") return error;
  return Error(ErrorCode::kRefused, error.message())
      .WithHint("the bucket is gone, or at another endpoint");
}

/// OSS says it in a header, S3 in the body.
std::optional<std::uint64_t> CrcOfCompleted(const CompletedUpload& object,
                                            const http::Answer& answer, const Dialect& dialect) {
  const auto text = FindHeader(object.checksums, kNvmeInXml);
  if (text && dialect.checksum == BodyChecksum::kCrc64Nvme) return ParseChecksum64(*text);
  return WholeObjectCrc(dialect, answer);
}

}  // namespace

Result<NewMultipart> Client::CreateMultipart(std::string_view key,
                                             const MultipartOptions& options) {
  Call call{.method = "POST",
            .key = std::string(key),
            .query = {{"uploads", ""}},
            .headers = session_->new_objects().create};
  const bool nvme = options.checksummed && dialect().multipart_checksum &&
                    dialect().checksum == BodyChecksum::kCrc64Nvme;
  if (nvme) {
    call.headers.emplace_back("x-amz-checksum-algorithm", "CRC64NVME");
    call.headers.emplace_back("x-amz-checksum-type", "FULL_OBJECT");
  }
  // The other conditions belong to Complete alone; where they do not count it need not begin.
  const PutIfAbsent how = dialect().complete_if_absent;
  if (!options.overwrite && how == PutIfAbsent::kForbidOverwrite)
    SF_TRY(AddCondition(how, kept_, key, call.headers));
  if (!options.overwrite && how == PutIfAbsent::kIfNoneMatch && kept_ == Kept::kNo)
    return IgnoresCondition(key);
  SF_TRY(const auto answer, session_->Send(call));
  NewMultipart started;
  SF_TRY(started.upload_id, ParseInitiatedUpload(answer.text));
  const bool ecma = options.checksummed && dialect().checksum == BodyChecksum::kCrc64Ecma;
  started.checksummed = ecma || (nvme && answer.Header("x-amz-checksum-algorithm") == "CRC64NVME");
  return started;
}

Result<StoredPart> Client::UploadPart(std::string_view key, const std::string& upload_id,
                                      std::uint32_t number, ByteSpan bytes) {
  Call call{.method = "PUT",
            .key = std::string(key),
            .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id}},
            .body = bytes};
  const BodyCheck check(dialect(), bytes);
  // A part that is taken with a wrong checksum is put again at once; no receipt tells of it.  All
  // of it is sent, for not every service takes other bytes the second time (rclone 1.76).
  if (dialect().checksum == BodyChecksum::kCrc64Nvme)
    part_trial_.Try(*session_, call, *check.crc());
  check.AddTo(call.headers);
  SF_TRY(const auto answer, session_->Send(call));
  SF_TRY(check.Compare(answer));
  StoredPart part{
      .size_bytes = bytes.size(), .etag = StripEtag(answer.Header("etag")), .crc = check.crc()};
  if (part.etag.empty())
    return Error(ErrorCode::kRefused,
                 "the service gives no ETag for a part of " + std::string(key));
  return part;
}

Result<StoredParts> Client::ListParts(std::string_view key, const std::string& upload_id) {
  StoredParts parts;
  for (std::uint32_t marker = 0;;) {
    Call call{.key = std::string(key), .query = {{"max-parts", "1000"}, {"uploadId", upload_id}}};
    if (marker != 0) call.query.emplace_back("part-number-marker", std::to_string(marker));
    call.also = {404};
    SF_TRY(const auto answer, session_->Send(call));
    if (answer.status == 404) return UploadNotFound(answer, location() + "/" + call.key);
    SF_TRY(auto page, ParsePartsPage(answer.text));
    for (auto& part : page.parts) {
      const auto crc = CrcOfPart(part, dialect());
      parts[part.part_number] = {part.size_bytes, std::move(part.etag), crc};
    }
    if (!page.is_truncated) return parts;
    if (page.next_part_number <= marker)
      return Error(ErrorCode::kCorruption, "the service lists the parts of an upload forever");
    marker = page.next_part_number;
  }
}

Result<std::vector<ListedUpload>> Client::ListUploads(std::string_view prefix) {
  std::vector<ListedUpload> uploads;
  for (UploadsPage page;;) {
    Call call{.query = {{"uploads", ""},
                        {"encoding-type", "url"},
                        {"max-uploads", "1000"},
                        {"prefix", std::string(prefix)}}};
    if (page.is_truncated) {
      call.query.emplace_back("key-marker", page.next_key);
      call.query.emplace_back("upload-id-marker", page.next_upload_id);
    }
    SF_TRY(const auto answer, session_->Send(call));
    SF_TRY(auto next, ParseUploadsPage(answer.text));
    std::move(next.uploads.begin(), next.uploads.end(), std::back_inserter(uploads));
    if (!next.is_truncated) return uploads;
    if (page.is_truncated && next.next_key == page.next_key &&
        next.next_upload_id == page.next_upload_id)
      return Error(ErrorCode::kCorruption, "the service lists the uploads of a bucket forever");
    page = std::move(next);
  }
}

Result<Stored> Client::Complete(std::string_view key, const std::string& upload_id,
                                const StoredParts& parts, const WholeObject& whole) {
  const std::string list = PartList(parts, dialect(), whole.checksummed);
  Call call{.method = "POST",
            .key = std::string(key),
            .query = {{"uploadId", upload_id}},
            .headers = session_->new_objects().complete,
            .body = AsBytes(list),
            .timeouts = kPatient};
  if (!whole.overwrite)
    SF_TRY(AddCondition(dialect().complete_if_absent, KeptByComplete(), key, call.headers));
  if (whole.crc && dialect().checksum == BodyChecksum::kCrc64Nvme) {
    call.headers.emplace_back("x-amz-checksum-crc64nvme", ChecksumText(*whole.crc));
    call.headers.emplace_back("x-amz-checksum-type", "FULL_OBJECT");
    call.headers.emplace_back("x-amz-mp-object-size", std::to_string(whole.size_bytes));
  }
  Changes(key);
  SF_TRY(const auto answer, session_->Send(call));
  LearnVersions(answer);
  SF_TRY(auto completed, ParseCompletedUpload(answer.text));
  if (const auto* body = std::get_if<ErrorBody>(&completed)) {
    return session_->ErrorUnder200(*body, answer).WithContext("completing " + std::string(key));
  }
  auto& object = std::get<CompletedUpload>(completed);
  const auto crc = CrcOfCompleted(object, answer, dialect());
  if (crc && whole.crc && crc != whole.crc)
    return Error(ErrorCode::kCorruption,
                 std::string(key) + " was assembled from other bytes than were sent");
  return Stored{.etag = std::move(object.etag),
                .compared = AnswersCompare(crc && whole.crc, part_trial_)};
}

// A part that is still on its way when the upload is aborted stays behind, unseen and paid for.
Result<bool> Client::Abort(std::string_view key, const std::string& upload_id) {
  bool was_known = false;
  for (int tries = 0; tries < kAbortTries; ++tries) {
    SF_TRY(const auto answer, session_->Send({.method = "DELETE",
                                              .key = std::string(key),
                                              .query = {{"uploadId", upload_id}},
                                              .also = {404}}));
    was_known = was_known || answer.status != 404;
    auto left = ListParts(key, upload_id);
    if (!left && left.error().code() == ErrorCode::kNotFound) return was_known;
    // The abort itself was allowed, and only whether a part was on its way is not known.
    if (!left && left.error().code() == ErrorCode::kPermission) {
      LogWarning("storage", "{}: whether parts are left of an aborted upload cannot be told: {}",
                 location(), left.error().message());
      return was_known;
    }
    if (!left) return std::move(left).error();
  }
  return Error(ErrorCode::kUnavailable,
               "the aborted upload of " + std::string(key) + " does not go away", Retry::kMayHelp);
}

}  // namespace stateferry::storage::s3
