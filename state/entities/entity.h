#pragma once
// What a project consists of, as values.

#include <compare>
#include <string>

#include "base/json.h"

namespace stateferry::state::entities {

/// Names an entity inside its project.  Ordered by kind, then bytewise by name.
struct EntityKey {
  std::string kind;  ///< as in kinds.cc: "session-cluster"
  std::string name;  ///< obeys the NameRule of its kind
  auto operator<=>(const EntityKey&) const = default;
};

/// `body` is an object; fields that its kind does not know are kept and travel on.
struct Entity {
  EntityKey key;
  Json body = Json::object();
};

}  // namespace stateferry::state::entities
