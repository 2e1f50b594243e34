#pragma once
// What can be said of documents only when all of them are there, and the catalog.

#include <functional>
#include <string>

#include "state/catalog/catalog.h"
#include "state/manifest/document.h"

namespace stateferry::state::manifest {

/// Where the entity of a document goes: its project, "" for regions, workspaces and projects.
catalog::Scope ScopeOf(const Document& document);

/// Gives documents without project the one that was asked for, "" when none was, and adds what is
/// wrong between documents: a name twice, no project, references to what is neither among them nor
/// in the catalog, a project that would keep its files in the directory of another.  Errors: of the
/// catalog.
Result<void> CheckImport(const std::string& project, catalog::Catalog& catalog, Manifest& manifest);

}  // namespace stateferry::state::manifest
