#pragma once
// A kind of entity: a table of fields, a rule for names, and what follows from them.  One file per
// kind, listed in kinds.cc.  docs/howto/add-an-entity-kind.md.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "state/entities/entity.h"
#include "state/entities/fields.h"
#include "state/entities/names.h"
#include "state/snapshot/snapshot.h"

namespace stateferry::state::entities {

using PathMap = snapshot::PathMap;

/// What a clone of a project does with a kind.
enum class Travel {
  kScope,     ///< around the projects: regions, workspaces, projects
  kCloned,    ///< copied
  kSnapshot,  ///< of each job only the newest one, bytes included
  kRunState,  ///< read to decide, never copied
  kNever,     ///< counted under `excluded_as` (C-07)
};

struct KindSpec {
  std::string_view name;  ///< the one spelling in manifests, on the command line and in records
  std::string_view summary;
  Travel travel = Travel::kCloned;
  std::string_view excluded_as = {};  ///< for kNever: "queue", "permission", ...
  NameRule names = {};
  /// The name without its last component is that of an entity of this kind, which must exist.
  std::string_view parent_kind = {};
  std::vector<Field> fields = {};
  /// Top-level fields that a clone leaves behind: ids, people, times, history.
  std::vector<std::string_view> not_cloned = {};
  /// What the table cannot say.
  void (*check)(const Entity& entity, std::vector<Problem>& problems) = nullptr;
};

struct Reference {
  EntityKey to;
  std::string pointer;     ///< of the field; "" when the name itself is the reference
  bool back_link = false;  ///< may close a circle, and may be unset without harm
};

/// A place that a field names.
struct PlaceField {
  std::string pointer, text;
};

/// Text in which other entities may be named; see text_references.h.
struct TextField {
  std::string pointer, text;
  FieldRole role;  ///< kSql, kYaml or kText
};

/// Old key -> new name.
using Renames = std::map<EntityKey, std::string>;

/// Stateless; lives as long as the process.
class EntityKind {
 public:
  explicit EntityKind(KindSpec spec) : spec_(std::move(spec)) {}

  const KindSpec& spec() const { return spec_; }
  std::string_view name() const { return spec_.name; }

  /// Empty when the entity is as its kind wants it; references are not looked up.
  std::vector<Problem> Validate(const Entity& entity) const;
  /// Of a body that may be invalid, those that can be read.
  std::vector<Reference> References(const Entity& entity) const;
  std::vector<PlaceField> SnapshotLocations(const Entity& entity) const;
  std::vector<PlaceField> Files(const Entity& entity) const;
  std::vector<PlaceField> Directories(const Entity& entity) const;
  std::vector<TextField> Texts(const Entity& entity) const;

  /// Every place at or below an OLD of the map gets the NEW one; everything else stays as it is
  /// written.  Files, snapshots and directories; never texts.
  void Retarget(Entity& entity, const PathMap& map) const;
  /// References, the entity's own name and its parents follow the new names (C-26).
  void Rename(Entity& entity, const Renames& renames) const;
  /// Drops what a clone leaves behind.
  void DropNotCloned(Entity& entity) const;

 private:
  KindSpec spec_;
};

}  // namespace stateferry::state::entities
