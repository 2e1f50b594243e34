#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "storage/s3/session.h"

namespace stateferry::storage::s3 {

/// Whether the service compares the checksums that come with bodies, or only takes them: found out
/// by sending a body with a wrong one.  Where it compares, a body that was accepted has arrived as
/// it was sent.  Thread-safe; whoever comes while it is tried waits.
class ChecksumTrial {
 public:
  /// `known`: it is documented of this service.
  explicit ChecksumTrial(bool known) : compares_(known), tries_left_(known ? 0 : kTries) {}

  bool compares() const { return compares_; }

  /// Sends `call`, which has no checksum so far, with one that is not `crc` of its body, unless the
  /// answer is known.  Nothing but the checksum is wrong about it: a service that takes it has
  /// stored what the caller is about to send with the right one.  True: so it has.
  bool Try(Session& session, Call call, std::uint64_t crc);

 private:
  /// An outage, another region or expired credentials tell nothing; more than so many are not worth
  /// it.
  static constexpr int kTries = 8;

  std::atomic<bool> compares_;
  std::mutex mutex_;
  int tries_left_;  // guarded by mutex_
};

}  // namespace stateferry::storage::s3
