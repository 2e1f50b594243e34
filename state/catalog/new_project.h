#pragma once

#include <string>

#include "state/catalog/catalog.h"

namespace stateferry::state::catalog {

/// A project, and the workspace around it where there is none yet.
struct NewProject {
  std::string name = {};  ///< "WORKSPACE/PROJECT"
  /// Of a workspace that is made; all three are needed then, and none of them otherwise.
  std::string region = {}, architecture = {};
  std::string storage = {};  ///< URI: managed:// or a bucket
  std::string owner = {};    ///< account that becomes OWNER of a new workspace; "" = nobody
};

/// Whether a workspace was made as well.  One batch.  Errors: kInvalidArgument for what cannot be,
/// kNotFound without workspace, kConflict when the project is there, the workspace is another one,
/// or the directory of the project is that of another.
Result<bool> CreateProject(Catalog& catalog, const NewProject& project);

}  // namespace stateferry::state::catalog
