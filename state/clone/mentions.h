#pragma once
// What the text of an entity (SQL, YAML, arguments, properties) names of its project.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "state/clone/project_files.h"
#include "state/entities/kind.h"

namespace stateferry::state::clone {

struct Mention {
  /// A variable, udf-function, connector, catalog or resource-file.
  entities::EntityKey to;
  std::string pointer;     ///< of the text in the body
  std::uint32_t line = 0;  ///< in that text, from 1
  /// Whether it must be an entity: built-in connectors and variables of a shell need not.
  bool must_exist = false;
};

/// Borrows its arguments.
class MentionFinder {
 public:
  MentionFinder(const ProjectContents& contents, const ProjectFiles& files);

  /// In the order of the texts.  What is no entity of the project counts only where it must be one.
  std::vector<Mention> Of(const entities::Entity& entity) const;

 private:
  void FindNames(const entities::Entity& entity, const entities::TextField& text,
                 std::vector<Mention>& mentions) const;
  void FindFunctions(const entities::TextField& text, std::vector<Mention>& mentions) const;

  const ProjectContents& contents_;
  const ProjectFiles& files_;
  std::unordered_map<std::string, std::string> functions_;  ///< lower case -> name
};

}  // namespace stateferry::state::clone
