#include "state/entities/kind.h"

#include "state/snapshot/path_map.h"

namespace stateferry::state::entities {

namespace {

bool IsReference(const Field& field) {
  return field.role == FieldRole::kReference || field.role == FieldRole::kBackLink;
}

bool NamesPlace(const Field& field) {
  return field.role == FieldRole::kFile || field.role == FieldRole::kSnapshot ||
         field.role == FieldRole::kDirectory;
}

bool HasReferences(const Field& field) {
  return field.role == FieldRole::kSql || field.role == FieldRole::kYaml ||
         field.role == FieldRole::kText;
}

std::string ParentName(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

std::string NewName(const Renames& renames, const EntityKey& key) {
  const auto it = renames.find(key);
  return it == renames.end() ? key.name : it->second;
}

/// The name of a path's entity after it or any of its parents got another name.
std::string NewPath(const Renames& renames, const EntityKey& key, std::string_view parent_kind) {
  if (const auto it = renames.find(key); it != renames.end()) return it->second;
  const std::string parent = ParentName(key.name);
  if (parent.empty() || parent_kind.empty()) return key.name;
  const EntityKey above{std::string(parent_kind), parent};
  // A folder's parents are folders; a workspace has none.
  const std::string moved = NewPath(renames, above, parent_kind);
  return moved + key.name.substr(parent.size());
}

std::vector<PlaceField> PlacesOf(const Entity& entity, const std::vector<Field>& fields,
                                 FieldRole role) {
  std::vector<PlaceField> places;
  for (const Field& field : fields)
    if (field.role == role)
      VisitField(entity.body, field, [&](const Json& value, const std::string& pointer) {
        if (value.is_string()) places.push_back({pointer, value.get<std::string>()});
      });
  return places;
}

}  // namespace

std::vector<Problem> EntityKind::Validate(const Entity& entity) const {
  std::vector<Problem> problems;
  if (auto named = CheckName(spec_.names, entity.key.name); !named)
    problems.push_back({"", named.error().message()});
  if (!entity.body.is_object()) {
    problems.push_back({"", "the body is not a map"});
    return problems;
  }
  for (const Field& field : spec_.fields) CheckField(entity.body, field, problems);
  // Rules over several fields make sense only where the fields are what they must be.
  if (spec_.check != nullptr && problems.empty()) spec_.check(entity, problems);
  return problems;
}

std::vector<Reference> EntityKind::References(const Entity& entity) const {
  std::vector<Reference> references;
  if (!spec_.parent_kind.empty())
    if (std::string parent = ParentName(entity.key.name); !parent.empty())
      references.push_back({{std::string(spec_.parent_kind), std::move(parent)}, "", false});
  for (const Field& field : spec_.fields)
    if (IsReference(field))
      VisitField(entity.body, field, [&](const Json& value, const std::string& pointer) {
        if (value.is_string() && !value.get_ref<const std::string&>().empty())
          references.push_back({{std::string(field.refers_to), value.get<std::string>()},
                                pointer,
                                field.role == FieldRole::kBackLink});
      });
  return references;
}

std::vector<PlaceField> EntityKind::SnapshotLocations(const Entity& entity) const {
  return PlacesOf(entity, spec_.fields, FieldRole::kSnapshot);
}

std::vector<PlaceField> EntityKind::Files(const Entity& entity) const {
  return PlacesOf(entity, spec_.fields, FieldRole::kFile);
}

std::vector<PlaceField> EntityKind::Directories(const Entity& entity) const {
  return PlacesOf(entity, spec_.fields, FieldRole::kDirectory);
}

std::vector<TextField> EntityKind::Texts(const Entity& entity) const {
  std::vector<TextField> texts;
  for (const Field& field : spec_.fields)
    if (HasReferences(field))
      VisitField(entity.body, field, [&](const Json& value, const std::string& pointer) {
        if (value.is_string()) texts.push_back({pointer, value.get<std::string>(), field.role});
      });
  return texts;
}

void EntityKind::Retarget(Entity& entity, const PathMap& map) const {
  for (const Field& field : spec_.fields) {
    if (!NamesPlace(field)) continue;
    VisitField(entity.body, field, [&](Json& value, const std::string&) {
      if (!value.is_string()) return;
      // Only text with a scheme is a place; a path is one below the project's files.
      const auto& text = value.get_ref<const std::string&>();
      if (text.find(':') == std::string::npos) return;
      const auto place = storage::ParseLocation(text);
      if (!place) return;
      const storage::Location moved = snapshot::ApplyMap(map, *place);
      // Never with options, which Flink would take for a part of the path.
      if (moved != *place || !place->options.empty()) value = moved.ToString();
    });
  }
}

void EntityKind::Rename(Entity& entity, const Renames& renames) const {
  for (const Field& field : spec_.fields)
    if (IsReference(field))
      VisitField(entity.body, field, [&](Json& value, const std::string&) {
        if (!value.is_string()) return;
        const EntityKey to{std::string(field.refers_to), value.get<std::string>()};
        // Only folders are paths that others refer to.
        value = NewPath(renames, to, field.refers_to == "folder" ? "folder" : "");
      });
  entity.key.name = spec_.parent_kind.empty() ? NewName(renames, entity.key)
                                              : NewPath(renames, entity.key, spec_.parent_kind);
}

void EntityKind::DropNotCloned(Entity& entity) const {
  for (const std::string_view field : spec_.not_cloned) entity.body.erase(std::string(field));
}

}  // namespace stateferry::state::entities
