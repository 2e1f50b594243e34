#include "state/snapshot/source_objects.h"

#include <fmt/format.h>

#include <array>

#include "base/log.h"
#include "state/snapshot/each_index.h"
#include "state/snapshot/local_path.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::snapshot {

Result<storage::Place> SourceObjects::Open(const storage::Location& directory) {
  std::lock_guard lock(mutex_);
  if (!last_ || last_->location != directory) {
    // By a symbolic link metadata may name what it may not name as it is.
    if (IsOfKernel(Resolved(directory)))
      return Error(ErrorCode::kRefused,
                   directory.ToString() + " leads to files of the kernel, which no snapshot has");
    SF_TRY(last_, places_.Open(directory, storage::Access::kRead));
  }
  return *last_;
}

Result<std::optional<storage::ObjectMeta>> SourceObjects::Find(const storage::Location& location) {
  std::optional<storage::ObjectMeta> none;
  if (location.Name().empty()) return none;
  auto place = Open(location.Parent());
  if (!place && place.error().code() == ErrorCode::kNotFound) return none;
  // A store, or a project of one, is a place and no object: nothing can be in front of it.
  if (!place && place.error().code() == ErrorCode::kInvalidArgument && storage::IsManaged(location))
    return none;
  if (!place) return std::move(place).error();
  auto meta = place->backend->Stat(place->Key(location.Name()));
  if (!meta && meta.error().code() == ErrorCode::kNotFound) return none;
  if (!meta) return std::move(meta).error();
  return std::optional(std::move(*meta));
}

Result<std::size_t> SourceObjects::Read(const storage::Location& location, std::uint64_t offset,
                                        MutableByteSpan out) {
  SF_TRY(const storage::Place place, Open(location.Parent()));
  return place.backend->ReadRange(place.Key(location.Name()), offset, out);
}

Result<std::string> SourceObjects::ReadAll(const storage::Location& location,
                                           std::uint64_t limit_bytes) {
  SF_TRY(const storage::Place place, Open(location.Parent()));
  const std::string key = place.Key(location.Name());
  auto bytes = storage::ReadAll(*place.backend, key, limit_bytes);
  if (!bytes) return std::move(bytes).error().WithContext("reading " + location.ToString());
  // Looked at after reading: a place that keeps checksums compares what has arrived.
  if (auto compared = place.backend->Stat(key); !compared)
    return std::move(compared).error().WithContext("reading " + location.ToString());
  return bytes;
}

Result<void> SourceObjects::List(const storage::Location& directory, std::string_view name_prefix,
                                 const Visitor& visit, OddNames odd_names) {
  auto place = Open(directory);
  if (!place && place.error().code() == ErrorCode::kNotFound) return {};
  if (!place) return std::move(place).error();
  const std::string prefix = place->prefix;
  const std::string start = prefix.empty() ? "" : prefix + "/";
  return place->backend->List(
      start + std::string(name_prefix), [&](const storage::ObjectMeta& meta) -> Result<void> {
        if (odd_names == OddNames::kPassOver && !storage::CheckKey(meta.key)) {
          LogWarning("snapshot", "{} holds \"{}\", a name that no file can have: passed over",
                     directory.ToString(), meta.key);
          return {};
        }
        return visit(directory.Child(std::string_view(meta.key).substr(start.size())), meta);
      });
}

Result<SourceObjects::Look> SourceObjects::LookAt(const storage::Location& location) {
  Look look;
  const auto failed = [&](const Error& error) -> Result<Look> {
    if (error.code() == ErrorCode::kCancelled) return error;
    look.unreadable = error.message();
    look.unreadable_code = error.code();
    return look;
  };
  const auto meta = Find(location);
  if (!meta) return failed(meta.error());
  look.exists = meta->has_value();
  if (!look.exists) return look;
  look.etag = (*meta)->etag;
  look.size_bytes = (*meta)->size_bytes;
  // A file may be listed and yet not be ours to read.  Reading one byte is nothing for a local
  // file, and a request or a chunk elsewhere.
  if (location.scheme != "file" || look.size_bytes == 0) return look;
  std::array<std::byte, 1> first{};
  const auto read = Read(location, 0, first);
  if (!read) return failed(read.error());
  return look;
}

Result<SourceObjects::Look> SourceObjects::LookOnce(const storage::Location& location) {
  // Buckets of one name at two endpoints are two.
  std::string key = LocationKey(location);
  for (const auto& [name, value] : location.options) key += '\0' + name + '=' + value;
  {
    std::lock_guard lock(mutex_);
    if (const auto known = looks_.find(key); known != looks_.end()) return known->second;
  }
  SF_TRY(const Look look, LookAt(location));
  std::lock_guard lock(mutex_);
  return looks_.insert_or_assign(key, look).first->second;
}

namespace {

std::string SizeProblem(const SnapshotFile& file, std::uint64_t actual_bytes) {
  if (file.kind == FileKind::kSegment && !file.size_exact) {
    if (actual_bytes >= file.size_bytes) return "";
    return fmt::format("shorter: {} bytes, and a segment ends at {}", actual_bytes,
                       file.size_bytes);
  }
  if (!file.size_exact || actual_bytes == file.size_bytes) return "";
  return fmt::format("{}: {} bytes instead of {}",
                     actual_bytes < file.size_bytes ? "shorter" : "longer", actual_bytes,
                     file.size_bytes);
}

/// Writes down what a look at the file showed.
void Note(const SourceObjects::Look& look, SnapshotFile& file) {
  file.exists = look.exists;
  file.unreadable_code = look.unreadable_code;
  if (!look.exists) {
    file.problem = look.unreadable.empty() ? "missing" : "unreadable: " + look.unreadable;
    return;
  }
  file.etag = look.etag;
  if (file.problem.empty()) file.problem = SizeProblem(file, look.size_bytes);
  if (!file.problem.empty()) return;
  file.size_bytes = look.size_bytes;
  if (!look.unreadable.empty()) file.problem = "unreadable: " + look.unreadable;
}

}  // namespace

Result<void> LookAtFiles(SourceObjects& objects, std::vector<SnapshotFile>& files,
                         std::stop_token stop) {
  return ForEachIndex(files.size(), objects.places().checkers(), std::move(stop),
                      [&](std::size_t i) -> Result<void> {
                        SnapshotFile& file = files[i];
                        // Other snapshots share no file of a snapshot's own directory.
                        SF_TRY(const auto look, file.outside ? objects.LookOnce(file.read_from)
                                                             : objects.LookAt(file.read_from));
                        Note(look, file);
                        return {};
                      });
}

}  // namespace stateferry::state::snapshot
