#pragma once
// Where the sealed packs of a store lie.  A pack that is being written is a local file
// (pack_writer.h); here it gets the name under which everybody finds it.

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/managed/pack_source.h"
#include "storage/managed/pack_writer.h"
#include "storage/managed/shared_packs.h"
#include "storage/managed/store_files.h"

namespace stateferry::storage::managed {

struct FoundPack {
  PackId id;
  std::string path;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;  ///< by the clock of the service; of shared packs only
};

/// Thread-safe, but for Publish and Remove, which are called by one thread at a time.
class PackStore {
 public:
  virtual ~PackStore() = default;

  /// Names a pack: for messages, and for OpenPath.
  virtual std::string PathOf(std::string_view project, const PackId& pack) const = 0;
  /// For reading what files need; may be kept open for others.  Errors: kNotFound, here or from the
  /// first read, when the pack is gone.
  virtual Result<std::shared_ptr<const PackSource>> Open(std::string_view project,
                                                         const PackId& pack) = 0;
  /// Opened anew.  `path` is from PathOf or List.  Errors: kNotFound.
  virtual Result<std::shared_ptr<const PackSource>> OpenPath(const std::string& path) const = 0;
  /// The same for one that List has found.
  virtual Result<std::shared_ptr<const PackSource>> OpenFound(const FoundPack& found) const {
    return OpenPath(found.path);
  }
  /// Every pack that is there, of all projects; other files are left out.  Of shared
  /// packs, `strangers` (may be null) gets the paths of what ends like a pack and is not named as
  /// one: foreign, or a pack whose name was damaged on its way.
  virtual Result<std::vector<FoundPack>> List(std::vector<std::string>* strangers) const = 0;
  /// The names of these are durable on return: the process that gave them may have been killed
  /// before they were.
  virtual Result<void> SyncNames(const std::vector<FoundPack>& packs) const = 0;

  /// Gives a finished pack its final name, durably; only then anybody sees it.  After an error it
  /// may be there or not.
  virtual Result<void> Publish(const PackWriter& pack) = 0;
  /// Durable on return.  Success also when it is not there.
  virtual Result<void> Remove(std::string_view project, const PackId& pack) = 0;

  /// Not null when other writers publish into it, at any time: then a pack that was published may
  /// be in use by them already, whatever has become of its writer, and is removed only as gc does
  /// it, after its mark has been there for long.
  virtual SharedPacks* shared() const { return nullptr; }
  /// After some error nobody knows what is durable: no more writes until the store is opened again.
  bool broken() const { return broken_; }

 protected:
  std::atomic<bool> broken_{false};
};

/// That a path that List gave as a stranger is one.
inline Error Stranger(const std::string& path) {
  return Error(ErrorCode::kCorruption, path + " is listed, which is no name of a pack")
      .WithHint("only stores may write below packs/ of a store: move it away");
}

/// Packs below `layout.PacksDir()`.
std::unique_ptr<PackStore> PacksInDirectory(const FileIo& io, const StoreLayout& layout);

}  // namespace stateferry::storage::managed
