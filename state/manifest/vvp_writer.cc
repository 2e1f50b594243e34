#include <fmt/format.h>

#include <algorithm>

#include "state/entities/kinds.h"
#include "state/manifest/flink_operator_fields.h"
#include "state/manifest/vvp.h"
#include "state/manifest/vvp_fields.h"
#include "state/manifest/yaml_writer.h"

namespace stateferry::state::manifest {

namespace {

using entities::Entity;

/// Why the form has no place for it; "" when it has one.
std::string Unfit(const Entity& entity) {
  const auto& [key, body] = entity;
  if (key.kind == "deployment" || key.kind == "session-cluster") {
    if (TextField(body, "artifact/kind") == "CDCYAML") return "VVP 2 has no CDC deployments";
    if (FlinkVersion(TextField(body, "engineVersion")).empty())
      return fmt::format("its engine '{}' names no Flink version",
                         TextField(body, "engineVersion"));
    return "";
  }
  if (key.kind == "snapshot")
    return TextField(body, "status/state") == "COMPLETED" ? "" : "the snapshot is not completed";
  if (key.kind == "variable")
    return TextField(body, "kind") == "Plain" ? ""
                                              : "its value is not kept: make the secret by hand";
  if (key.kind == "job") return "run state: everything is exported stopped";
  return fmt::format("VVP 2 has no resource for a {} that can be applied", key.kind);
}

/// "vvr-8.0.5-flink-1.17" as "1.17".
std::string PlainFlinkVersion(const Json& body) {
  std::string version = FlinkVersion(TextField(body, "engineVersion")).substr(1);
  std::replace(version.begin(), version.end(), '_', '.');
  return version;
}

Json Header(std::string_view kind, const Entity& entity) {
  Json resource = {{"apiVersion", "v1"}, {"kind", kind}, {"metadata", {{"name", entity.key.name}}}};
  const Json header = resource;
  if (const Json* const rest = FindField(entity.body, kVvpField);
      rest != nullptr && rest->is_object()) {
    resource.merge_patch(*rest);
    resource.merge_patch(header);
  }
  return resource;
}

Json Deployment(const Entity& entity) {
  Json resource = Header("Deployment", entity);
  const bool session = TextField(entity.body, "deploymentTarget/mode") == "SESSION";
  PutFields(VvpDeploymentFields(), entity.body, resource);
  if (!session) TakeField(resource, "spec/sessionClusterName");
  PutField(resource, "spec/state", "CANCELLED");
  PutField(resource, "spec/template/spec/artifact/flinkVersion", PlainFlinkVersion(entity.body));
  return resource;
}

Json SessionCluster(const Entity& entity) {
  Json resource = Header("SessionCluster", entity);
  PutFields(VvpSessionClusterFields(), entity.body, resource);
  PutField(resource, "spec/state", "STOPPED");
  PutField(resource, "spec/flinkVersion", PlainFlinkVersion(entity.body));
  return resource;
}

Json Savepoint(const Entity& entity) {
  return {{"apiVersion", "v1"},
          {"kind", "Savepoint"},
          {"metadata",
           {{"origin", "COPIED"},
            {"annotations", {{"deploymentName", TextField(entity.body, "deployment")}}}}},
          {"spec", {{"savepointLocation", TextField(entity.body, "savepointLocation")}}}};
}

Json SecretValue(const Entity& entity) {
  const Json& value = entity.body["value"];
  return {{"apiVersion", "v1"},
          {"kind", "SecretValue"},
          {"metadata", {{"name", entity.key.name}}},
          {"spec",
           {{"kind", "GENERIC"},
            {"value", value.is_string() ? value.get<std::string>() : DumpJson(value)}}}};
}

Json ResourceOf(const Entity& entity) {
  if (entity.key.kind == "deployment") return Deployment(entity);
  if (entity.key.kind == "session-cluster") return SessionCluster(entity);
  return entity.key.kind == "snapshot" ? Savepoint(entity) : SecretValue(entity);
}

}  // namespace

Exported WriteVvp(std::span<const Document> documents, const entities::PathMap& map) {
  std::vector<Entity> entities;
  for (const Document& document : documents) entities.push_back(document.entity);
  std::stable_sort(entities.begin(), entities.end(), [](const Entity& a, const Entity& b) {
    return std::pair(entities::KindOrder(a.key.kind), std::string_view(a.key.name)) <
           std::pair(entities::KindOrder(b.key.kind), std::string_view(b.key.name));
  });
  Exported out;
  for (Entity& entity : entities) {
    if (std::string why = Unfit(entity); !why.empty()) {
      out.left_out.push_back({entity.key, std::move(why)});
      continue;
    }
    if (const auto* kind = entities::FindKind(entity.key.kind)) kind->Retarget(entity, map);
    if (entity.key.kind == "snapshot")
      out.changed.push_back(
          {entity.key, fmt::format("give it the deploymentId that '{}' has at the target",
                                   TextField(entity.body, "deployment"))});
    if (!out.text.empty()) out.text += "---\n";
    WriteYaml(ResourceOf(entity), out.text);
  }
  return out;
}

}  // namespace stateferry::state::manifest
