// Copies that the service makes by itself: the requests of client.h.

#include <fmt/format.h>

#include <algorithm>

#include "storage/s3/body_check.h"
#include "storage/s3/client.h"
#include "storage/s3/refusal.h"
#include "storage/s3/s3_answers.h"
#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {

namespace {

/// Grown for objects that would have too many.
constexpr std::uint64_t kCopyPartBytes = std::uint64_t{1} << 30;

/// What was made.  An error may come under HTTP 200.
Result<CopiedObject> CopiedIn(const http::Answer& answer, Session& session) {
  SF_TRY(auto copied, ParseCopiedObject(answer.text));
  if (const auto* body = std::get_if<ErrorBody>(&copied))
    return session.ErrorUnder200(*body, answer);
  return std::move(std::get<CopiedObject>(copied));
}

}  // namespace

Call Client::CopyCall(const CopySource& from, std::string_view to) const {
  const std::string prefix(dialect().header_prefix);
  Call call{.method = "PUT", .key = std::string(to), .timeouts = kPatient};
  call.headers.emplace_back(prefix + "copy-source",
                            EncodePath("/" + from.container + "/" + from.meta.key));
  call.headers.emplace_back(prefix + "copy-source-if-match", "\"" + from.meta.etag + "\"");
  return call;
}

Result<ObjectSums> Client::CopyWhole(const CopySource& from, std::string_view to, bool overwrite) {
  Call call = CopyCall(from, to);
  const NameValues& added = session_->new_objects().copy;
  call.headers.insert(call.headers.end(), added.begin(), added.end());
  if (!overwrite) SF_TRY(AddCondition(dialect().copy_if_absent, kept_, to, call.headers));
  Changes(to);
  SF_TRY(const auto answer, session_->Send(call));
  LearnVersions(answer);
  SF_TRY(auto copied, CopiedIn(answer, *session_));
  ObjectSums made{
      .meta = {.key = std::string(to), .mtime_ns = copied.mtime_ns, .etag = copied.etag},
      .sums = SumsFrom(dialect(), answer, copied.etag)};
  AddSums(copied.checksums, made.sums);
  return made;
}

Result<StoredPart> Client::CopyPart(const CopySource& from, Range range, std::string_view to,
                                    const std::string& upload_id, std::uint32_t number) {
  Call call = CopyCall(from, to);
  call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id}};
  call.headers.emplace_back(
      std::string(dialect().header_prefix) + "copy-source-range",
      fmt::format("bytes={}-{}", range.offset, range.offset + range.size_bytes - 1));
  SF_TRY(const auto answer, session_->Send(call));
  SF_TRY(auto copied, CopiedIn(answer, *session_));
  return StoredPart{.size_bytes = range.size_bytes, .etag = std::move(copied.etag)};
}

Result<void> Client::Copy(const ObjectMeta& from, std::string_view to, bool overwrite) {
  const CopySource source{session_->bucket_name(), from};
  // Only the end of a multipart upload knows "if it does not exist" everywhere.
  if (overwrite && from.size_bytes <= kMaxCopyBytes) {
    SF_TRY(CopyWhole(source, to, true));
    return {};
  }
  if (from.size_bytes == 0) {
    SF_TRY(Put(to, {}, overwrite));
    return {};
  }
  // The checksums of the parts stay with the service.
  SF_TRY(const auto started, CreateMultipart(to, {.overwrite = overwrite, .checksummed = false}));
  auto copied = CopyParts(from, to, started.upload_id, overwrite);
  // The reason of the failure is what counts.
  if (!copied) (void)Abort(to, started.upload_id);
  return copied;
}

Result<void> Client::CopyParts(const ObjectMeta& from, std::string_view to,
                               const std::string& upload_id, bool overwrite) {
  const CopySource source{session_->bucket_name(), from};
  const std::uint64_t part_bytes =
      std::max(kCopyPartBytes, (from.size_bytes + kMaxParts - 1) / kMaxParts);
  StoredParts parts;
  for (std::uint64_t offset = 0; offset < from.size_bytes; offset += part_bytes) {
    const Range range{offset, std::min(part_bytes, from.size_bytes - offset)};
    const auto number = static_cast<std::uint32_t>(parts.size() + 1);
    SF_TRY(parts[number], CopyPart(source, range, to, upload_id, number));
  }
  SF_TRY(Complete(to, upload_id, parts, {.size_bytes = from.size_bytes, .overwrite = overwrite}));
  return {};
}

}  // namespace stateferry::storage::s3
