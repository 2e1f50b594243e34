#pragma once
// Resources of Ververica Platform 2 (apiVersion v1) as entities of a project, and back.
// docs/formats/vvp.md.  Pure functions; the reader takes hostile text.

#include <span>
#include <string>
#include <string_view>

#include "state/manifest/flink_operator.h"

namespace stateferry::state::manifest {

/// Adds the entities of a file, what is wrong with them, and what is left out.
void ReadVvp(std::string_view text, const std::string& file, Manifest& manifest);
/// After the last file: savepoints and jobs name their deployment by id, which may stand in
/// another.
void FinishVvp(Manifest& manifest);

/// The entities of one project: deployments cancelled, session clusters stopped, completed
/// snapshots as savepoints of origin COPIED.
Exported WriteVvp(std::span<const Document> documents, const entities::PathMap& map);

}  // namespace stateferry::state::manifest
