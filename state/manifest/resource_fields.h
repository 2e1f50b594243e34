#pragma once
// Fields of foreign resources that have a place in the body of an entity, as pairs of paths: one
// table moves them in, moves them back, and says on which line a field of the body was written.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace stateferry::state::manifest {

/// Paths as in state/entities/fields.h, without '*'.
struct FieldPair {
  std::string resource, body;
};

/// Null when there is none.
const Json* FindField(const Json& object, std::string_view path);
/// The text there; "" when there is none.
std::string TextField(const Json& object, std::string_view path);
/// Removes the field, and the maps around it that are empty then.
std::optional<Json> TakeField(Json& object, std::string_view path);
/// Makes the maps around it; what stands in the way of one is replaced.
void PutField(Json& object, std::string_view path, Json value);

/// Puts what `over` holds into `onto`, map by map; null is a value like any other.
void Overlay(Json& onto, const Json& over);
/// Puts the fields that are there in this order, before the others.
void Arrange(Json& object, std::span<const std::string_view> fields);
/// What a body holds besides the paths that are known and all below them: "description",
/// "logging.loggingProfile".  A hundred names, clipped, then "and more".
std::vector<std::string> OtherFields(Json body, std::span<const std::string> known);

/// Moves what the table names from `resource` into `body`; null counts as nothing.
void TakeFields(std::span<const FieldPair> pairs, Json& resource, Json& body);
/// The other way; `body` stays as it is.
void PutFields(std::span<const FieldPair> pairs, const Json& body, Json& resource);
/// The JSON pointer into the resource for one into the body; what no pair covers lies below `rest`
/// in the body, or has no place of its own: "".
std::string ResourcePointer(std::span<const FieldPair> pairs, std::string_view rest,
                            std::string_view body_pointer);

}  // namespace stateferry::state::manifest
