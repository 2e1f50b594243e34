#include "storage/bucket_dir.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "storage/backend.h"

namespace stateferry::storage {

namespace {
constexpr std::size_t kMaxComponentBytes = 255;
constexpr std::size_t kMaxOpenDirs = 32;
constexpr std::size_t kMaxKnownDirs = 100'000;
constexpr int kOpenDirFlags = O_RDONLY | O_DIRECTORY;

Error NotAnObject(const std::string& path) {
  return Error(ErrorCode::kRefused, path + " is neither a file nor a directory");
}
}  // namespace

std::string_view ParentKey(std::string_view key) {
  const auto slash = key.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : key.substr(0, slash);
}

FileStat ToFileStat(const struct stat& st) {
  return {.size_bytes = static_cast<std::uint64_t>(st.st_size),
          .mtime_ns = st.st_mtim.tv_sec * 1'000'000'000LL + st.st_mtim.tv_nsec,
          .inode = st.st_ino,
          .is_regular = S_ISREG(st.st_mode),
          .is_directory = S_ISDIR(st.st_mode)};
}

std::string BucketDir::PathOf(std::string_view key) const {
  return key.empty() ? root_ : PathBelow(root_, key);
}

Result<void> BucketDir::CheckBucketKey(std::string_view key) {
  SF_TRY(CheckKey(key));
  for (std::size_t start = 0; start < key.size();) {
    const auto end = std::min(key.find('/', start), key.size());
    if (end - start > kMaxComponentBytes)
      return Error(ErrorCode::kInvalidArgument,
                   "object key \"" + std::string(key) +
                       "\" has a path component longer than 255 bytes, which no file can have");
    const bool is_whole = start == 0 && end == key.size();
    if (key.substr(start, end - start) == kBucketPrivateDir && (is_whole || end < key.size()))
      return Error(ErrorCode::kInvalidArgument, "object key \"" + std::string(key) + "\" lies in " +
                                                    std::string(kBucketPrivateDir) +
                                                    ", which is kept for unfinished uploads");
    start = end + 1;
  }
  return {};
}

Result<int> BucketDir::Resolve(std::string_view key, int flags) {
  SF_TRY(const Dir root, Root());
  auto fd = OpenBeneath(*root, key, flags);
  if (fd || fd.error().code() != ErrorCode::kNotFound || root->IsLinked()) return fd;
  // The bucket was removed, and perhaps made again.
  Forget();
  SF_TRY(const Dir again, Root());
  return OpenBeneath(*again, key, flags);
}

Result<File> BucketDir::OpenForRead(std::string_view key) {
  SF_TRY(const int fd, Resolve(key, O_RDONLY));
  SF_TRY(auto file, io_.Adopt(fd, PathOf(key)));
  SF_TRY(const auto stat, file.Stat());
  if (stat.is_directory)
    return Error(ErrorCode::kNotFound, PathOf(key) + " is a directory, not an object");
  if (!stat.is_regular) return NotAnObject(PathOf(key));
  return file;
}

Result<FileStat> BucketDir::Stat(std::string_view key) {
  SF_TRY(const int fd, Resolve(key, O_PATH));
  struct stat st {};
  const int stated = ::fstat(fd, &st);
  const int errnum = errno;
  ::close(fd);
  if (stated != 0) return ErrnoError(errnum, PathOf(key));
  if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) return NotAnObject(PathOf(key));
  return ToFileStat(st);
}

BucketDir::Dir BucketDir::Cached(std::string_view dir) {
  std::lock_guard lock(mutex_);
  const auto it = cached_dirs_.find(dir);
  if (it == cached_dirs_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, it->second);
  return it->second->open;
}

void BucketDir::Remember(std::string_view dir, const Dir& open) {
  std::lock_guard lock(mutex_);
  if (cached_dirs_.contains(dir)) return;
  recent_.push_front({std::string(dir), open});
  cached_dirs_.emplace(dir, recent_.begin());
  if (recent_.size() <= kMaxOpenDirs) return;
  cached_dirs_.erase(recent_.back().name);
  recent_.pop_back();
}

void BucketDir::Forget() {
  std::lock_guard lock(mutex_);
  known_.clear();
  recent_.clear();
  cached_dirs_.clear();
}

Result<BucketDir::Dir> BucketDir::Root() {
  if (Dir cached = Cached("")) return cached;
  const int fd = ::open(root_.c_str(), kOpenDirFlags | O_CLOEXEC);
  if (fd < 0 && errno == ENOTDIR)
    return Error(ErrorCode::kConflict, root_ + " is not a directory, so it cannot be a bucket");
  if (fd < 0) return ErrnoError(errno, "opening bucket " + root_);
  Dir open = std::make_shared<OpenDir>(fd, root_);
  Remember("", open);
  return open;
}

Result<BucketDir::Dir> BucketDir::MakeRoot() {
  auto root = Root();
  if (root || root.error().code() != ErrorCode::kNotFound) return root;
  SF_TRY(io_.MakeDirsDurably(root_));
  return Root();
}

Result<BucketDir::Dir> BucketDir::OpenToRead(std::string_view dir) {
  if (dir.empty()) return Root();
  SF_TRY(const int fd, Resolve(dir, kOpenDirFlags));
  return Dir(std::make_shared<OpenDir>(fd, PathOf(dir)));
}

Result<BucketDir::Dir> BucketDir::OpenToWrite(std::string_view dir) {
  Dir open = Cached(dir);
  if (!open && dir.empty()) {
    SF_TRY(open, MakeRoot());
  }
  if (!open) {
    SF_TRY(const Dir root, MakeRoot());
    auto fd = OpenBeneath(*root, dir, kOpenDirFlags);
    if (!fd && fd.error().code() == ErrorCode::kNotFound) {
      SF_TRY(const Dir parent, OpenToWrite(ParentKey(dir)));
      SF_TRY(io_.MakeDir({.dir_fd = parent->fd(), .path = PathOf(dir)}));
      Touch(ParentKey(dir));
      fd = OpenBeneath(*root, dir, kOpenDirFlags);
    }
    if (!fd && fd.error().code() == ErrorCode::kNotFound)  // it is there, but no directory
      return Error(ErrorCode::kConflict,
                   PathOf(dir) +
                       " is a file, so no object can lie below it; remove it or choose "
                       "another destination");
    if (!fd) return fd.error();
    open = std::make_shared<OpenDir>(*fd, PathOf(dir));
    Remember(dir, open);
  }
  // An earlier process may have made this directory and ended before it synced: sync it and all
  // above it once.
  std::lock_guard lock(mutex_);
  for (std::string_view above = dir; !known_.contains(above); above = ParentKey(above)) {
    known_.emplace(above);
    touched_.insert(std::string(above));
    if (above.empty()) break;
    // Also where that is known: whoever made this one may not have come to touch it yet.
    touched_.insert(std::string(ParentKey(above)));
  }
  if (known_.size() > kMaxKnownDirs) known_.clear();
  return open;
}

void BucketDir::Touch(std::string_view dir) {
  std::lock_guard lock(mutex_);
  if (!touched_.contains(dir)) touched_.emplace(dir);
}

Result<void> BucketDir::SyncOne(const std::string& dir) {
  Dir open = Cached(dir);
  if (!open) {
    auto opened = OpenToRead(dir);
    // Removed meanwhile by somebody else, with all that was in it.
    if (!opened && opened.error().code() == ErrorCode::kNotFound) return {};
    if (!opened) return opened.error();
    open = *opened;
  }
  return io_.SyncDir(open->fd(), open->path());
}

Result<void> BucketDir::SyncDirs() {
  // Held throughout: who finds nothing left to sync must not return before it is synced.
  std::lock_guard syncing(sync_mutex_);
  if (sync_error_) return *sync_error_;
  decltype(touched_) dirs;
  {
    std::lock_guard lock(mutex_);
    dirs.swap(touched_);
  }
  Result<void> synced;
  // The bucket too may have been made by somebody who did not sync its name.
  if (!dirs.empty() && !parent_synced_) {
    synced = io_.SyncDir(ParentDir(root_));
    // In a directory that we cannot read we have not made it.
    if (!synced && synced.error().code() == ErrorCode::kPermission) synced = {};
    parent_synced_ = true;
  }
  for (auto dir = dirs.begin(); synced && dir != dirs.end(); ++dir) synced = SyncOne(*dir);
  if (!synced) sync_error_ = synced.error();
  return synced;
}

}  // namespace stateferry::storage
