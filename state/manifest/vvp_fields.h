#pragma once
// What reader and writer of VVP resources agree on.

#include <string_view>
#include <vector>

#include "state/manifest/resource_fields.h"

namespace stateferry::state::manifest {

/// The field of a body that holds what else a resource says.
inline constexpr std::string_view kVvpField = "vvp";

inline std::vector<FieldPair> VvpDeploymentFields() {
  return {{"metadata/labels", "labels"},
          {"spec/restoreStrategy", "restoreStrategy"},
          {"spec/sessionClusterName", "deploymentTarget/name"},
          {"spec/template/spec/artifact", "artifact"},
          {"spec/template/spec/flinkConfiguration", "flinkConf"},
          {"spec/template/spec/parallelism",
           "streamingResourceSetting/basicResourceSetting/parallelism"}};
}

inline std::vector<FieldPair> VvpSessionClusterFields() {
  return {{"metadata/labels", "labels"}, {"spec/flinkConfiguration", "flinkConf"}};
}

}  // namespace stateferry::state::manifest
