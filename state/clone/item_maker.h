#pragma once
// From an entity of the source to the item that makes it at the target: what is left behind,
// renamed, redirected and moved.

#include "state/clone/file_sizes.h"
#include "state/clone/job_states.h"
#include "state/clone/new_names.h"
#include "state/clone/selection.h"
#include "state/entities/kind.h"

namespace stateferry::state::clone {

/// Borrows all of it.
struct ItemContext {
  const Space& space;
  const entities::Renames& names;  ///< of everything that is made
  const FileNames& file_names;     ///< of the files that move
  FileSizes& source_files;
  workflow::Findings& findings;
};

/// Makes the items of one plan, one after another.
class ItemMaker {
 public:
  explicit ItemMaker(const ItemContext& context);

  /// The item without any state; one whose body the target would refuse, or whose bytes are
  /// missing, has failed.  Errors: of the places.
  Result<workflow::Item> Make(const entities::Entity& entity, const Chosen& chosen);
  /// A running job that is left alone (C-40).
  workflow::Item Skipped(const entities::Entity& entity) const;

 private:
  void UseDefaultQueue(const entities::EntityKind& kind, entities::Entity& entity);
  void DropBackLinks(const entities::EntityKind& kind, entities::Entity& entity) const;
  Result<void> MoveFiles(const entities::Entity& source, const Chosen& chosen,
                         workflow::Item& item);
  void RewritePlaces(const entities::EntityKind& kind, const Chosen& chosen,
                     entities::Entity& entity);
  void WarnOfPlaces(const entities::EntityKind& kind, const entities::Entity& entity,
                    const Chosen& chosen);

  const ItemContext& context_;
  const storage::Location target_files_;
  const std::string default_queue_;
};

/// A body without the restore point that it had: a job that starts anew (C-39).
void ClearRestorePoint(Json& body);

}  // namespace stateferry::state::clone
