#include "transfer/home_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

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

Result<HomeLock> HomeLock::Take(const FileIo& io, Clock& clock, const std::string& home_dir,
                                const std::string& work) {
  SF_TRY(auto file, TakeLockFile(io, clock, LockFileOf(home_dir), Busy(home_dir), work));
  return HomeLock(std::move(file));
}

LockLook HomeLock::Look(const FileIo& io, const std::string& home_dir) {
  return LookAtLockFile(io, LockFileOf(home_dir));
}

Result<HomeLock> HomeLock::Inherit(const FileIo& io, Clock& clock, const std::string& home_dir,
                                   int fd) {
  const std::string path = LockFileOf(home_dir);
  struct stat inherited = {}, named = {};
  if (fstat(fd, &inherited) != 0 || ::stat(path.c_str(), &named) != 0 ||
      inherited.st_ino != named.st_ino || inherited.st_dev != named.st_dev ||
      flock(fd, LOCK_EX | LOCK_NB) != 0)
    return Error(ErrorCode::kLocked, home_dir + " was not handed over by the process before");
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  SF_TRY(auto file, io.Adopt(fd, path));
  // It was never free in between: what was written since then is of those who hold it.
  const auto before = ReadLockHolder(io, path);
  NameHolder(io, file, before ? before->started : FormatTime(clock.Now()),
             before ? before->work : "");
  return HomeLock(std::move(file));
}

}  // namespace stateferry::transfer
