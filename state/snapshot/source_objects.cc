#include "state/snapshot/source_objects.h"

#include <fmt/format.h>

#include <array>

namespace stateferry::state::snapshot {

Result<storage::Place> SourceObjects::Open(const storage::Location& directory) {
  std::lock_guard lock(mutex_);
  if (!last_ || last_->location != directory) {
    SF_TRY(last_, places_.Open(directory, storage::Access::kRead));
  }
  return *last_;
}

Result<std::optional<storage::ObjectMeta>> SourceObjects::Find(const storage::Location& location) {
  std::optional<storage::ObjectMeta> none;
  if (location.Name().empty()) return none;
  auto place = Open(location.Parent());
  if (!place && place.error().code() == ErrorCode::kNotFound) return none;
  // The location is a store or a project of one: a place, and no object.
  if (!place && place.error().code() == ErrorCode::kInvalidArgument) return none;
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
  auto bytes = storage::ReadAll(*place.backend, place.Key(location.Name()), limit_bytes);
  if (!bytes) return std::move(bytes).error().WithContext("reading " + location.ToString());
  return bytes;
}

Result<void> SourceObjects::List(const storage::Location& directory, std::string_view name_prefix,
                                 const Visitor& visit) {
  auto place = Open(directory);
  if (!place && place.error().code() == ErrorCode::kNotFound) return {};
  if (!place) return std::move(place).error();
  const std::string prefix = place->prefix;
  const std::string start = prefix.empty() ? "" : prefix + "/";
  return place->backend->List(
      start + std::string(name_prefix), [&](const storage::ObjectMeta& meta) -> Result<void> {
        return visit(directory.Child(std::string_view(meta.key).substr(start.size())), meta);
      });
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

/// Whether the first byte can be read: a file may be listed and yet not be ours to read.
Result<void> TryToRead(SourceObjects& objects, const SnapshotFile& file, std::uint64_t size_bytes) {
  // Reading one byte is nothing for a local file, and a request or a chunk elsewhere.
  if (file.read_from.scheme != "file" || size_bytes == 0) return {};
  std::array<std::byte, 1> first{};
  SF_TRY(objects.Read(file.read_from, 0, first));
  return {};
}

void LookAt(SourceObjects& objects, SnapshotFile& file) {
  auto meta = objects.Find(file.read_from);
  if (!meta) {
    file.exists = false;
    file.problem = "unreadable: " + meta.error().message();
    return;
  }
  file.exists = meta->has_value();
  if (!*file.exists) {
    file.problem = "missing";
    return;
  }
  file.etag = (*meta)->etag;
  if (file.problem.empty()) file.problem = SizeProblem(file, (*meta)->size_bytes);
  if (!file.problem.empty()) return;
  file.size_bytes = (*meta)->size_bytes;
  auto readable = TryToRead(objects, file, file.size_bytes);
  if (!readable) file.problem = "unreadable: " + readable.error().message();
}

}  // namespace

void LookAtFiles(SourceObjects& objects, std::vector<SnapshotFile>& files) {
  for (SnapshotFile& file : files) LookAt(objects, file);
}

}  // namespace stateferry::state::snapshot
