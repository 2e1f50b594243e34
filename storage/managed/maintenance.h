#pragma once
// Work on a whole store: the functions behind Store's maintenance methods.

#include "storage/managed/managed_store.h"
#include "storage/managed/store_core.h"

namespace stateferry::storage::managed {

Result<StoreInfo> ReadInfo(StoreCore& core);  // info.cc
Result<CheckReport> CheckStore(StoreCore& core, CheckLevel level, const StoreProgress& progress,
                               std::stop_token stop);  // check.cc
Result<GcReport> CollectGarbage(StoreCore& core, const GcOptions& options,
                                const StoreProgress& progress, std::stop_token stop);  // gc.cc
Result<std::uint64_t> ForgetFiles(StoreCore& core, const std::string& project,
                                  const std::string& prefix);            // forget.cc
Result<std::uint64_t> DropUploads(StoreCore& core, std::int64_t age_s);  // forget.cc

/// Ends the swap of a rebuilt index that a crash interrupted.  Only under the lock.  rebuild.cc
Result<void> FinishIndexSwap(const FileIo& io, const StoreLayout& layout);

}  // namespace stateferry::storage::managed
