#include "storage/s3/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/http/http_date.h"
#include "storage/s3/body_check.h"
#include "storage/s3/digest.h"
#include "storage/s3/s3_answers.h"

namespace stateferry::storage::s3 {

namespace {

std::int64_t Nanoseconds(std::optional<std::chrono::system_clock::time_point> time) {
  if (!time) return 0;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time->time_since_epoch()).count();
}

Result<ObjectMeta> MetaFrom(const http::Answer& answer, std::string_view key,
                            std::optional<std::uint64_t> size_bytes) {
  ObjectMeta meta{.key = std::string(key),
                  .mtime_ns = Nanoseconds(http::ParseHttpDate(answer.Header("last-modified"))),
                  .etag = StripEtag(answer.Header("etag"))};
  if (!size_bytes || meta.etag.empty())
    return Error(ErrorCode::kRefused, "the service tells no " +
                                          std::string(size_bytes ? "ETag" : "size") + " of " +
                                          std::string(key));
  meta.size_bytes = *size_bytes;
  return meta;
}

}  // namespace

Result<ObjectMeta> Client::Head(std::string_view key) {
  SF_TRY(auto looked, Look({.method = "HEAD", .key = std::string(key)}));
  return std::move(looked.meta);
}

Result<LookedAt> Client::HeadWithCrc(std::string_view key) {
  Call call{.method = "HEAD", .key = std::string(key)};
  if (dialect().checksum == BodyChecksum::kCrc64Nvme)
    call.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
  return Look(std::move(call));
}

Result<LookedAt> Client::Look(Call call) {
  // 400, 403 and the like have their reason in a body, and HEAD has none.
  call.also = {301, 307, 400, 401, 403, 405};
  SF_TRY(auto answer, session_->Send(call));
  LookedAt looked;
  if (answer.status != 200) {
    auto learned = LearnByGet(call.key);
    if (!learned) return NotFoundIfUnlisted(call.key, std::move(learned).error());
    // What stood in the way may be gone: another region, the service's time, new credentials.
    SF_TRY(answer, session_->Send(call));
    if (answer.status != 200 && *learned && !head_is_answered_) {
      looked.meta = std::move(**learned);
      return looked;
    }
  }
  // Only HEAD tells the checksum: a service that has answered it must not get around it.
  if (answer.status != 200)
    return Error(ErrorCode::kUnavailable, call.key + ": HEAD is refused, and GET is not",
                 Retry::kMayHelp);
  head_is_answered_ = true;
  SF_TRY(looked.meta, MetaFrom(answer, call.key, ParseNumber(answer.Header("content-length"))));
  looked.crc = WholeObjectCrc(dialect(), answer);
  looked.sums = SumsFrom(dialect(), answer, looked.meta.etag);
  looked.encrypted_with_key = IsEncryptedWithKey(answer);
  looked.is_link = dialect().has_links && answer.Header("x-oss-object-type") == "Symlink";
  return looked;
}

// The first byte, for the error; where GET is allowed and HEAD is not, it tells as much.  Nothing
// of an object without bytes.
Result<std::optional<ObjectMeta>> Client::LearnByGet(std::string_view key) {
  SF_TRY(auto answer, session_->Send({.method = "GET",
                                      .key = std::string(key),
                                      .headers = {{"range", "bytes=0-0"}},
                                      .also = {416}}));
  if (answer.status == 416) return std::optional<ObjectMeta>();
  const auto range = answer.Header("content-range");
  const auto total = range.substr(std::min(range.find('/'), range.size() - 1) + 1);
  SF_TRY(auto meta, MetaFrom(answer, key, ParseNumber(total)));
  return std::optional(std::move(meta));
}

// Where the right to list is bound to a prefix, S3 says "denied" of an absent object: its request
// has no prefix, so the condition does not hold.  The listing tells.
Error Client::NotFoundIfUnlisted(std::string_view key, Error refusal) {
  if (refusal.code() != ErrorCode::kPermission) return refusal;
  const auto answer = session_->Send({.query = {{"list-type", "2"},
                                                {"encoding-type", "url"},
                                                {"max-keys", "1"},
                                                {"prefix", std::string(key)}}});
  if (!answer) return refusal;
  const auto page =
      ParseListPage(answer->text, {.token_is_encoded = dialect().list_token_is_encoded});
  // The key itself would be the first of all that begin with it.
  if (!page || (!page->objects.empty() && page->objects.front().key == key)) return refusal;
  return Error(ErrorCode::kNotFound, std::string(key) + " is not in the listing of " + location());
}

/// `told`: the service has told its own checksum, and it is the right one.  A service that gets
/// ours tells it again, which proves nothing unless it compares.
bool Client::AnswersCompare(bool told, const ChecksumTrial& trial) const {
  switch (dialect().checksum) {
    case BodyChecksum::kCrc64Nvme: return told && trial.compares();
    case BodyChecksum::kCrc64Ecma: return told;
    case BodyChecksum::kMd5Etag: break;
  }
  return false;
}

Result<Stored> Client::PutOnce(std::string_view key, ByteSpan bytes, const NameValues& condition,
                               Proof proof) {
  Call call{.method = "PUT",
            .key = std::string(key),
            .headers = session_->new_objects().put,
            .body = bytes};
  Changes(key);
  const BodyCheck check(dialect(), bytes);
  Call conditional = call;
  conditional.headers.insert(conditional.headers.end(), condition.begin(), condition.end());
  // Of a wrong checksum that was taken what stands there now is this very call's.
  if (proof == Proof::kNotWanted || dialect().checksum != BodyChecksum::kCrc64Nvme ||
      !put_trial_.Try(*session_, conditional, *check.crc()))
    call = std::move(conditional);
  check.AddTo(call.headers);
  // A sum that is compared afterwards comes too late for an object that may not be replaced.
  if (dialect().checksum != BodyChecksum::kCrc64Nvme)
    call.headers.emplace_back("content-md5", Base64Encode(DigestBytes(Md5(bytes))));
  SF_TRY(const auto answer, session_->Send(call));
  LearnVersions(answer);
  SF_TRY(check.Compare(answer));
  Stored stored{
      .etag = StripEtag(answer.Header("etag")),
      .compared = AnswersCompare(WholeObjectCrc(dialect(), answer).has_value(), put_trial_)};
  if (!stored.etag.empty()) return stored;
  SF_TRY(auto meta, Head(key));
  stored.etag = std::move(meta.etag);
  return stored;
}

Result<void> Client::Delete(std::string_view key) {
  Changes(key);
  SF_TRY(session_->Send({.method = "DELETE", .key = std::string(key), .also = {404}}));
  return {};
}

}  // namespace stateferry::storage::s3
