#include "storage/managed/managed_store.h"
#include "storage/managed/store_files.h"

namespace stateferry::storage::managed {

Result<StorePath> ResolveStorePath(const FileIo& io, const std::string& absolute_path) {
  std::string dir = absolute_path;
  while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
  const std::string whole = dir;
  for (;;) {
    SF_TRY(bool found, io.Exists(StoreLayout{dir == "/" ? "" : dir}.StoreFile()));
    if (found) break;
    if (dir == "/" || dir == "." || dir.empty())
      return Error(ErrorCode::kNotFound,
                   "no store at or above " + whole + ": no directory there holds a STORE file")
          .WithHint("make one: stateferry store init DIR");
    dir = ParentDir(dir);
  }
  StorePath path{.store_dir = dir, .project = "", .key = ""};
  std::string rest = whole.substr(dir == "/" ? 0 : dir.size());
  if (!rest.empty()) rest.erase(0, 1);
  const auto slash = rest.find('/');
  path.project = rest.substr(0, slash);
  if (slash != std::string::npos) path.key = rest.substr(slash + 1);
  return path;
}

}  // namespace stateferry::storage::managed
