#include "storage/rocksdb_file_set.h"

#include <algorithm>

namespace stateferry::storage {

Result<std::string> RocksDbFileSet(const FileIo& io, const std::string& dir) {
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

}  // namespace stateferry::storage
