#pragma once
// Rows that deployments, drafts and session clusters share.

#include <initializer_list>
#include <string_view>
#include <vector>

#include "state/entities/fields.h"

namespace stateferry::state::entities {

/// `artifact` and all that is in it.  `kinds`: those allowed, of SQLSCRIPT, JAR, PYTHON, CDCYAML.
std::vector<Field> ArtifactFields(std::initializer_list<std::string_view> kinds);
/// `flinkConf`: its values may hold variables, and some of them name directories.
std::vector<Field> FlinkConfFields();
/// `labels`, `logging`, `localVariables`, `description`.
std::vector<Field> CommonJobFields();

std::vector<Field> Joined(std::initializer_list<std::vector<Field>> tables);

}  // namespace stateferry::state::entities
