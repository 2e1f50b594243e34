#pragma once
// The files of the source project: which field of which entity names which of them.

#include <optional>
#include <string>
#include <unordered_map>

#include "state/clone/project_contents.h"
#include "state/clone/space_checks.h"

namespace stateferry::state::clone {

/// A file that goes with a clone.  Its key, of kind resource-file, is how it will be called below
/// the target's files, unless that is taken; an entity of that key may exist at the source.
struct ProjectFile {
  entities::EntityKey key;
  storage::Location location;
};

class ProjectFiles {
 public:
  /// Both are borrowed.
  ProjectFiles(const Space& space, const ProjectContents& contents);

  /// The file that a field of the role kFile, or a text, names.  Nothing when it lies outside of
  /// the source's storage, so that it stays where it is.
  std::optional<ProjectFile> Resolve(const std::string& text) const;
  /// The file behind an entity of the kind resource-file: its uri, or where its name says.
  std::optional<ProjectFile> Of(const entities::Entity& resource_file) const;
  /// Whether `text` is a place that is known and not one that the clone takes along.
  bool IsOutside(const std::string& text) const;

 private:
  std::optional<storage::Location> Locate(const std::string& text) const;

  const Space& space_;
  const storage::Location files_root_;
  std::unordered_map<std::string, std::string> registered_;  ///< location -> resource-file's name
};

}  // namespace stateferry::state::clone
