#pragma once
// Opening a path below a directory such that no symlink in it leads out.

#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry::storage {

/// "/a", "b/c" -> "/a/b/c"
std::string PathBelow(std::string_view dir, std::string_view relative);

/// An open directory; closed when destroyed.
class OpenDir {
 public:
  OpenDir(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~OpenDir();
  OpenDir(const OpenDir&) = delete;
  OpenDir& operator=(const OpenDir&) = delete;
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view relative) const;
  /// False when the directory was removed from the file system meanwhile.
  bool IsLinked() const;

 private:
  const int fd_;
  const std::string path_;
};

/// How the kernel is asked.  kWalk is for kernels before 5.6 and sandboxes without openat2, and
/// refuses every symlink.
enum class BeneathBy { kOpenat2, kWalk };

/// Opens `relative` ("a/b", checked as a key) below `dir`; a symlink is followed as long as it
/// stays below `dir`.  Never waits for the other end of a pipe.  Errors: kPermission when a symlink
/// leads out; as errno says for the rest.
Result<int> OpenBeneath(const OpenDir& dir, std::string_view relative, int flags,
                        BeneathBy by = BeneathBy::kOpenat2);

}  // namespace stateferry::storage
