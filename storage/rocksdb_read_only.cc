#include "storage/rocksdb_read_only.h"

#include <algorithm>
#include <chrono>

namespace stateferry::storage {

namespace {
constexpr int kMostLooks = 100;
/// Files that the manifest named a moment ago may be gone; what stays wrong is wrong.
constexpr int kMostErrors = 20;
constexpr std::chrono::milliseconds kBetweenLooks{10};

/// Which files hold the rows, as a text to compare.  Errors while the writer changes them.
Result<std::string> FileSet(const FileIo& io, const std::string& dir) {
  constexpr std::uint64_t kLongestName = 4096;
  // The manifest's name, and a line end.
  SF_TRY(std::string text, io.ReadSmall(dir + "/CURRENT", kLongestName));
  const std::string manifest = text.substr(0, text.find('\n'));
  SF_TRY(const auto stat, io.Stat(dir + "/" + manifest));
  text += std::to_string(stat.size_bytes);
  SF_TRY(auto names, io.ListDir(dir));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names)
    if (name.ends_with(".log")) text += " " + name;
  return text;
}

rocksdb::Status LookOnce(const FileIo& io, const rocksdb::Options& options, const std::string& dir,
                         const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                         ReadOnlyDb& opened) {
  const auto before = FileSet(io, dir);
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::OpenForReadOnly(options, dir, families, &opened.families, &db);
  if (!status.ok()) return status;
  opened.db.reset(db);
  const auto after = FileSet(io, dir);
  if (before && after && *before == *after) return status;
  for (auto* family : opened.families) (void)db->DestroyColumnFamilyHandle(family);
  opened = {};
  return rocksdb::Status::TryAgain("another process keeps changing its files");
}
}  // namespace

rocksdb::Status OpenReadOnly(const FileIo& io, Clock& clock, const rocksdb::Options& options,
                             const std::string& dir,
                             const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                             ReadOnlyDb& opened) {
  int errors = 0;
  for (int look = 1;; ++look) {
    const auto status = LookOnce(io, options, dir, families, opened);
    if (status.ok()) return status;
    errors += status.IsTryAgain() ? 0 : 1;
    if (look == kMostLooks || errors == kMostErrors) return status;
    clock.Sleep(kBetweenLooks, {});
  }
}

}  // namespace stateferry::storage
