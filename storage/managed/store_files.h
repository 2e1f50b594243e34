#pragma once
// The files around packs and index: STORE, LOCK, and where packs lie.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file_io.h"
#include "storage/managed/pack_format.h"

namespace stateferry::storage::managed {

/// Paths inside a store directory.
struct StoreLayout {
  std::string dir;
  std::string StoreFile() const { return dir + "/STORE"; }
  std::string LockFile() const { return dir + "/LOCK"; }
  std::string PacksDir() const { return dir + "/packs"; }
  std::string TempDir() const { return dir + "/tmp"; }
  std::string IndexDir() const { return dir + "/index"; }
  /// A rebuilt index on its way: under construction, then whole and waiting for its place.
  std::string IndexBuildDir() const { return dir + "/index.build"; }
  std::string IndexNewDir() const { return dir + "/index.new"; }
  std::string IndexOldDir() const { return dir + "/index.old"; }
  /// The index of a reader: the rebuilt one when a crash has kept it from its place.
  Result<std::string> IndexDirToRead(const FileIo& io) const;
  std::string TempPack(const PackId& pack) const {
    return TempDir() + "/" + pack.ToHex() + ".pack";
  }
  std::string PackDir(std::string_view project, const PackId& pack) const;
  std::string PackPath(std::string_view project, const PackId& pack) const {
    return PackDir(project, pack) + "/" + pack.ToHex() + ".pack";
  }
};

/// The directory name of a project: the name itself when that is plain, else '%' and its hash.
std::string ProjectDirName(std::string_view project);

/// The content of STORE.
struct StoreMeta {
  std::uint32_t format_version = kStoreFormatVersion;
  Hash128 id;
  std::string created;  ///< RFC 3339
};
std::string EncodeStoreMeta(const StoreMeta& meta);
/// `name` is of the STORE, for messages, `store` of what it belongs to.
/// Errors: kRefused (newer), kCorruption.
Result<StoreMeta> ParseStoreMeta(std::string_view text, const std::string& name,
                                 const std::string& store);
/// A STORE is never longer.
inline constexpr std::uint64_t kMaxStoreFileBytes = 64u << 10;
Result<void> WriteStoreMeta(const FileIo& io, const StoreLayout& layout, const StoreMeta& meta);
/// Errors: kNotFound (no store here), kRefused (newer), kCorruption.
Result<StoreMeta> ReadStoreMeta(const FileIo& io, const StoreLayout& layout);

/// The pack whose file (or last part of a key) has that name, if it is one's: "ID.pack".
std::optional<PackId> PackIdOfFile(std::string_view name);

/// Removes a directory and everything in it, links and not what they lead to; success when it is
/// not there.
Result<void> RemoveTree(const FileIo& io, const std::string& dir);

/// The writer's lock; given up when destroyed (or when the process ends, however it ends).
class StoreLock {
 public:
  /// Errors: kLocked; the message names the holder's pid, host, start time and command.
  static Result<StoreLock> Acquire(const FileIo& io, Clock& clock, const StoreLayout& layout) {
    return Acquire(io, clock, layout, layout.dir);
  }
  /// `store` names it in messages.
  static Result<StoreLock> Acquire(const FileIo& io, Clock& clock, const StoreLayout& layout,
                                   const std::string& store);

 private:
  explicit StoreLock(File file) : file_(std::move(file)) {}
  File file_;
};

/// 16 bytes from the operating system.
Hash128 RandomId();

}  // namespace stateferry::storage::managed
