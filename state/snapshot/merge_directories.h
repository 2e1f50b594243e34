#pragma once
// The two directories in the operator state of Flink's file merging (tag 17).  A job that claims
// the snapshot deletes them, recursively, once they are unused: metadata that was copied without
// rewriting them wipes the original.

#include <map>
#include <optional>
#include <string>

#include "state/snapshot/flink_metadata_visit.h"
#include "state/snapshot/moved_files.h"

namespace stateferry::state::snapshot {

/// Turns the handles into plain operator state (tag 4); drops those without any state.  Their
/// segments were turned into files before.
/// Errors: kCorruption: a handle has state entries, and no bytes that hold them.
Result<void> DropMergeDirectories(FlinkMetadata& metadata);

/// Gives the directories their new places in a tree: where their merged files are, or an empty
/// directory where that would hold anything else.  Its name, merged-HASH, is made from the old
/// directory and the old root, so that no other relocation into the same tree shares it.
class MergeDirectories {
 public:
  /// All references outlive this; `moved` has its names.
  MergeDirectories(const PathMap& map, const storage::Location& root, const MovedFiles& moved);

  /// `target`: the URI of the tree's new root.
  Result<void> Rewrite(FlinkMetadata& metadata, const std::string& target);

 private:
  struct Content {
    bool merged_only = true;  ///< merged files, and neither other files nor directories
  };

  std::string NewName(const std::string& old_path);
  std::optional<std::string> InTree(const storage::Location& place) const;
  std::string FreshName(std::string_view old_path) const;

  const PathMap& map_;
  const storage::Location& root_;
  std::map<std::string, Content> content_;    // by name below the new root
  std::map<std::string, std::string> moved_;  // key of an old directory -> name of the new one
  std::map<std::string, std::string> names_;  // key of an old directory -> what was decided
};

}  // namespace stateferry::state::snapshot
