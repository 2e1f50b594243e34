#pragma once
// Text is never rewritten (C-28): what it names is told where the clone is called otherwise, or is
// not there.

#include <string>
#include <unordered_set>

#include "state/clone/item_maker.h"

namespace stateferry::state::clone {

/// `target_catalogs`: the names of those that were at the target before.
void WarnOfMentions(const entities::Entity& entity, const Chosen& chosen,
                    const entities::Renames& names,
                    const std::unordered_set<std::string>& target_catalogs,
                    workflow::Findings& findings);

}  // namespace stateferry::state::clone
