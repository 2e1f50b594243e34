#pragma once
// Whether files are at the target as they were at the source (C-32).

#include <stop_token>
#include <string>
#include <vector>

#include "state/workflow/findings.h"
#include "storage/places.h"

namespace stateferry::state::clone {

/// One file that something at the target needs.
struct FileCheck {
  entities::EntityKey needed_by;
  storage::Location at;   ///< at the target
  std::string from = {};  ///< URI of what it was cloned from; "" = nothing to compare with
  std::string hash = {};  ///< "xxh3-128:..." as the resource-file says; "" = not known
};

struct FileCheckReport {
  std::uint64_t files = 0, compared = 0, bytes_read = 0;
};

/// Reads the files at both sides, a few at a time, and compares size and hash.  What has nothing to
/// be compared with must only be there.  A file that is missing or other is a finding; so, as a
/// warning, is one whose original is gone and whose hash nobody knows.
/// Errors: kCancelled; of the places what repeating may help.
Result<FileCheckReport> CheckFiles(const std::vector<FileCheck>& checks, storage::Places& places,
                                   std::stop_token stop, workflow::Findings& findings);

}  // namespace stateferry::state::clone
