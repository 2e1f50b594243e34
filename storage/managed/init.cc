// Making an empty store.

#include <algorithm>

#include "storage/managed/index_db.h"
#include "storage/managed/managed_store.h"
#include "storage/managed/store_files.h"

namespace stateferry::storage::managed {

namespace {
bool IsRocksDbName(const std::string& name) {
  for (const char* known : {"CURRENT", "IDENTITY", "LOCK"})
    if (name == known) return true;
  for (const char* start : {"LOG", "MANIFEST-", "OPTIONS-"})
    if (name.starts_with(start)) return true;
  for (const char* end : {".log", ".sst", ".dbtmp"})
    if (name.ends_with(end)) return true;
  return false;
}

/// Whether `dir` holds nothing but what an interrupted Init leaves: STORE is written last.
Result<bool> IsFreshOrInterrupted(const FileIo& io, const StoreLayout& layout) {
  SF_TRY(auto names, io.ListDir(layout.dir));
  std::size_t made_before_index = 0;
  bool has_index = false;
  for (const auto& name : names) {
    if (name == "lost+found" || name.starts_with("STORE.tmp.")) continue;
    if (name != "index" && name != "packs" && name != "tmp") return false;
    SF_TRY(auto inside, io.ListDir(layout.dir + "/" + name));
    if (name == "index") {
      has_index = true;
      if (!std::all_of(inside.begin(), inside.end(), IsRocksDbName)) return false;
    } else {
      ++made_before_index;
      if (!inside.empty()) return false;
    }
  }
  return !has_index || made_before_index == 2;
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
