#include "state/workflow/stop_request.h"

#include "base/bytes.h"

namespace stateferry::state::workflow {

namespace {
std::string DirOf(const std::string& home_dir) { return home_dir + "/stop-requests"; }
std::string PathOf(const std::string& home_dir, const std::string& id) {
  return DirOf(home_dir) + "/" + id;
}
}  // namespace

Result<void> RequestStop(const FileIo& io, const std::string& home_dir, const std::string& id) {
  SF_TRY(io.MakeDirsDurably(DirOf(home_dir), kOwnerOnly));
  return io.WriteDurably(PathOf(home_dir, id), AsBytes(""));
}

bool StopRequested(const FileIo& io, const std::string& home_dir, const std::string& id) {
  const auto exists = io.Exists(PathOf(home_dir, id));
  return exists && *exists;
}

Result<void> ForgetStopRequest(const FileIo& io, const std::string& home_dir,
                               const std::string& id) {
  return io.Unlink(PathOf(home_dir, id));
}

}  // namespace stateferry::state::workflow
