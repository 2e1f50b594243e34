#pragma once
// What reader and writer of VVP resources agree on.

#include <string>
#include <string_view>
#include <vector>

#include "state/manifest/resource_fields.h"

namespace stateferry::state::manifest {

/// The field of a body that holds what else a resource says.
inline constexpr std::string_view kVvpField = "vvp";

/// What VVP's server gives to a savepoint itself, and what it has no field for: of an exported one
/// they are annotations.
inline constexpr std::string_view kNameAnnotation = "stateferry.name";
inline constexpr std::string_view kVvpCreatedAtAnnotation = "stateferry.created-at";
inline constexpr std::string_view kDeploymentNameAnnotation = "deploymentName";
/// "Plain" for a secret whose value is none.
inline constexpr std::string_view kVariableAnnotation = "stateferry.kind";

inline std::vector<FieldPair> VvpDeploymentFields() {
  return {{"metadata/labels", "labels"},
          {"spec/restoreStrategy", "restoreStrategy"},
          {"spec/sessionClusterName", "deploymentTarget/name"},
          {"spec/template/spec/artifact", "artifact"},
          {"spec/template/spec/flinkConfiguration", "flinkConf"},
          {"spec/template/spec/parallelism",
           "streamingResourceSetting/basicResourceSetting/parallelism"}};
}

/// The path of an annotation.
inline std::string AnnotationPath(std::string_view name) {
  return "metadata/annotations/" + std::string(name);
}

inline std::vector<FieldPair> VvpSessionClusterFields() {
  return {{"metadata/labels", "labels"}, {"spec/flinkConfiguration", "flinkConf"}};
}

}  // namespace stateferry::state::manifest
