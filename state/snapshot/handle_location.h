#pragma once
// From the paths that handles store to locations, and back.

#include <string>
#include <string_view>

#include "base/result.h"
#include "state/snapshot/flink_metadata_visit.h"
#include "state/snapshot/snapshot.h"

namespace stateferry::state::snapshot {

/// Where the absolute path of a handle (modified UTF-8) leads.  A path without scheme is a local
/// one.  Schemes that no backend serves are kept: a map may lead elsewhere.
/// Errors: kCorruption: not an absolute path; kRefused: it climbs above its root, or names a kernel
/// file system (/proc, /sys, /dev), which no Flink job writes to but metadata made to harm may.
Result<storage::Location> LocationOfHandlePath(std::string_view path);

/// The text by which Flink names a location: "file:/a/b", "s3://bucket/a".
std::string FlinkUri(const storage::Location& location);

/// `uri` + "/" + `name`, as a handle stores it.  kInvalidArgument when it is not UTF-8.
Result<std::string> HandlePath(std::string_view uri, std::string_view name);

/// Whether such a handle names a file: kFile, kRelative, kSegment.
constexpr bool NamesFile(StreamTag tag) {
  return tag == StreamTag::kFile || tag == StreamTag::kRelative || tag == StreamTag::kSegment;
}

/// What a handle names.
struct HandleTarget {
  storage::Location location;   ///< as the metadata says
  storage::Location read_from;  ///< where to look: after --map
  FileKind kind = FileKind::kAbsolute;
};

class HandleResolver {
 public:
  /// Relative handles lead below `directory`, whose files are read at `read_directory`; absolute
  /// ones go through `map`.
  HandleResolver(storage::Location directory, storage::Location read_directory, PathMap map)
      : directory_(std::move(directory)),
        read_directory_(std::move(read_directory)),
        map_(std::move(map)) {}

  /// `handle` names a file.  Errors say which handle it is.
  Result<HandleTarget> Resolve(const StreamHandle& handle, const HandleContext& context) const;

  const storage::Location& directory() const { return directory_; }
  const storage::Location& read_directory() const { return read_directory_; }

 private:
  Result<HandleTarget> Resolve(const StreamHandle& handle) const;

  storage::Location directory_;
  storage::Location read_directory_;
  PathMap map_;
};

}  // namespace stateferry::state::snapshot
