// Packs as files of the store's directory.

#include <list>
#include <mutex>
#include <set>
#include <unordered_map>

#include "storage/managed/pack_store.h"

namespace stateferry::storage::managed {

namespace {

/// An open file as a pack.
class OpenPack final : public PackSource {
 public:
  explicit OpenPack(File file) : file_(std::move(file)), view_(file_) {}
  const std::string& path() const override { return view_.path(); }
  Result<std::uint64_t> SizeBytes() const override { return view_.SizeBytes(); }
  Result<std::size_t> ReadAt(std::uint64_t offset, MutableByteSpan out) const override {
    return view_.ReadAt(offset, out);
  }

 private:
  File file_;
  const FileView view_;
};

/// Open packs by path, the least recently used closed beyond a bound.  Thread-safe.
class OpenPacks {
 public:
  using Pack = std::shared_ptr<const PackSource>;

  Pack Find(const std::string& path) {
    std::lock_guard lock(mutex_);
    const auto found = by_path_.find(path);
    if (found == by_path_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, found->second);
    return *found->second;
  }
  void Remember(const Pack& pack) {
    std::lock_guard lock(mutex_);
    if (by_path_.contains(pack->path())) return;
    recent_.push_front(pack);
    by_path_[pack->path()] = recent_.begin();
    if (recent_.size() <= kMaxOpen) return;
    by_path_.erase(recent_.back()->path());
    recent_.pop_back();
  }
  void Forget(const std::string& path) {
    std::lock_guard lock(mutex_);
    const auto found = by_path_.find(path);
    if (found == by_path_.end()) return;
    recent_.erase(found->second);
    by_path_.erase(found);
  }

 private:
  static constexpr std::size_t kMaxOpen = 64;
  std::mutex mutex_;
  std::list<Pack> recent_;                                              // guarded by mutex_
  std::unordered_map<std::string, std::list<Pack>::iterator> by_path_;  // guarded by mutex_
};

class DirectoryPacks final : public PackStore {
 public:
  DirectoryPacks(const FileIo& io, const StoreLayout& layout) : io_(io), layout_(layout) {}

  std::string PathOf(std::string_view project, const PackId& pack) const override {
    return layout_.PackPath(project, pack);
  }
  Result<std::shared_ptr<const PackSource>> Open(std::string_view project,
                                                 const PackId& pack) override {
    const std::string path = PathOf(project, pack);
    if (auto open = open_.Find(path)) return open;
    SF_TRY(auto opened, OpenPath(path));
    open_.Remember(opened);
    return opened;
  }
  Result<std::shared_ptr<const PackSource>> OpenPath(const std::string& path) const override {
    SF_TRY(auto file, io_.Open(path, OpenMode::kRead));
    return std::shared_ptr<const PackSource>(std::make_shared<OpenPack>(std::move(file)));
  }

  Result<std::vector<FoundPack>> List(std::vector<std::string>*) const override {
    std::vector<FoundPack> packs;
    SF_TRY(auto projects, io_.ListDir(layout_.PacksDir()));
    for (const auto& project : projects) {
      const std::string project_dir = layout_.PacksDir() + "/" + project;
      SF_TRY(auto stat, io_.Stat(project_dir));
      if (!stat.is_directory) continue;
      SF_TRY(auto shards, io_.ListDir(project_dir));
      for (const auto& shard : shards) SF_TRY(ListShard(project_dir + "/" + shard, packs));
    }
    return packs;
  }

  Result<void> SyncNames(const std::vector<FoundPack>& packs) const override {
    std::set<std::string> dirs;
    for (const auto& pack : packs) {
      const std::string shard = ParentDir(pack.path);
      dirs.insert({shard, ParentDir(shard), layout_.PacksDir(), layout_.dir});
    }
    for (const auto& dir : dirs) SF_TRY(io_.SyncDir(dir));
    return {};
  }

  Result<void> Publish(const PackWriter& pack) override {
    const auto& header = pack.header();
    auto synced = MakePackDir(header);
    if (synced) {
      SF_TRY(io_.RenameNoReplace(pack.temp_path(), PathOf(header.project, header.pack_id)));
      synced = io_.SyncDir(layout_.PackDir(header.project, header.pack_id));
    }
    // A second sync that succeeds would prove nothing about what the first has lost.
    if (!synced) broken_ = true;
    return synced;
  }

  Result<void> Remove(std::string_view project, const PackId& pack) override {
    const std::string path = PathOf(project, pack);
    // Where it is gone already, a process that was killed may have removed it just before.
    SF_TRY(bool had_dir, io_.Exists(ParentDir(path)));
    if (!had_dir) return {};
    SF_TRY(io_.Unlink(path));
    open_.Forget(path);
    auto synced = io_.SyncDir(ParentDir(path));
    if (!synced) broken_ = true;
    return synced;
  }

 private:
  Result<void> ListShard(const std::string& dir, std::vector<FoundPack>& packs) const {
    SF_TRY(auto shard, io_.Stat(dir));
    if (!shard.is_directory) return {};
    SF_TRY(auto names, io_.ListDir(dir));
    for (const auto& name : names) {
      const auto id = PackIdOfFile(name);
      if (!id) continue;
      auto stat = io_.Stat(dir + "/" + name);
      // The gc of a writer beside us may take it away in between.
      if (!stat && stat.error().code() == ErrorCode::kNotFound) continue;
      if (!stat) return std::move(stat).error();
      packs.push_back({.id = *id, .path = dir + "/" + name, .size_bytes = stat->size_bytes});
    }
    return {};
  }

  Result<void> MakePackDir(const PackHeader& header) {
    const std::string dir = layout_.PackDir(header.project, header.pack_id);
    SF_TRY(io_.MakeDirsDurably(dir));
    if (synced_projects_.contains(header.project)) return {};
    // What is there already may have been made by a process that was killed before it synced.
    SF_TRY(io_.SyncDir(ParentDir(dir)));
    SF_TRY(io_.SyncDir(layout_.PacksDir()));
    synced_projects_.insert(header.project);
    return {};
  }

  const FileIo io_;
  const StoreLayout layout_;
  OpenPacks open_;
  std::set<std::string> synced_projects_;  // used by Publish alone
};

}  // namespace

std::unique_ptr<PackStore> PacksInDirectory(const FileIo& io, const StoreLayout& layout) {
  return std::make_unique<DirectoryPacks>(io, layout);
}

}  // namespace stateferry::storage::managed
