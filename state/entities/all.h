#pragma once
// The makers of all kinds; each is defined in a file of its own in this folder.

#include "state/entities/kind.h"

namespace stateferry::state::entities {

KindSpec RegionKind();
KindSpec WorkspaceKind();
KindSpec ProjectKind();
KindSpec VariableKind();
KindSpec ResourceFileKind();
KindSpec UdfArtifactKind();
KindSpec UdfFunctionKind();
KindSpec ConnectorKind();
KindSpec CatalogKind();
KindSpec SessionClusterKind();
KindSpec FolderKind();
KindSpec DraftKind();
KindSpec QueryScriptKind();
KindSpec DeploymentKind();
KindSpec SnapshotKind();
KindSpec JobKind();
KindSpec QueueKind();
KindSpec MemberKind();
KindSpec ScheduledPlanKind();
KindSpec AlertKind();

}  // namespace stateferry::state::entities
