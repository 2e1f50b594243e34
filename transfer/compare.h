#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/buffer_pool.h"
#include "transfer/endpoints.h"
#include "transfer/journal.h"

namespace stateferry::transfer {

struct CompareInputs {
  const std::string& id;
  Journal& journal;
  Endpoints& ends;
  BufferPool& buffers;
  int workers;
};

/// For each file the ContentHash when source and destination hold the same bytes, nothing when they
/// do not.  Reads the destination, and of the source the parts that have no receipt, with up to
/// `workers` threads.
/// Errors: kConflict when a source is no longer what was planned; what reading returns; kCancelled.
Result<std::vector<std::optional<Hash128>>> CompareFiles(const std::vector<FileRecord>& files,
                                                         const CompareInputs& inputs,
                                                         std::stop_token stop);

}  // namespace stateferry::transfer
