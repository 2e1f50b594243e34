#include "base/private_dir.h"

#include <sys/stat.h>

#include <cerrno>

namespace stateferry {

Result<void> MakePrivateDirsDurably(const FileIo& io, const std::string& path) {
  SF_TRY(const bool exists, io.Exists(path));
  // Says what is wrong when it is no directory.
  if (exists) return io.MakeDirsDurably(path);
  const std::string parent = ParentDir(path);
  SF_TRY(MakePrivateDirsDurably(io, parent));
  if (io.hooks() != nullptr) SF_TRY(io.hooks()->Before(IoOp::kMakeDir, path));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return ErrnoError(errno, "making directory " + path);
  SF_TRY(io.SyncDir(path));
  return io.SyncDir(parent);
}

}  // namespace stateferry
