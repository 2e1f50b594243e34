#pragma once

#include <stop_token>
#include <vector>

#include "base/buffer_pool.h"
#include "transfer/endpoints.h"
#include "transfer/journal.h"

namespace stateferry::transfer {

/// For each file whether source and destination hold the same bytes.  Reads both, in pieces of half
/// a buffer, with up to `workers` threads.
/// Errors: kConflict when a source is no longer what was planned; what reading returns; kCancelled.
Result<std::vector<bool>> CompareFiles(const std::vector<FileRecord>& files, Endpoints& ends,
                                       BufferPool& buffers, int workers, std::stop_token stop);

}  // namespace stateferry::transfer
