#include "state/snapshot/moved_files.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "state/snapshot/flink_path.h"
#include "state/snapshot/flink_source.h"
#include "state/snapshot/local_path.h"
#include "state/snapshot/modified_utf8.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::snapshot {
namespace {

// File systems take 255 bytes; a suffix must fit behind.
constexpr std::size_t kMaxNameBytes = 200;

/// `name` as Flink can read it back from a relative handle: without a colon (a scheme would end
/// there) and without blanks at its ends (they are cut off).
std::string FlatName(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c == ':' || c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20) c = '_';
  if (!out.empty() && out.front() == ' ') out.front() = '_';
  if (!out.empty() && out.back() == ' ') out.back() = '_';
  if (out.empty() || out == "." || out == "..") out = "file";
  if (out.size() > kMaxNameBytes) out = Xxh3_128(AsBytes(out)).ToHex();
  return out;
}

std::string FreeName(const std::string& wanted, const std::set<std::string>& taken) {
  std::string name = wanted;
  for (int n = 2; taken.contains(name); ++n) name = fmt::format("{}-{}", wanted, n);
  return name;
}

std::string FirstComponent(std::string_view name) {
  return std::string(name.substr(0, name.find('/')));
}

}  // namespace

transfer::FileTask MovedFile::Task() const {
  return {.from_dir = read_from.Parent(),
          .from_name = read_from.Name(),
          .to_name = to_name,
          .offset = offset,
          .size_bytes = size_bytes,
          .whole_object = whole,
          .etag = etag};
}

MovedFile& MovedFiles::At(const std::string& key, const SnapshotFile& source) {
  const auto [it, is_new] = files_.try_emplace(key);
  MovedFile& file = it->second;
  if (is_new) {
    file.read_from = source.read_from;
    file.etag = source.etag;
    file.size_bytes = source.size_bytes;
    file.wanted_name = source.location.Name();
  }
  return file;
}

std::string MovedFiles::KeyOf(const storage::Location& read_from) {
  const storage::Location directory = read_from.Parent();
  const auto [it, is_new] = directories_.try_emplace(LocationKey(directory));
  if (is_new) it->second = Resolved(directory);
  return LocationKey(it->second.Child(read_from.Name()));
}

MovedFile& MovedFiles::Whole(const SnapshotFile& source) {
  return At(KeyOf(source.read_from) + '\0', source);
}

Result<MovedFile*> MovedFiles::Segment(const SnapshotFile& source, const StreamHandle& segment) {
  const auto start = static_cast<std::uint64_t>(segment.start);
  const auto size = static_cast<std::uint64_t>(segment.size_bytes);
  if (segment.start < 0 || segment.size_bytes < 0 || start + size > source.size_bytes)
    return Error(ErrorCode::kCorruption,
                 fmt::format("a segment of {} bytes at {} is not inside {}, which has {} bytes",
                             segment.size_bytes, segment.start, source.read_from.ToString(),
                             source.size_bytes));
  // Fixed-width numbers, so that the order of keys is that of offsets.
  MovedFile& file = At(
      fmt::format("{}{}{:020}+{:020} {}", KeyOf(source.read_from), '\0', start, size, segment.name),
      source);
  file.whole = false;
  file.offset = start;
  file.size_bytes = size;
  // Flink knows the segment by its logical id; two of them may lie in files of one base name.
  const std::string id = ModifiedToUtf8(segment.name);
  if (IsPlainFileName(id)) file.wanted_name = id;
  return &file;
}

void MovedFiles::NameFlat() {
  std::set<std::string> taken = {std::string(kMetadataName)};
  for (auto& [key, file] : files_) {
    file.to_name = FreeName(FlatName(file.wanted_name), taken);
    taken.insert(file.to_name);
  }
}

void MovedFiles::NameAsTree(const storage::Location& root) {
  std::set<std::string> taken;                  // first components
  std::map<std::string, std::string> external;  // by the key of the source directory
  for (auto& [key, file] : files_) {
    if (storage::IsWithin(file.read_from, root)) {
      file.to_name = storage::RelativeTo(file.read_from, root);
      taken.insert(FirstComponent(file.to_name));
    } else {
      external.try_emplace(LocationKey(file.read_from.Parent()));
    }
  }
  for (auto& [key, name] : external) {
    name = FreeName(fmt::format("external-{:016x}", Xxh3_64(AsBytes(key))), taken);
    taken.insert(name);
  }
  for (auto& [key, file] : files_)
    if (file.to_name.empty())
      file.to_name =
          external.at(LocationKey(file.read_from.Parent())) + "/" + file.read_from.Name();
}

}  // namespace stateferry::state::snapshot
