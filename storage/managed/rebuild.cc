#include "storage/managed/maintenance.h"

namespace stateferry::storage::managed {

Result<void> FinishIndexSwap(const FileIo& io, const StoreLayout& layout) {
  SF_TRY(bool has_new, io.Exists(layout.IndexNewDir()));
  if (has_new) {
    SF_TRY(bool has_index, io.Exists(layout.IndexDir()));
    if (has_index) {
      SF_TRY(RemoveTree(io, layout.IndexOldDir()));
      SF_TRY(io.Rename(layout.IndexDir(), layout.IndexOldDir()));
      SF_TRY(io.SyncDir(layout.dir));
    }
    SF_TRY(io.Rename(layout.IndexNewDir(), layout.IndexDir()));
    SF_TRY(io.SyncDir(layout.dir));
  }
  return RemoveTree(io, layout.IndexOldDir());
}

Result<StoreInfo> RebuildIndex(const FileIo&, Clock&, const std::string&, const StoreProgress&,
                               std::stop_token) {
  return Error(ErrorCode::kInternal, "not there yet");
}

}  // namespace stateferry::storage::managed
