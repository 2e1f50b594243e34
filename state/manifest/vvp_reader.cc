#include <fmt/format.h>

#include <map>

#include "state/manifest/vvp.h"
#include "state/manifest/vvp_fields.h"

namespace stateferry::state::manifest {

namespace {

/// Ids of deployments stand here until FinishVvp has found their names.
constexpr std::string_view kDeploymentId = "vvp/metadata/deploymentId";
constexpr std::string_view kOwnId = "vvp/metadata/id";

/// What the body does not say itself goes along below `vvp`.
void KeepRest(Json rest, Json& body) {
  for (const std::string_view field :
       {"apiVersion", "kind", "status", "spec/state", "metadata/name", "metadata/namespace",
        "metadata/resourceVersion", "metadata/createdAt", "metadata/modifiedAt"})
    TakeField(rest, field);
  if (!rest.empty()) body[std::string(kVvpField)] = std::move(rest);
}

void AddDeployment(const Resource& resource, Manifest& manifest) {
  Json rest = resource.yaml.value;
  entities::Entity entity{{"deployment", resource.name}, Json::object()};
  const auto pairs = VvpDeploymentFields();
  TakeFields(pairs, rest, entity.body);
  if (FindField(entity.body, "deploymentTarget/name") != nullptr)
    PutField(entity.body, "deploymentTarget/mode", "SESSION");
  const std::string version = TextField(entity.body, "artifact/flinkVersion");
  if (version.empty())
    return manifest.problems.push_back(
        {resource.Where("/spec/template/spec/artifact"),
         fmt::format("{}: its artifact has no 'flinkVersion' (text such as \"1.17\")",
                     resource.Label())});
  entity.body["engineVersion"] = "flink-" + version;
  KeepRest(std::move(rest), entity.body);
  AddEntity(resource, std::move(entity), pairs, kVvpField, manifest);
}

void AddSessionCluster(const Resource& resource, Manifest& manifest) {
  Json rest = resource.yaml.value;
  entities::Entity entity{{"session-cluster", resource.name}, Json::object()};
  const auto pairs = VvpSessionClusterFields();
  TakeFields(pairs, rest, entity.body);
  const std::string version = TextField(rest, "spec/flinkVersion");
  if (version.empty())
    return manifest.problems.push_back(
        {resource.Where("/spec"),
         fmt::format("{} has no 'flinkVersion' (text such as \"1.17\")", resource.Label())});
  entity.body["engineVersion"] = "flink-" + version;
  KeepRest(std::move(rest), entity.body);
  AddEntity(resource, std::move(entity), pairs, kVvpField, manifest);
}

/// What belongs to a deployment: named by its own id.
Json OwnedBody(const Resource& resource) {
  Json body = {{"deployment", ""}};
  PutField(body, kDeploymentId, TextField(resource.yaml.value, "metadata/deploymentId"));
  return body;
}

void AddSavepoint(const Resource& resource, Manifest& manifest) {
  const Json& value = resource.yaml.value;
  const std::string state = TextField(value, "status/state"),
                    origin = TextField(value, "metadata/origin"),
                    location = TextField(value, "spec/savepointLocation");
  if (location.empty() && state != "COMPLETED") {
    manifest.left_out.push_back(
        {resource.Where(""), fmt::format("{} has no location yet ({})", resource.Label(), state)});
    return;
  }
  Json body = OwnedBody(resource);
  body["savepointLocation"] = location;
  body["savepointOrigin"] = origin == "SUSPEND" ? "STOP_WITH_SAVEPOINT"
                            : origin.empty()    ? "USER_REQUEST"
                                                : origin;
  body["status"] = {{"state", state}};
  body["createdAt"] = TextField(value, "metadata/createdAt");
  const std::vector<FieldPair> pairs = {{"spec/savepointLocation", "savepointLocation"},
                                        {"metadata/origin", "savepointOrigin"},
                                        {"metadata/createdAt", "createdAt"},
                                        {"metadata/deploymentId", "deployment"},
                                        {"status/state", "status/state"}};
  AddEntity(resource, {{"snapshot", resource.name}, std::move(body)}, pairs, "", manifest);
}

void AddJob(const Resource& resource, Manifest& manifest) {
  static const std::map<std::string, std::string> kStates = {
      {"STARTING", "STARTING"},    {"STARTED", "RUNNING"}, {"TERMINATING", "CANCELLING"},
      {"TERMINATED", "CANCELLED"}, {"FAILED", "FAILED"},   {"FINISHED", "FINISHED"}};
  const std::string state = TextField(resource.yaml.value, "status/state");
  const auto known = kStates.find(state);
  Json body = OwnedBody(resource);
  body["status"] = {{"currentJobStatus", known == kStates.end() ? state : known->second}};
  const std::vector<FieldPair> pairs = {{"status/state", "status/currentJobStatus"},
                                        {"metadata/deploymentId", "deployment"}};
  AddEntity(resource, {{"job", resource.name}, std::move(body)}, pairs, "", manifest);
}

}  // namespace

void ReadVvp(std::string_view text, const std::string& file, Manifest& manifest) {
  const ResourceForm form{
      .api_version = "v1",
      .kinds = {"Deployment", "SessionCluster", "Savepoint", "SecretValue", "Job"},
      .or_id = true};
  for (const Resource& resource : ReadResources(text, file, form, manifest)) {
    if (resource.kind == "Deployment") AddDeployment(resource, manifest);
    if (resource.kind == "SessionCluster") AddSessionCluster(resource, manifest);
    if (resource.kind == "Savepoint") AddSavepoint(resource, manifest);
    if (resource.kind == "Job") AddJob(resource, manifest);
    // A secret stays where it is.
    if (resource.kind == "SecretValue")
      AddEntity(resource, {{"variable", resource.name}, {{"kind", "Encrypted"}}}, {}, "", manifest);
  }
}

void FinishVvp(Manifest& manifest) {
  std::map<std::string, std::string> names;
  for (const Document& document : manifest.documents)
    if (const std::string id = TextField(document.entity.body, kOwnId); !id.empty())
      if (document.entity.key.kind == "deployment") names[id] = document.entity.key.name;
  for (Document& document : manifest.documents) {
    const auto& [kind, name] = document.entity.key;
    Json& body = document.entity.body;
    TakeField(body, kOwnId);
    if ((kind != "snapshot" && kind != "job") || TextField(body, "deployment") != "") continue;
    const auto id = TakeField(body, kDeploymentId);
    const auto it = id ? names.find(id->get<std::string>()) : names.end();
    if (it != names.end())
      body["deployment"] = it->second;
    else
      manifest.problems.push_back(
          {document.Where("/deployment"),
           fmt::format("the deployment '{}' of {} '{}' is not in these files",
                       id ? id->get<std::string>() : "", kind, name)});
  }
}

}  // namespace stateferry::state::manifest
