#include "storage/s3/multipart_upload.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/part_grid.h"
#include "storage/s3/body_check.h"
#include "storage/s3/digest.h"

namespace stateferry::storage::s3 {

namespace {

int ETagDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The MD5 that an ETag is, if it is one.
std::optional<Md5Digest> Md5Of(std::string_view etag) {
  Md5Digest digest{};
  if (etag.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = ETagDigit(etag[2 * i]), low = ETagDigit(etag[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return digest;
}

}  // namespace

MultipartUpload::MultipartUpload(const UploadPlace& place, std::string key, UploadOptions options,
                                 UploadToken token, StoredParts parts)
    : client_(place.client),
      versions_(place.versions),
      unheard_(place.unheard),
      key_(std::move(key)),
      options_(std::move(options)),
      token_(std::move(token)),
      parts_(std::move(parts)) {}

Result<void> MultipartUpload::PutPart(std::uint32_t part_index, ByteSpan bytes) {
  SF_TRY(PartOffset(key_, options_, part_index, bytes.size()));
  const std::uint32_t number = part_index + 1;
  SF_TRY(auto stored, client_->UploadPart(key_, token_.upload_id, number, bytes));
  std::lock_guard lock(mutex_);
  parts_[number] = std::move(stored);
  return {};
}

Result<void> MultipartUpload::CopyPart(std::uint32_t part_index, const CopySource& from) {
  const std::uint64_t offset = part_index * options_.part_bytes;
  if (from.meta.size_bytes != options_.size_bytes || offset >= options_.size_bytes)
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("part {} of {} is not in {}", part_index, key_, from.meta.key));
  const std::uint32_t number = part_index + 1;
  const std::uint64_t size = std::min(options_.part_bytes, options_.size_bytes - offset);
  SF_TRY(auto stored, client_->CopyPart(from, {offset, size}, key_, token_.upload_id, number));
  std::lock_guard lock(mutex_);
  parts_[number] = std::move(stored);
  return {};
}

Result<void> MultipartUpload::CheckAllThere() const {
  const std::uint64_t count = PartCount(options_);
  if (parts_.size() == count) return {};
  if (!options_.resume_token.empty())
    return Error(ErrorCode::kNotFound,
                 fmt::format("the service has {} of the {} parts of {} that were put",
                             parts_.size(), count, key_));
  return Error(ErrorCode::kInternal, fmt::format("the upload of {} was completed with {} of {} "
                                                 "parts",
                                                 key_, parts_.size(), count));
}

Result<void> MultipartUpload::Complete() {
  SF_TRY(CheckAllThere());
  versions_->Forget(key_);
  auto stored = client_->Complete(key_, token_.upload_id, parts_,
                                  {.size_bytes = options_.size_bytes,
                                   .checksummed = token_.checksummed,
                                   .crc = WholeCrc(),
                                   .overwrite = options_.overwrite});
  if (!stored) stored = ResolveUnclear(std::move(stored).error());
  if (!stored) return std::move(stored).error();
  SF_TRY(CheckEtag(stored->etag));
  completed_ = *stored;
  // A service that compares parts may only repeat what it was told of the whole.
  completed_.compared =
      stored->compared && (client_->dialect().compares_checksums || FollowsFromParts(stored->etag));
  versions_->Note(key_, {std::move(stored->etag), options_.size_bytes});
  return {};
}

// An upload that is gone, or an object in the way: either it was somebody else, or an earlier
// Complete of ours has reached its end and its answer was lost; whoever stands between us and the
// service may have repeated it as well.  Then exactly our object is there.
Result<Stored> MultipartUpload::ResolveUnclear(Error error) const {
  const bool gone = error.code() == ErrorCode::kNotFound;
  const bool in_the_way = error.code() == ErrorCode::kConflict && error.retry() == Retry::kNever;
  if (!gone && !in_the_way) return error;
  std::string etag;
  SF_TRY(const Whose whose, WhoseIsThere(etag));
  switch (whose) {
    case Whose::kOurs: return Stored{.etag = std::move(etag)};
    case Whose::kNobodys: return error;
    case Whose::kUnclear:
      return Error(ErrorCode::kConflict, "whether the object at " + key_ +
                                             " is the one that was put cannot be told from its "
                                             "ETag: " +
                                             error.message())
          .WithHint("the same command again compares the bytes");
    case Whose::kOthers: break;
  }
  if (!gone) return error;
  return Error(ErrorCode::kConflict,
               "the upload of " + key_ + " was ended by somebody else: " + error.message());
}

Result<MultipartUpload::Whose> MultipartUpload::WhoseIsThere(std::string& etag) const {
  auto meta = client_->Head(key_);
  if (!meta && meta.error().code() == ErrorCode::kNotFound) return Whose::kNobodys;
  if (!meta) return std::move(meta).error();
  etag = meta->etag;
  if (meta->size_bytes != options_.size_bytes) return Whose::kOthers;
  const std::string expected = ExpectedEtag();
  if (!expected.empty() && LowerCase(etag) == expected) return Whose::kOurs;
  const auto crc = WholeCrc();
  if (!crc) return expected.empty() ? Whose::kUnclear : Whose::kOthers;
  SF_TRY(const auto looked, client_->HeadWithCrc(key_));
  return looked.crc == crc ? Whose::kOurs : Whose::kOthers;
}

// In CRC64NVME and OSS's CRC the parts' checksums add up, so the service compares all bytes as they
// were assembled, although it never had them in one piece.
std::optional<std::uint64_t> MultipartUpload::WholeCrc() const {
  if (!token_.checksummed) return std::nullopt;
  std::uint64_t crc = 0;
  for (const auto& [number, part] : parts_) {
    if (!part.crc) return std::nullopt;
    crc = number == 1 ? *part.crc : CombineCrc(client_->dialect(), crc, *part.crc, part.size_bytes);
  }
  return crc;
}

std::string MultipartUpload::ExpectedEtag() const {
  if (!client_->dialect().etag_follows_from_parts) return {};
  std::vector<Md5Digest> digests;
  for (const auto& [number, part] : parts_) {
    const auto digest = Md5Of(part.etag);
    if (!digest) return {};
    digests.push_back(*digest);
  }
  return MultipartEtag(digests);
}

// Where the service makes a checksum of the whole by itself, as OSS does, nothing more is needed.
bool MultipartUpload::FollowsFromParts(const std::string& etag) const {
  if (client_->dialect().checksum == BodyChecksum::kCrc64Ecma) return true;
  const std::string expected = ExpectedEtag();
  return !expected.empty() && LowerCase(etag) == expected;
}

// The parts' ETags are the service's word on what it received; that of the whole must follow from
// them where it has the usual form.  A service that was told the CRC has compared better already,
// and where it encrypts with a key of the customer or of a key service, ETags follow other rules.
Result<void> MultipartUpload::CheckEtag(const std::string& etag) const {
  const std::string expected = ExpectedEtag();
  const auto dash = etag.find('-');
  const bool usual = dash != std::string::npos && Md5Of(etag.substr(0, dash));
  if (!usual || expected.empty() || LowerCase(etag) == expected || WholeCrc()) return {};
  const auto looked = client_->HeadWithCrc(key_);
  if (looked && looked->encrypted_with_key) return {};
  return Error(ErrorCode::kCorruption, fmt::format("{} was assembled from other parts than were "
                                                   "sent: its ETag is {} and not {}",
                                                   key_, etag, expected));
}

// One that the service does not know was aborted before; or it has another name there, for this one
// was damaged on its way, and nobody has met it under this one.
Result<void> MultipartUpload::Abort() {
  SF_TRY(const bool was_known, client_->Abort(key_, token_.upload_id));
  if (was_known || !token_.begun || !options_.resume_token.empty()) return {};
  std::unique_lock lock(mutex_);
  if (!parts_.empty()) return {};
  lock.unlock();
  return unheard_->SweepMisheard(key_, *token_.begun, token_.upload_id);
}

}  // namespace stateferry::storage::s3
