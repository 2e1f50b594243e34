#include "transfer/unfinished.h"

namespace stateferry::transfer {

Result<bool> AbortUpload(storage::Backend& to, const std::string& to_key, const FileRecord& file) {
  if (file.resume_token.empty()) return false;
  auto upload = to.StartUpload(to_key, {.size_bytes = file.task.size_bytes,
                                        .part_bytes = file.part_bytes,
                                        .resume_token = file.resume_token});
  if (!upload && upload.error().code() == ErrorCode::kNotFound) return false;
  if (!upload) return std::move(upload).error();
  SF_TRY((*upload)->Abort());
  return true;
}

}  // namespace stateferry::transfer
