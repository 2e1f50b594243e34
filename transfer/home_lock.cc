#include "transfer/home_lock.h"

#include "base/lock_file.h"

namespace stateferry::transfer {

namespace {
std::string LockFileOf(const std::string& home_dir) { return home_dir + "/LOCK"; }
LockBusy Busy(const std::string& home_dir) {
  return {.busy = home_dir + " is in use", .hint = "wait until it ends, or use another --home"};
}
}  // namespace

Result<void> HomeLock::CheckFree(const FileIo& io, const std::string& home_dir) {
  return CheckLockFileFree(io, LockFileOf(home_dir), Busy(home_dir));
}

Result<HomeLock> HomeLock::Take(const FileIo& io, Clock& clock, const std::string& home_dir) {
  SF_TRY(auto file, TakeLockFile(io, clock, LockFileOf(home_dir), Busy(home_dir)));
  return HomeLock(std::move(file));
}

}  // namespace stateferry::transfer
