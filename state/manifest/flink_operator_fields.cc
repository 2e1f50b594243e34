#include "state/manifest/flink_operator_fields.h"

#include <algorithm>

namespace stateferry::state::manifest {

namespace {

bool AllDigits(std::string_view text) {
  return !text.empty() && text.size() <= 4 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The digits at the front, taken off.
std::string_view TakeDigits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

}  // namespace

std::string SpecPath(std::string_view resource_kind) {
  return resource_kind == kBlueGreenDeployment ? "spec/template/spec" : "spec";
}

std::vector<FieldPair> OperatorFields(std::string_view resource_kind, bool has_job) {
  const std::string spec = SpecPath(resource_kind);
  const std::string resources =
      has_job ? "streamingResourceSetting/basicResourceSetting/" : "basicResourceSetting/";
  std::vector<FieldPair> pairs = {{"metadata/labels", "labels"},
                                  {spec + "/flinkConfiguration", "flinkConf"}};
  // A session job has version and machines of its cluster.
  if (resource_kind != kFlinkSessionJob)
    pairs.insert(pairs.end(),
                 {{spec + "/flinkVersion", "engineVersion"},
                  {spec + "/jobManager/resource", resources + "jobmanagerResourceSettingSpec"},
                  {spec + "/taskManager/resource", resources + "taskmanagerResourceSettingSpec"}});
  if (!has_job) return pairs;
  pairs.insert(pairs.end(),
               {{spec + "/job/jarURI", "artifact/jarUri"},
                {spec + "/job/entryClass", "artifact/entryClass"},
                {spec + "/job/args", "artifact/mainArgs"},
                {spec + "/job/parallelism", resources + "parallelism"},
                {spec + "/job/allowNonRestoredState", "restoreStrategy/allowNonRestoredState"}});
  if (resource_kind == kFlinkSessionJob)
    pairs.push_back({"spec/deploymentName", "deploymentTarget/name"});
  return pairs;
}

std::string ResourceKind(const entities::Entity& entity) {
  if (TextField(entity.body, "deploymentTarget/mode") == "SESSION")
    return std::string(kFlinkSessionJob);
  return std::string(TextField(entity.body, "kubernetes/kind") == kBlueGreenDeployment
                         ? kBlueGreenDeployment
                         : kFlinkDeployment);
}

std::vector<std::string> SaidByOperator(const entities::Entity& entity) {
  const std::string resource_kind = ResourceKind(entity);
  std::vector<std::string> said = {std::string(kKubernetesField)};
  if (entity.key.kind == "snapshot") {
    for (const char* field : {"deployment", "savepointLocation", "savepointOrigin", "status/state",
                              "createdAt", "nativeFormat"})
      said.emplace_back(field);
  } else {
    const bool job = entity.key.kind == "deployment";
    for (const FieldPair& pair : OperatorFields(resource_kind, job)) said.push_back(pair.body);
    for (const char* field :
         {"artifact/kind", "engineVersion", "deploymentTarget/mode", "deploymentTarget/name",
          "restoreStrategy/kind", "restoreStrategy/savepointId"})
      said.emplace_back(field);
    // Remarked on by itself.
    said.emplace_back("artifact/additionalDependencies");
    // As it is without them.
    if (TextField(entity.body, "executionMode") == "STREAMING") said.emplace_back("executionMode");
    const std::string mode = "streamingResourceSetting/resourceSettingMode";
    if (TextField(entity.body, mode) == "BASIC") said.push_back(mode);
  }
  return said;
}

std::string EngineVersion(std::string_view flink_version) {
  if (!flink_version.starts_with('v')) return "";
  flink_version.remove_prefix(1);
  const std::size_t line = flink_version.find('_');
  if (line == std::string_view::npos) return "";
  const std::string_view major = flink_version.substr(0, line);
  const std::string_view minor = flink_version.substr(line + 1);
  if (!AllDigits(major) || !AllDigits(minor)) return "";
  return "flink-" + std::string(major) + '.' + std::string(minor);
}

std::string FlinkVersion(std::string_view engine_version) {
  constexpr std::string_view kMarker = "flink-";
  const std::size_t at = engine_version.rfind(kMarker);
  if (at == std::string_view::npos) return "";
  engine_version.remove_prefix(at + kMarker.size());
  const std::string_view major = TakeDigits(engine_version);
  if (!engine_version.starts_with('.')) return "";
  engine_version.remove_prefix(1);
  const std::string_view minor = TakeDigits(engine_version);
  if (major.empty() || minor.empty()) return "";
  return 'v' + std::string(major) + '_' + std::string(minor);
}

std::string_view ClaimModeOption(std::string_view flink_version) {
  if (!flink_version.starts_with("v1_")) return kClaimMode;
  const std::string_view minor = flink_version.substr(3);
  return minor.size() < 2 || (minor.size() == 2 && minor < "20") ? kOldClaimMode : kClaimMode;
}

}  // namespace stateferry::state::manifest
