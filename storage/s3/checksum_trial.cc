#include "storage/s3/checksum_trial.h"

#include <utility>

#include "base/log.h"
#include "storage/s3/checksums.h"
#include "storage/s3/refusal.h"

namespace stateferry::storage::s3 {

bool ChecksumTrial::Try(Session& session, Call call, std::uint64_t crc) {
  // Of nothing some services look at no checksum.
  if (compares_ || call.body.empty()) return false;
  std::lock_guard lock(mutex_);
  if (compares_ || tries_left_ == 0) return false;
  --tries_left_;
  call.headers.emplace_back("x-amz-checksum-crc64nvme", ChecksumText(crc ^ 1));
  call.also = {400};
  const auto answer = session.Send(call);
  // What else is wrong the caller's own request will tell.
  if (!answer) return false;
  if (answer->status == 400) {
    const auto code = ReadRefusal(*answer).code;
    // The second one is MinIO's.
    compares_ = code == "BadDigest" || code == "XAmzContentChecksumMismatch";
    if (compares_) tries_left_ = 0;
    return false;
  }
  tries_left_ = 0;
  LogInfo("storage", "{} does not compare checksums: what is put there is read back",
          session.location());
  return true;
}

}  // namespace stateferry::storage::s3
