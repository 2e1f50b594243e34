#pragma once
// Projects of workspaces that share a storage must not share a directory in it: what is forgotten
// or replaced there for one of them is gone for the other.

#include <map>
#include <span>
#include <string>

#include "state/catalog/catalog.h"
#include "storage/location.h"

namespace stateferry::state::catalog {

/// Where projects keep their bytes, by their names.
using ProjectRoots = std::map<std::string, storage::Location>;

/// Of all projects of the catalog, and of what is about to be there: workspaces and projects, which
/// come before the catalog's.  Projects without a whole workspace are left out.  Errors: of the
/// catalog.
Result<ProjectRoots> RootsOfProjects(Catalog& catalog, std::span<const entities::Entity> coming);

/// Errors: kConflict when the directory of another project is that of this one, in it or around it.
/// A project that is not in `roots` shares nothing.
Result<void> CheckOwnDirectory(const std::string& project, const ProjectRoots& roots);

}  // namespace stateferry::state::catalog
