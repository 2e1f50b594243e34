#pragma once

#include <memory>

#include "base/clock.h"
#include "storage/backend.h"
#include "storage/location.h"
#include "storage/s3/bucket.h"
#include "storage/s3/session.h"

namespace stateferry::storage::s3 {

struct OpenOptions {
  Variables environment = {};
  std::stop_token stop = {};  ///< ends waits for a turn; requests under way come to their end
};

/// Signed requests to the bucket that `location` (s3 or oss) is in, with the options and
/// credentials of that location.  Sends nothing yet.  Errors: those of ResolveBucket.
Result<std::shared_ptr<Session>> OpenSession(const Location& location, Clock& clock,
                                             const OpenOptions& options);

/// The backend over such a session.
Result<std::shared_ptr<Backend>> OpenBucket(const Location& location, Clock& clock,
                                            const OpenOptions& options);

}  // namespace stateferry::storage::s3
