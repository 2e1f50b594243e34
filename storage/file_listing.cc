#include "storage/file_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/hash.h"

namespace stateferry::storage {

namespace {

struct Entry {
  std::string sort_name;  ///< a directory sorts as "name/", which is how its keys sort
  std::string key;
  FileStat stat;
};

class Listing {
 public:
  Listing(BucketDir& bucket, std::string_view prefix,
          const std::function<Result<void>(const ObjectMeta&)>& visit)
      : bucket_(bucket), prefix_(prefix), visit_(visit) {}

  Result<void> Run(const std::string& dir) {
    auto open = bucket_.OpenToRead(dir);
    // Gone since its parent was read, or never there: nothing to list.
    if (!open && open.error().code() == ErrorCode::kNotFound) return {};
    if (!open) return open.error();
    SF_TRY(const std::uint64_t inode, InodeOf(**open));
    if (std::find(above_.begin(), above_.end(), inode) != above_.end())
      return Error(ErrorCode::kRefused,
                   bucket_.PathOf(dir) + " is a symbolic link to a directory above it");
    SF_TRY(auto entries, ReadEntries(dir, **open));
    open->reset();
    above_.push_back(inode);
    for (auto& entry : entries) {
      if (entry.stat.is_directory) {
        SF_TRY(Run(entry.key));
      } else {
        SF_TRY(visit_(FileMeta(std::move(entry.key), entry.stat)));
      }
    }
    above_.pop_back();
    return {};
  }

 private:
  bool MayMatch(const std::string& key, bool is_directory) const {
    if (key.starts_with(prefix_)) return true;
    return is_directory && prefix_.starts_with(key + "/");
  }

  static Result<std::uint64_t> InodeOf(const OpenDir& dir) {
    struct stat st {};
    if (::fstat(dir.fd(), &st) != 0) return ErrnoError(errno, dir.path());
    return static_cast<std::uint64_t>(st.st_ino) ^ (static_cast<std::uint64_t>(st.st_dev) << 48);
  }

  Result<std::vector<std::string>> ReadNames(const OpenDir& dir) const {
    if (auto* hooks = bucket_.io().hooks()) SF_TRY(hooks->Before(IoOp::kRead, dir.path()));
    const int fd = ::openat(dir.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* stream = fd < 0 ? nullptr : ::fdopendir(fd);
    if (!stream) {
      const int errnum = errno;
      if (fd >= 0) ::close(fd);
      return ErrnoError(errnum, "listing " + dir.path());
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int errnum = errno;
    ::closedir(stream);
    if (errnum != 0) return ErrnoError(errnum, "listing " + dir.path());
    return names;
  }

  Result<std::vector<Entry>> ReadEntries(const std::string& dir, const OpenDir& open) {
    SF_TRY(const auto names, ReadNames(open));
    std::vector<Entry> entries;
    for (const auto& name : names) {
      if (dir.empty() && name == kBucketPrivateDir) continue;
      Entry entry{.sort_name = name, .key = dir.empty() ? name : dir + "/" + name, .stat = {}};
      if (!MayMatch(entry.key, true)) continue;
      SF_TRY(const bool there, Look(open, name, entry));
      if (!there || !MayMatch(entry.key, entry.stat.is_directory)) continue;
      if (name == kBucketPrivateDir && entry.stat.is_directory) continue;  // of a bucket below
      if (entry.stat.is_directory) entry.sort_name += '/';
      entries.push_back(std::move(entry));
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.sort_name < b.sort_name; });
    return entries;
  }

  /// False when it is gone since the directory was read.
  Result<bool> Look(const OpenDir& open, const std::string& name, Entry& entry) {
    struct stat st {};
    if (::fstatat(open.fd(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return false;
      return ErrnoError(errno, bucket_.PathOf(entry.key));
    }
    if (!S_ISLNK(st.st_mode) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
      return Error(ErrorCode::kRefused,
                   bucket_.PathOf(entry.key) + " is neither a file nor a directory");
    if (!S_ISLNK(st.st_mode)) {
      entry.stat = ToFileStat(st);
      return true;
    }
    auto target = bucket_.Stat(entry.key);
    if (!target && target.error().code() == ErrorCode::kNotFound)
      return Error(ErrorCode::kNotFound,
                   bucket_.PathOf(entry.key) + " is a symbolic link that leads nowhere");
    if (!target) return target.error();
    entry.stat = *target;
    return true;
  }

  BucketDir& bucket_;
  const std::string prefix_;
  const std::function<Result<void>(const ObjectMeta&)>& visit_;
  std::vector<std::uint64_t> above_;  ///< the directories we are in
};

}  // namespace

Result<void> ListBucketDir(BucketDir& bucket, std::string_view prefix,
                           const std::function<Result<void>(const ObjectMeta&)>& visit) {
  const auto slash = prefix.rfind('/');
  const std::string dir(slash == std::string_view::npos ? "" : prefix.substr(0, slash));
  // No object can have a key that starts so.
  if (slash == 0 || (!dir.empty() && !BucketDir::CheckBucketKey(dir))) return {};
  return Listing(bucket, prefix, visit).Run(dir);
}

ObjectMeta FileMeta(std::string key, const FileStat& stat) {
  std::string identity;
  AppendBig<std::uint64_t>(identity, stat.inode);
  AppendBig<std::uint64_t>(identity, static_cast<std::uint64_t>(stat.mtime_ns));
  AppendBig<std::uint64_t>(identity, stat.size_bytes);
  return {.key = std::move(key),
          .size_bytes = stat.size_bytes,
          .mtime_ns = stat.mtime_ns,
          .etag = ToHex(AsBytes(identity))};
}

}  // namespace stateferry::storage
