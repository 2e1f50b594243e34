#pragma once

#include <span>
#include <string_view>

#include "state/entities/kind.h"

namespace stateferry::state::entities {

/// Every kind, in the order in which entities are made: what is referred to comes first.
std::span<const EntityKind> Kinds();
/// Null when there is none of that name.
const EntityKind* FindKind(std::string_view name);
/// The place of a kind in Kinds(); past all of them when it is unknown.
std::size_t KindOrder(std::string_view name);

}  // namespace stateferry::state::entities
