#pragma once
// Who may clone into a project (C-15, C-16, reading R-3).

#include "state/clone/space_checks.h"

namespace stateferry::state::clone {

/// A role in the target project, or in its workspace, that is enough; or the right "clone".
/// Errors: of the catalog.
Result<void> CheckRights(const CloneRequest& request, const Side& target, catalog::Catalog& catalog,
                         workflow::Findings& findings);

/// 0 = no known role.  OWNER and ADMIN are the same; CUSTOM has only what is granted.
int RoleRank(std::string_view role);

}  // namespace stateferry::state::clone
