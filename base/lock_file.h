#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file_io.h"
#include "base/result.h"

namespace stateferry {

/// What to say when somebody else holds a lock: "`busy` by pid 7 (copy a b) on host since ...".
struct LockBusy {
  std::string busy;  ///< "/home is in use"
  std::string hint;  ///< what to do
};

/// Of this machine, as records of locks name it; "unknown" when it has none.
std::string HostName();

/// What the file says about who holds the lock, or held it last.
struct LockHolder {
  std::uint64_t pid = 0;
  std::string command{}, host{};
  std::string started{};  ///< RFC 3339, UTC: when it took the lock
  std::string work{};     ///< what it does meanwhile, for programs; "" when it does not say
  bool operator==(const LockHolder&) const = default;
};
/// Nothing when there is no such file, or it says nothing.
std::optional<LockHolder> ReadLockHolder(const FileIo& io, const std::string& path);

/// A lock as it is at a moment.  Every process that takes it changes what the file says: between
/// two equal looks nobody has taken it and given it back.
struct LockLook {
  bool held = false;
  /// Who holds it, or held it last; of a lock that is held, nothing when that cannot be read.
  std::optional<LockHolder> holder{};
  bool operator==(const LockLook&) const = default;
};
/// Waits for nobody and changes nothing.  A lock that nobody can look at is taken for held.
LockLook LookAtLockFile(const FileIo& io, const std::string& path);

/// Locks the file at `path` with flock(2), making it when it is missing.  The lock is held until
/// the returned file is closed; the kernel gives it back when the process ends, however it ends.
/// The file then says who holds it, for people: a failure to write that is none to take the lock.
/// Errors: kLocked, as `busy` says; what opening the file gives.
Result<File> TakeLockFile(const FileIo& io, Clock& clock, const std::string& path,
                          const LockBusy& busy, const std::string& work = "");

/// What TakeLockFile writes into the file: this process holds it, since `started`, for `work`.
void NameHolder(const FileIo& io, File& file, const std::string& started, const std::string& work);

/// Success when nobody holds the lock at `path`, also when there is no such file.  Changes nothing.
/// Errors: as TakeLockFile.
Result<void> CheckLockFileFree(const FileIo& io, const std::string& path, const LockBusy& busy);

}  // namespace stateferry
