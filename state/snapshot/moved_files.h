#pragma once
// The files of a relocation: which there are, and how they are called at the destination.

#include <map>
#include <set>
#include <string>

#include "state/snapshot/flink_metadata.h"
#include "state/snapshot/snapshot.h"
#include "transfer/request.h"

namespace stateferry::state::snapshot {

/// One file of the destination: a source object, or one segment of a merged one.
struct MovedFile {
  storage::Location read_from;
  std::string etag;
  bool whole = true;
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::string wanted_name;  ///< what it would be called if nothing else were
  bool merged_only = true;  ///< only segments refer to it
  std::string to_name;      ///< below the destination; set by the Name functions

  transfer::FileTask Task() const;
};

/// Files by identity: an object is one file however many handles and paths (through symbolic links
/// in its directory's path, too) lead to it, so that it gets one name and one copy.  Entries keep
/// their address.
class MovedFiles {
 public:
  /// The whole object of `source`, which was looked at.
  MovedFile& Whole(const SnapshotFile& source);
  /// The bytes of `segment`.  Errors: kCorruption when they are not inside the object.
  Result<MovedFile*> Segment(const SnapshotFile& source, const StreamHandle& segment);

  /// All in one directory, each by its base name; names that are taken, or that Flink cannot read
  /// as a relative path, are changed.
  void NameFlat();
  /// As they lie below `root`; those from outside by directory, in external-HASH of the source
  /// directory: other relocations into the same tree must not share it by chance.
  void NameAsTree(const storage::Location& root);

  /// In the order of reading: by source object, then offset.
  const std::map<std::string, MovedFile>& all() const { return files_; }

 private:
  std::string KeyOf(const storage::Location& read_from);
  MovedFile& At(const std::string& key, const SnapshotFile& source);

  std::map<std::string, MovedFile> files_;
  std::map<std::string, storage::Location> directories_;  ///< resolved; by LocationKey
};

}  // namespace stateferry::state::snapshot
