#pragma once
// What a transfer has put at its destination, compared with what it remembers of it.

#include <stop_token>
#include <string>
#include <vector>

#include "storage/places.h"
#include "transfer/journal.h"

namespace stateferry::transfer {

struct ContentsReport {
  std::uint64_t files = 0;     ///< of the plan; those that are done were read
  std::uint64_t compared = 0;  ///< of these, with a content hash or an etag that is known
  std::uint64_t bytes_read = 0;
  /// Whether it is known what was put behind the files; those objects were compared and count.
  bool last_objects_known = false;
  std::vector<std::string>
      problems;  ///< files that are missing, unreadable, or other than they were
};

/// Reads every file of the transfer's plan that is done, however the transfer ended, and compares
/// it by its content hash; files that were reused or skipped unread by their etag.  Those moved by
/// an older version of the program are read only.  What was put behind the files (`_metadata`) is
/// compared with the hashes in the transfer's record.
/// Errors: what opening the destination and the journal return; kCancelled.
Result<ContentsReport> CheckContents(const TransferRecord& record, Journal& journal,
                                     storage::Places& places, std::stop_token stop);

}  // namespace stateferry::transfer
