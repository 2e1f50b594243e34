#pragma once
// A Flink snapshot found by its restore pointer, with its metadata read.

#include <cstdint>
#include <optional>
#include <string>

#include "state/snapshot/flink_metadata.h"
#include "state/snapshot/handle_location.h"
#include "state/snapshot/source_objects.h"

namespace stateferry::state::snapshot {

inline constexpr std::string_view kMetadataName = "_metadata";

/// Where the metadata file of a snapshot is.
struct MetadataPlace {
  storage::Location directory;  ///< as the user named it; relative handles lead below it
  storage::Location
      read_directory;         ///< where it is read: after --map, when it is not at `directory`
  std::string metadata_name;  ///< usually "_metadata"

  storage::Location ReadFrom() const { return read_directory.Child(metadata_name); }
};

/// `pointer` is a directory with `_metadata`, or a metadata file of any name.  A file of another
/// name counts only when it begins as Flink's metadata does.  None when there is neither.
Result<std::optional<MetadataPlace>> FindMetadata(SourceObjects& objects,
                                                  const storage::Location& pointer,
                                                  const PathMap& map);

/// Whether an object begins as Flink's metadata does.
Result<bool> BeginsLikeMetadata(SourceObjects& objects, const storage::Location& object);

struct FlinkSnapshot {
  MetadataPlace place;
  std::uint64_t metadata_bytes = 0;
  FlinkMetadata metadata;

  HandleResolver Resolver(const PathMap& map) const {
    return {place.directory, place.read_directory, map};
  }
};

/// Errors: those of the reader, with the file's name.
Result<FlinkSnapshot> ReadFlinkSnapshot(SourceObjects& objects, const MetadataPlace& place);

}  // namespace stateferry::state::snapshot
