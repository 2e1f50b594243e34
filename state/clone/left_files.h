#pragma once
// What lies at the target of a clone although no entity of it names it (C-19).

#include <stop_token>
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

}  // namespace stateferry::state::clone
