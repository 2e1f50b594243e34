#pragma once
// From where to where: whether a project may be cloned into another at all (C-05, C-06, C-12, C-13,
// C-34, C-35).

#include <optional>
#include <string>
#include <string_view>

#include "state/catalog/catalog.h"
#include "state/clone/clone_request.h"
#include "state/workflow/findings.h"
#include "storage/location.h"

namespace stateferry::state::clone {

/// A project with what is around it.
struct Side {
  std::string project;  ///< "WORKSPACE/PROJECT"
  entities::Entity workspace, entity;
  bool managed = false;
  storage::Location storage;  ///< of the workspace
  storage::Location root;     ///< of the project, in it
};

struct Space {
  Side source, target;
};

/// Nothing when the project, or its workspace, is not there or not whole; the finding says so.
/// `name`: "source" or "target".  Errors: of the catalog.
Result<std::optional<Side>> FindSide(std::string_view name, const std::string& project,
                                     catalog::Catalog& catalog, workflow::Findings& findings);

/// Nothing when a side is not there; whatever is wrong is in `findings`.  Errors: of the catalog.
Result<std::optional<Space>> CheckSpace(const CloneRequest& request, catalog::Catalog& catalog,
                                        workflow::Findings& findings);

}  // namespace stateferry::state::clone
