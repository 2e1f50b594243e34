// Making an empty store.

#include "storage/managed/index_db.h"
#include "storage/managed/managed_store.h"
#include "storage/managed/store_files.h"

namespace stateferry::storage::managed {

namespace {
/// Whether `dir` holds nothing but what an interrupted Init leaves: STORE is written last.
Result<bool> IsFreshOrInterrupted(const FileIo& io, const StoreLayout& layout) {
  SF_TRY(auto names, io.ListDir(layout.dir));
  for (const auto& name : names) {
    if (name == "index" || name.starts_with("STORE.tmp.")) continue;
    if (name != "packs" && name != "tmp") return false;
    SF_TRY(auto inside, io.ListDir(layout.dir + "/" + name));
    if (!inside.empty()) return false;
  }
  // A directory that happens to be called "index" is not ours unless the rest is there too.
  const bool only_ours = names.empty() || names.front() != "index" || names.size() > 1;
  return only_ours;
}
}  // namespace

Result<void> Store::Init(const FileIo& io, Clock& clock, const std::string& given_dir) {
  std::string dir = given_dir;
  while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
  const StoreLayout layout{dir};
  auto outer = ResolveStorePath(io, dir);
  if (outer && outer->store_dir == dir)
    return Error(ErrorCode::kConflict, dir + " is a store already");
  if (outer)
    return Error(ErrorCode::kRefused,
                 dir + " lies inside the store " + outer->store_dir + "; stores cannot be nested");
  if (outer.error().code() != ErrorCode::kNotFound) return outer.error();
  SF_TRY(bool exists, io.Exists(dir));
  if (exists) {
    SF_TRY(auto stat, io.Stat(dir));
    if (!stat.is_directory) return Error(ErrorCode::kConflict, dir + " is not a directory");
    SF_TRY(bool fresh, IsFreshOrInterrupted(io, layout));
    if (!fresh)
      return Error(ErrorCode::kConflict, dir + " is not empty")
          .WithHint("choose a directory that is empty or does not exist");
  }
  SF_TRY(io.MakeDirsDurably(layout.PacksDir()));
  SF_TRY(io.MakeDirsDurably(layout.TempDir()));
  // The directory may have been made by somebody who did not sync its name.
  SF_TRY(io.SyncDir(layout.dir));
  SF_TRY(io.SyncDir(ParentDir(layout.dir)));
  SF_TRY(RemoveTree(io, layout.IndexDir()));
  SF_TRY(io.MakeDirsDurably(layout.IndexDir()));
  { SF_TRY(auto index, IndexDb::Open(io, layout.IndexDir(), IndexDb::Mode::kCreate)); }
  SF_TRY(io.SyncDir(layout.IndexDir()));
  return WriteStoreMeta(io, layout,
                        {.format_version = kStoreFormatVersion,
                         .id = RandomId(),
                         .created = FormatTime(clock.Now())});
}

}  // namespace stateferry::storage::managed
