#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "storage/backend.h"
#include "storage/location.h"
#include "storage/s3/bucket.h"
#include "storage/s3/session.h"

namespace stateferry::storage::s3 {

struct OpenOptions {
  Variables environment = {};
  PlaceProfiles profiles = {};
  NewObjectsSaid new_objects = {};
  /// The rate that everybody keeps to who speaks to that bucket; none: each session has its own.
  std::function<std::shared_ptr<RequestRate>(const Bucket&)> rate_of = {};
  std::stop_token stop = {};  ///< ends waits for a turn; requests under way come to their end
};

/// The bucket that `location` (s3 or oss) is in, as the location, its profile of ours, the
/// environment and the profile of the vendor's tools tell.  Errors: those of ResolveBucket;
/// kPermission: a profile that is named and not there.
Result<Bucket> FindBucket(const Location& location, Clock& clock, const Variables& environment,
                          const PlaceProfiles& profiles = {});

/// Signed requests to the bucket that `location` (s3 or oss) is in, with the options and
/// credentials of that location.  Sends nothing yet.  Errors: those of FindBucket.
Result<std::shared_ptr<Session>> OpenSession(const Location& location, Clock& clock,
                                             const OpenOptions& options);

/// The backend over such a session.
Result<std::shared_ptr<Backend>> OpenBucket(const Location& location, Clock& clock,
                                            const OpenOptions& options);

}  // namespace stateferry::storage::s3
