#pragma once
// The files of the source project: which field of which entity names which of them.

#include <optional>
#include <string>
#include <unordered_map>

#include "state/clone/project_contents.h"
#include "state/clone/space_checks.h"

namespace stateferry::state::clone {

/// A file that goes with a clone.  Its key, of kind resource-file, is how it would like to be
/// called below the target's files: that of its entity, or its path; files in several directories
/// may have the same.
struct ProjectFile {
  entities::EntityKey key;
  storage::Location location;
  bool is_entity = false;  ///< there is an entity of this key, and this is its file
  std::string text = {};   ///< as it was named
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

  /// Nothing for all outside of the source's storage.
  std::optional<ProjectFile> FileAt(const storage::Location& location) const;

  const Space& space_;
  const storage::Location files_root_;
  std::unordered_map<std::string, std::string> registered_;  ///< location -> resource-file's name
  std::unordered_map<std::string, storage::Location>
      by_name_;  ///< resource-file's name -> location
};

}  // namespace stateferry::state::clone
