#pragma once
// Whether the bucket of the source may be read (C-21).

#include "state/clone/space_checks.h"
#include "storage/places.h"

namespace stateferry::state::clone {

/// From a bucket into managed storage: lists the bucket of the source workspace and reads a byte of
/// one of its objects, as whoever the credentials of that place are: of a file of the project, or,
/// for a clone with state, of the first that there is.  Nothing is written (C-22).  A denial is a
/// finding that names the bucket, the missing right and who is to read.
/// False after a denial.  Errors: of the place, but for denials.
Result<bool> ProbeSourceBucket(const CloneRequest& request, const Space& space,
                               storage::Places& places, workflow::Findings& findings);

}  // namespace stateferry::state::clone
