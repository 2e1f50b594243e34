#pragma once
// Reads whole objects for the sake of reading: managed storage checks hashes, a disk its sectors.

#include <stop_token>
#include <vector>

#include "state/snapshot/source_objects.h"

namespace stateferry::state::snapshot {

/// Reads every byte of `files` that have no problem yet, several at a time, and sets the problem of
/// those that fail or end early or late.  Returns the bytes read.  Errors: kCancelled.
Result<std::uint64_t> ReadThrough(SourceObjects& objects, std::vector<SnapshotFile>& files,
                                  std::stop_token stop);

}  // namespace stateferry::state::snapshot
