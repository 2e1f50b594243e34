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

/// Ours, and everything that the resource said when it was imported and the body does not say.
Json WithRest(Json resource, const Entity& entity) {
  const Json* const rest = FindField(entity.body, kVvpField);
  if (rest == nullptr || !rest->is_object()) return resource;
  const Json ours = resource;
  Overlay(resource, *rest);
  Overlay(resource, ours);
  return resource;
}

Json Header(std::string_view kind, const Entity& entity) {
  return WithRest({{"apiVersion", "v1"}, {"kind", kind}, {"metadata", {{"name", entity.key.name}}}},
                  entity);
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
  Json annotations = {{kNameAnnotation, entity.key.name},
                      {kVvpCreatedAtAnnotation, TextField(entity.body, "createdAt")},
                      {kDeploymentNameAnnotation, TextField(entity.body, "deployment")}};
  return WithRest({{"apiVersion", "v1"},
                   {"kind", "Savepoint"},
                   {"metadata", {{"origin", "COPIED"}, {"annotations", std::move(annotations)}}},
                   {"spec", {{"savepointLocation", TextField(entity.body, "savepointLocation")}}}},
                  entity);
}

Json SecretValue(const Entity& entity) {
  const Json& value = entity.body["value"];
  return WithRest(
      {{"apiVersion", "v1"},
       {"kind", "SecretValue"},
       {"metadata", {{"name", entity.key.name}, {"annotations", {{kVariableAnnotation, "Plain"}}}}},
       {"spec",
        {{"kind", "GENERIC"},
         {"value", value.is_string() ? value.get<std::string>() : DumpJson(value)}}}},
      entity);
}

/// The fields of a body that the resource says, be it in another way.
std::vector<std::string> SaidByVvp(const Entity& entity) {
  std::vector<std::string> said = {std::string(kVvpField)};
  const auto add = [&](std::initializer_list<const char*> fields) {
    said.insert(said.end(), fields.begin(), fields.end());
  };
  if (entity.key.kind == "snapshot")
    add({"deployment", "savepointLocation", "savepointOrigin", "status/state", "createdAt"});
  if (entity.key.kind == "variable") add({"kind", "value"});
  if (entity.key.kind == "session-cluster" || entity.key.kind == "deployment") {
    add({"engineVersion", "deploymentTarget/mode", "deploymentTarget/name"});
    for (const FieldPair& pair :
         entity.key.kind == "deployment" ? VvpDeploymentFields() : VvpSessionClusterFields())
      said.push_back(pair.body);
    // As it is without them.
    if (TextField(entity.body, "executionMode") == "STREAMING") add({"executionMode"});
    const std::string mode = "streamingResourceSetting/resourceSettingMode";
    if (TextField(entity.body, mode) == "BASIC") said.push_back(mode);
  }
  return said;
}

void AddRemarks(const Entity& entity, Exported& out) {
  const auto remark = [&](std::string what) {
    out.changed.push_back({entity.key, std::move(what)});
  };
  if (entity.key.kind == "snapshot")
    remark(fmt::format("give it the deploymentId that '{}' has at the target",
                       TextField(entity.body, "deployment")));
  if (TextField(entity.body, "restoreStrategy/kind") == "FROM_SAVEPOINT")
    remark(
        fmt::format("VVP 2 knows no strategy FROM_SAVEPOINT: make it LATEST_SAVEPOINT once "
                    "savepoint '{}' is there and is the newest",
                    TextField(entity.body, "restoreStrategy/savepointId")));
  Entity travels = entity;
  if (const auto* kind = entities::FindKind(entity.key.kind)) kind->DropNotCloned(travels);
  const auto names = OtherFields(std::move(travels.body), SaidByVvp(entity));
  if (!names.empty()) remark(fmt::format("the form has no place for {}", fmt::join(names, ", ")));
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
    AddRemarks(entity, out);
    if (!out.text.empty()) out.text += "---\n";
    WriteYaml(ResourceOf(entity), out.text);
  }
  return out;
}

}  // namespace stateferry::state::manifest
