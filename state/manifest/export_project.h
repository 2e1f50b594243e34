#pragma once
// From the catalog to documents.

#include <functional>
#include <string>
#include <vector>

#include "state/catalog/catalog.h"
#include "state/manifest/document.h"

namespace stateferry::state::manifest {

/// The entities of a project, without its name, so that they can be imported into another one.
/// What a clone has not finished is no part of it.
struct Selection {
  std::vector<Document> chosen = {};
  std::vector<Document> others = {};  ///< those besides; where a job begins, they may say
};

/// Chooses what `takes` wants.
Result<Selection> ExportProject(catalog::Catalog& catalog, const std::string& project,
                                const std::function<bool(const entities::EntityKey&)>& takes);

/// Chooses the deployments and drafts that are called so, with everything that they need: what they
/// refer to and what their texts mention, files, and their snapshots (C-50).  Errors: kNotFound
/// when one of the names is none of a job.
Result<Selection> ExportJobs(catalog::Catalog& catalog, const std::string& project,
                             const std::vector<std::string>& jobs);

}  // namespace stateferry::state::manifest
