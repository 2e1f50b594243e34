#include "state/clone/file_sizes.h"

#include "state/snapshot/path_map.h"

namespace stateferry::state::clone {

Result<std::optional<storage::Place>> OpenIfThere(storage::Places& places,
                                                  const storage::Location& location) {
  auto place = places.Open(location, storage::Access::kRead);
  if (place) return std::optional(*std::move(place));
  if (location.scheme == "file" && place.error().code() == ErrorCode::kNotFound)
    return std::optional<storage::Place>();
  return std::move(place).error();
}

Result<bool> IsEmpty(storage::Places& places, const storage::Location& directory) {
  SF_TRY(const auto place, OpenIfThere(places, directory));
  if (!place) return true;
  bool empty = true;
  const auto listed = place->backend->List(
      place->prefix.empty() ? "" : place->prefix + "/", [&](const storage::ObjectMeta&) {
        empty = false;
        return Result<void>(Error(ErrorCode::kCancelled, "one is enough"));
      });
  if (!listed && empty) return listed.error();
  return empty;
}

Result<FileSizes> FileSizes::Read(storage::Places& places, const storage::Location& files_root,
                                  std::stop_token stop) {
  FileSizes sizes(places, files_root);
  SF_TRY(const auto place, OpenIfThere(places, files_root));
  if (!place) return sizes;
  const std::string prefix = place->prefix.empty() ? "" : place->prefix + "/";
  SF_TRY(place->backend->List(prefix, [&](const storage::ObjectMeta& meta) -> Result<void> {
    if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
    sizes.below_root_.emplace(meta.key.substr(prefix.size()), meta.size_bytes);
    return {};
  }));
  return sizes;
}

Result<std::optional<std::uint64_t>> FileSizes::Find(const storage::Location& file) {
  using Size = std::optional<std::uint64_t>;
  if (storage::IsWithin(file, root_)) {
    const auto it = below_root_.find(storage::RelativeTo(file, root_));
    return it == below_root_.end() ? Size() : Size(it->second);
  }
  const auto [it, is_new] = elsewhere_.try_emplace(snapshot::LocationKey(file));
  if (!is_new) return it->second;
  const auto look = [&]() -> Result<storage::ObjectMeta> {
    SF_TRY(const auto object, places_->OpenObject(file, storage::Access::kRead));
    return object.place.backend->Stat(object.key);
  };
  const auto meta = look();
  if (!meta && meta.error().code() != ErrorCode::kNotFound) return meta.error();
  if (meta) it->second = meta->size_bytes;
  return it->second;
}

void FileSizes::AddTo(TakenNames& taken) const {
  for (const auto& [name, size] : below_root_) taken.Add({"resource-file", name});
}

}  // namespace stateferry::state::clone
