#pragma once
// What lies at the target of a clone although no entity of it names it (C-19).

#include <string>
#include <vector>

#include "state/catalog/catalog.h"
#include "state/clone/clone_verify.h"
#include "storage/places.h"

namespace stateferry::state::clone {

/// Files of items that were begun and then failed or were stopped, unless another item has made use
/// of them or an entity at the target names them: that may be of another clone.  They stay: there
/// is no rollback.  Sorted.  Errors: of the catalog and the places; a target that is gone.
Result<std::vector<storage::Location>> LeftFiles(const workflow::Run& run, const ItemWalk& walk,
                                                 catalog::Catalog& catalog,
                                                 storage::Places& places);

/// Bytes of a snapshot that no job has.
struct LeftState {
  storage::Location directory;
  entities::EntityKey job{};  ///< for which they were moved
  std::string why{};
};
/// What lies in the directories of snapshots whose items were begun and then not made with their
/// state: because it could not be removed, or because the run has not ended.  None of a directory
/// whose snapshot another run or a person has made.  In the order of the items.  Errors: as
/// LeftFiles.
Result<std::vector<LeftState>> LeftStates(const workflow::Run& run, const ItemWalk& walk,
                                          catalog::Catalog& catalog, storage::Places& places);

}  // namespace stateferry::state::clone
