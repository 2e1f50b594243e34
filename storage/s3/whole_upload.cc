#include "storage/s3/whole_upload.h"

#include "base/hash.h"
#include "storage/part_grid.h"
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
  const bool repeated = std::exchange(put_before_, true);
  versions_->Forget(key_);
  auto etag = client_->Put(key_, bytes_, options_.overwrite);
  if (!etag) {
    if (etag.error().code() != ErrorCode::kConflict || !repeated) return std::move(etag).error();
    // The answer to our own PUT may have been lost on its way.
    SF_TRY(const bool ours, IsThereAlready());
    if (!ours) return std::move(etag).error();
  } else {
    versions_->Note(key_, {std::move(*etag), options_.size_bytes});
  }
  bytes_ = {};
  return {};
}

Result<bool> WholeUpload::IsThereAlready() const {
  SF_TRY(const auto meta, client_->Head(key_));
  return meta.size_bytes == bytes_.size() &&
         LowerCase(meta.etag) == ToHex(DigestBytes(Md5(bytes_)));
}

Result<void> WholeUpload::Abort() {
  bytes_ = {};
  has_part_ = false;
  return {};
}

std::string WholeUpload::ResumeToken() const { return std::string(kNothingToResume); }

}  // namespace stateferry::storage::s3
