#include "state/snapshot/flink_source.h"

#include <array>

#include "state/snapshot/flink_metadata_limits.h"
#include "state/snapshot/flink_metadata_magic.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::snapshot {
namespace {

Result<void> CheckIsMetadata(SourceObjects& objects, const storage::Location& file) {
  if (file.Name() == kMetadataName) return {};
  SF_TRY(const bool is_metadata, BeginsLikeMetadata(objects, file));
  if (is_metadata) return {};
  return Error(ErrorCode::kNotFound,
               file.ToString() + " is a file and not a Flink snapshot's metadata")
      .WithHint("name the directory of a checkpoint or savepoint");
}

Result<std::optional<MetadataPlace>> FindAt(SourceObjects& objects,
                                            const storage::Location& pointer,
                                            const storage::Location& read_pointer) {
  SF_TRY(const auto file, objects.Find(read_pointer));
  if (file) {
    SF_TRY(CheckIsMetadata(objects, read_pointer));
    return std::optional(
        MetadataPlace{pointer.Parent(), read_pointer.Parent(), read_pointer.Name()});
  }
  SF_TRY(const auto inside, objects.Find(read_pointer.Child(kMetadataName)));
  if (!inside) return std::optional<MetadataPlace>();
  return std::optional(MetadataPlace{pointer, read_pointer, std::string(kMetadataName)});
}

}  // namespace

Result<std::optional<MetadataPlace>> FindMetadata(SourceObjects& objects,
                                                  const storage::Location& pointer,
                                                  const PathMap& map) {
  const storage::Location mapped = ApplyMap(map, pointer);
  const bool is_mapped = LocationKey(mapped) != LocationKey(pointer);
  auto found = FindAt(objects, pointer, pointer);
  if (found && found->has_value()) return found;
  // The pointer may be the place where the snapshot was made, which nothing here can read.
  if (is_mapped) return FindAt(objects, pointer, mapped);
  return found;
}

Result<bool> BeginsLikeMetadata(SourceObjects& objects, const storage::Location& object) {
  std::array<std::byte, sizeof(kMetadataMagic)> head{};
  SF_TRY(const std::size_t read, objects.Read(object, 0, head));
  return read == head.size() && LoadBig<std::uint32_t>(head.data()) == kMetadataMagic;
}

Result<FlinkSnapshot> ReadFlinkSnapshot(SourceObjects& objects, const MetadataPlace& place) {
  const std::string shown = place.ReadFrom().ToString();
  SF_TRY(const std::string bytes, objects.ReadAll(place.ReadFrom(), kMaxMetadataBytes));
  auto metadata = ReadFlinkMetadata(AsBytes(bytes));
  if (!metadata) return std::move(metadata).error().WithContext(shown);
  return FlinkSnapshot{
      .place = place, .metadata_bytes = bytes.size(), .metadata = std::move(*metadata)};
}

}  // namespace stateferry::state::snapshot
