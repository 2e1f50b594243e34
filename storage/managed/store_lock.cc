#include "base/lock_file.h"
#include "storage/managed/store_files.h"

namespace stateferry::storage::managed {

Result<StoreLock> StoreLock::Acquire(const FileIo& io, Clock& clock, const StoreLayout& layout,
                                     const std::string& store) {
  SF_TRY(auto file,
         TakeLockFile(io, clock, layout.LockFile(),
                      {.busy = "store " + store + " is being written",
                       .hint = "wait until it has ended, then repeat the command; reading is "
                               "possible meanwhile"}));
  return StoreLock(std::move(file));
}

}  // namespace stateferry::storage::managed
