#pragma once
// What lies at the target of a clone although no entity of it names it (C-19).

#include <stop_token>
#include <vector>

#include "state/catalog/catalog.h"
#include "state/clone/clone_verify.h"
#include "storage/places.h"

namespace stateferry::state::clone {

/// Files that were moved for items which then failed or were stopped, and for no other item.  They
/// stay: there is no rollback.  Sorted.  Errors: of the catalog and the places; a target that is
/// gone has none.
Result<std::vector<storage::Location>> LeftFiles(const workflow::Run& run, const ItemWalk& walk,
                                                 catalog::Catalog& catalog,
                                                 storage::Places& places);

}  // namespace stateferry::state::clone
