#pragma once
// The fields of an entity's body as rows of a table: what they hold and what they mean.  One table
// serves checking, finding references, and rewriting places and names.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace stateferry::state::entities {

enum class FieldType { kText, kInteger, kNumber, kBoolean, kScalar, kObject, kList };
std::string_view FieldTypeName(FieldType type);

enum class FieldRole {
  kPlain,
  kReference,  ///< the name of another entity, which must exist
  kBackLink,   ///< the same, but set in a second pass: it may close a circle
  kFile,       ///< a URI, or a path below the project's files
  kSnapshot,   ///< the URI of a snapshot
  kDirectory,  ///< the URI of a directory that a running job writes to
  kSql,        ///< text to look for references in
  kYaml,       ///< the same, with YAML comments
  kText,       ///< the same, without comments: arguments, properties
};

struct Field {
  /// Path in the body: "artifact/jarUri", "udfClasses/*/className"; '*' is any item or key.
  std::string_view path;
  FieldType type = FieldType::kText;
  /// Where the object around it is there (and `when` holds).
  bool required = false;
  FieldRole role = FieldRole::kPlain;
  std::string_view refers_to = {};  ///< the kind, for kReference and kBackLink
  std::vector<std::string_view> choices = {};
  /// This row counts only where the text field at that path (without '*') has that value.
  struct When {
    std::string_view path = {}, value = {};
  } when = {};
};

/// One thing that is wrong with a body.
struct Problem {
  std::string pointer;  ///< JSON pointer of the field, or of the object that lacks one; "" = body
  std::string message;  ///< one sentence without full stop
};

/// Whether the row counts in this body.
bool Counts(const Field& field, const Json& body);

/// Calls `visit` with each value that the path of the row finds, and its JSON pointer.
void VisitField(const Json& body, const Field& field,
                const std::function<void(const Json& value, const std::string& pointer)>& visit);
void VisitField(Json& body, const Field& field,
                const std::function<void(Json& value, const std::string& pointer)>& visit);

/// Adds what is wrong with this field: missing, of another type, not one of the choices.
void CheckField(const Json& body, const Field& field, std::vector<Problem>& problems);

}  // namespace stateferry::state::entities
