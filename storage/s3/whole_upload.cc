#include "storage/s3/whole_upload.h"

#include "base/hash.h"
#include "storage/part_grid.h"
#include "storage/s3/body_check.h"
#include "storage/s3/digest.h"
#include "storage/s3/upload_token.h"

namespace stateferry::storage::s3 {

Result<void> WholeUpload::PutPart(std::uint32_t part_index, ByteSpan bytes) {
  SF_TRY(PartOffset(key_, options_, part_index, bytes.size()));
  bytes_.assign(bytes.begin(), bytes.end());
  has_part_ = true;
  return {};
}

Result<void> WholeUpload::Complete() {
  if (!has_part_ && options_.size_bytes != 0)
    return Error(ErrorCode::kInternal,
                 "the upload of " + key_ + " was completed without its only part");
  versions_->Forget(key_);
  auto stored = client_->Put(key_, bytes_, options_.overwrite, Proof::kWanted);
  if (!stored) {
    if (stored.error().code() != ErrorCode::kConflict || stored.error().retry() != Retry::kNever)
      return std::move(stored).error();
    // The answer to our own PUT may have been lost on its way, and a proxy may have repeated it.
    SF_TRY(const bool ours, IsThereAlready());
    if (!ours) return std::move(stored).error();
  } else {
    completed_ = *stored;
    versions_->Note(key_, {std::move(stored->etag), options_.size_bytes});
  }
  bytes_ = {};
  return {};
}

Result<bool> WholeUpload::IsThereAlready() const {
  SF_TRY(const auto meta, client_->Head(key_));
  if (meta.size_bytes != bytes_.size()) return false;
  if (bytes_.empty() || LowerCase(meta.etag) == ToHex(DigestBytes(Md5(bytes_)))) return true;
  SF_TRY(const auto looked, client_->HeadWithCrc(key_));
  const auto crc = CrcOf(client_->dialect(), bytes_);
  if (looked.crc && crc) return looked.crc == crc;
  // An ETag that is no MD5, and no checksum: the object is small enough to be looked at.
  Bytes there(bytes_.size());
  SF_TRY(const auto read, client_->GetRange(key_, 0, there, Version{meta.etag, meta.size_bytes}));
  return read.count == there.size() && there == bytes_;
}

Result<void> WholeUpload::Abort() {
  bytes_ = {};
  has_part_ = false;
  return {};
}

std::string WholeUpload::ResumeToken() const { return std::string(kNothingToResume); }

}  // namespace stateferry::storage::s3
