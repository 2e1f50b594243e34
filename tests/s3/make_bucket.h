#pragma once

#include "base/clock.h"
#include "storage/s3/open_bucket.h"

namespace stateferry::fakes {

/// Makes the bucket of `location` unless it is there already.
inline Result<void> MakeBucket(const storage::Location& location,
                               const storage::s3::OpenOptions& options) {
  SF_TRY(auto session, storage::s3::OpenSession(location, SystemClock(), options));
  SF_TRY(session->Send({.method = "PUT", .also = {409}}));
  return {};
}

}  // namespace stateferry::fakes
