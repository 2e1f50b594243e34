#pragma once
// Work on a whole store: the functions behind Store's maintenance methods.

#include "storage/managed/managed_store.h"
#include "storage/managed/store_core.h"

namespace stateferry::storage::managed {

/// The store over a core whose index is open.  `lock` is a writer's.  store.cc
std::unique_ptr<Store> MakeStore(std::optional<StoreLock> lock, std::unique_ptr<StoreCore> core);

Result<StoreInfo> ReadInfo(StoreCore& core);  // info.cc
Result<CheckReport> CheckStore(StoreCore& core, CheckLevel level, const StoreProgress& progress,
                               std::stop_token stop);  // check.cc
Result<GcReport> CollectGarbage(StoreCore& core, const GcOptions& options,
                                const StoreProgress& progress, std::stop_token stop);  // gc.cc
/// The same where other machines write into the packs.  bucket_gc.cc
Result<GcReport> CollectShared(StoreCore& core, const GcOptions& options,
                               const StoreProgress& progress, std::stop_token stop);
Result<std::uint64_t> ForgetFiles(StoreCore& core, const std::string& project,
                                  const std::string& prefix);            // forget.cc
Result<std::uint64_t> DropUploads(StoreCore& core, std::int64_t age_s);  // forget.cc

/// Puts an index that `fill` has filled in the place of the old one.  Only under the lock.
/// rebuild.cc
Result<void> ReplaceIndex(const FileIo& io, const StoreLayout& layout,
                          const std::function<Result<void>(IndexDb&)>& fill);

/// Ends the swap of a rebuilt index that a crash interrupted.  Only under the lock.  rebuild.cc
Result<void> FinishIndexSwap(const FileIo& io, const StoreLayout& layout);

}  // namespace stateferry::storage::managed
