#pragma once

#include <string>

#include "base/clock.h"
#include "base/file_io.h"
#include "base/lock_file.h"
#include "base/result.h"

namespace stateferry::transfer {

/// `<home>/LOCK`: held with flock(2) by the one process that writes into a home; the kernel gives
/// it back when that process ends, however it ends.  The file says who holds it.
class HomeLock {
 public:
  /// `work`: the id of the run that this process is at work on, for those who Look.
  /// Errors: kLocked, whose message names the holder's pid, host, command and start time.
  static Result<HomeLock> Take(const FileIo& io, Clock& clock, const std::string& home_dir,
                               const std::string& work = "");
  /// Says who writes now, and changes nothing: kLocked like Take.  Success also without a lock
  /// file.
  static Result<void> CheckFree(const FileIo& io, const std::string& home_dir);
  /// Whether it is held, by whom, and for what.
  static LockLook Look(const FileIo& io, const std::string& home_dir);
  /// Takes over the lock that the process which started this one holds, with the work that it was
  /// taken for and the time: `fd` is that lock's fd().
  /// The home stays locked until both have closed it.  Errors: kLocked when `fd` is no such lock.
  static Result<HomeLock> Inherit(const FileIo& io, Clock& clock, const std::string& home_dir,
                                  int fd);

  int fd() const { return file_.fd(); }

 private:
  explicit HomeLock(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace stateferry::transfer
