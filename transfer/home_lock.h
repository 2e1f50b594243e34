#pragma once

#include <string>

#include "base/clock.h"
#include "base/file_io.h"
#include "base/result.h"

namespace stateferry::transfer {

/// `<home>/LOCK`: held with flock(2) by the one process that writes into a home; the kernel gives
/// it back when that process ends, however it ends.  The file says who holds it.
class HomeLock {
 public:
  /// Errors: kLocked, whose message names the holder's pid, host, command and start time.
  static Result<HomeLock> Take(const FileIo& io, Clock& clock, const std::string& home_dir);
  /// Says who writes now, and changes nothing: kLocked like Take.  Success also without a lock
  /// file.
  static Result<void> CheckFree(const FileIo& io, const std::string& home_dir);

 private:
  explicit HomeLock(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace stateferry::transfer
