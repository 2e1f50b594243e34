#pragma once
// Whether the bucket of the source may be read (C-21).

#include "state/clone/space_checks.h"
#include "storage/places.h"

namespace stateferry::state::clone {

/// From a bucket into managed storage: lists the bucket of the source workspace and reads a byte of
/// the first object, as whoever the credentials of that place are.  Nothing is written (C-22).  A
/// denial is a finding that names the bucket, the missing right and `reader`.
/// Errors: of the place, but for denials.
Result<void> ProbeSourceBucket(const Space& space, const std::string& reader,
                               storage::Places& places, workflow::Findings& findings);

}  // namespace stateferry::state::clone
