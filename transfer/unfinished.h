#pragma once

#include <string>

#include "storage/backend.h"
#include "transfer/journal.h"

namespace stateferry::transfer {

/// Drops what the unfinished upload of `file` holds at the destination; durable with the next Flush
/// there.  False: there is none, or it is gone already.
Result<bool> AbortUpload(storage::Backend& to, const std::string& to_key, const FileRecord& file);

}  // namespace stateferry::transfer
