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
  DropServerFields(rest);
  for (const std::string_view field :
       {"apiVersion", "kind", "spec/state", "metadata/name", "metadata/namespace",
        "metadata/createdAt", "metadata/modifiedAt"})
    TakeField(rest, field);
  if (rest.contains("spec") && rest["spec"].empty()) rest.erase("spec");
  if (rest.contains("metadata") && rest["metadata"].empty()) rest.erase("metadata");
  if (!rest.empty()) body[std::string(kVvpField)] = std::move(rest);
}

void AddVvpDeployment(const Resource& resource, Manifest& manifest) {
  Json rest = resource.yaml.value;
  entities::Entity entity{{"deployment", resource.name}, Json::object()};
  const auto pairs = VvpDeploymentFields();
  TakeFields(pairs, rest, entity.body);
  if (FindField(entity.body, "deploymentTarget/name") != nullptr)
    PutField(entity.body, "deploymentTarget/mode", "SESSION");
  const std::string version = TextField(entity.body, "artifact/flinkVersion");
  if (version.empty())
    return manifest.Complain(
        resource.Where("/spec/template/spec/artifact"),
        fmt::format("{}: its artifact has no 'flinkVersion' (text such as \"1.17\")",
                    resource.Label()));
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
    return manifest.Complain(
        resource.Where("/spec"),
        fmt::format("{} has no 'flinkVersion' (text such as \"1.17\")", resource.Label()));
  entity.body["engineVersion"] = "flink-" + version;
  TakeField(rest, "spec/flinkVersion");
  KeepRest(std::move(rest), entity.body);
  AddEntity(resource, std::move(entity), pairs, kVvpField, manifest);
}

void AddSavepoint(const Resource& resource, Manifest& manifest) {
  Json rest = resource.yaml.value;
  const std::vector<FieldPair> pairs = {
      {"metadata/createdAt", "createdAt"},
      {AnnotationPath(kVvpCreatedAtAnnotation), "createdAt"},  // ours says when the files were made
      {AnnotationPath(kDeploymentNameAnnotation), "deployment"},
      {"spec/savepointLocation", "savepointLocation"},
      {"metadata/origin", "savepointOrigin"},
      {"metadata/jobId", "jobId"},
      {"metadata/deploymentId", "deployment"},
      {"status/state", "status/state"}};
  Json taken = Json::object();
  TakeFields(std::span(pairs).first(6), rest, taken);
  const std::string origin = TextField(taken, "savepointOrigin"),
                    location = TextField(taken, "savepointLocation");
  std::string state = TextField(rest, "status/state");
  // As it is exported: files that were there before.
  if (state.empty() && origin == "COPIED" && !location.empty()) state = "COMPLETED";
  if (location.empty() && state != "COMPLETED") {
    manifest.LeaveOut(resource.Where(""),
                      fmt::format("{} has no location yet ({})", resource.Label(), Clipped(state)));
    return;
  }
  Json body = {{"deployment", TextField(taken, "deployment")},
               {"savepointLocation", location},
               {"savepointOrigin", origin == "SUSPEND" ? "STOP_WITH_SAVEPOINT"
                                   : origin.empty()    ? "USER_REQUEST"
                                                       : origin},
               {"status", {{"state", state}}},
               {"createdAt", TextField(taken, "createdAt")}};
  if (taken.contains("jobId")) body["jobId"] = taken["jobId"];
  TakeField(rest, AnnotationPath(kNameAnnotation));
  KeepRest(std::move(rest), body);
  AddEntity(resource, {{"snapshot", resource.name}, std::move(body)}, pairs, kVvpField, manifest);
}

void AddJob(const Resource& resource, Manifest& manifest) {
  static const std::map<std::string, std::string> kStates = {
      {"STARTING", "STARTING"},    {"STARTED", "RUNNING"}, {"TERMINATING", "CANCELLING"},
      {"TERMINATED", "CANCELLED"}, {"FAILED", "FAILED"},   {"FINISHED", "FINISHED"}};
  const std::string state = TextField(resource.yaml.value, "status/state");
  const auto known = kStates.find(state);
  Json body = {{"deployment", ""},
               {"status", {{"currentJobStatus", known == kStates.end() ? state : known->second}}}};
  const std::vector<FieldPair> pairs = {{"status/state", "status/currentJobStatus"},
                                        {"metadata/deploymentId", "deployment"}};
  KeepRest(resource.yaml.value, body);
  AddEntity(resource, {{"job", resource.name}, std::move(body)}, pairs, kVvpField, manifest);
}

/// A secret stays where it is, and so does every other field beside its value; what was exported as
/// a plain variable is none.
void AddSecretValue(const Resource& resource, Manifest& manifest) {
  Json rest = resource.yaml.value;
  const bool plain = TextField(rest, AnnotationPath(kVariableAnnotation)) == "Plain";
  Json body = {{"kind", plain ? "Plain" : "Encrypted"}};
  const std::vector<FieldPair> pairs = {{"spec/value", "value"}};
  if (plain) TakeFields(pairs, rest, body);
  for (const std::string_view field :
       {std::string_view("spec/kind"), std::string_view("spec/value")})
    TakeField(rest, field);
  TakeField(rest, AnnotationPath(kVariableAnnotation));
  if (const auto more = TakeField(rest, "spec"); more && !more->empty())
    manifest.LeaveOut(resource.Where("/spec"),
                      fmt::format("{}: {} may be secret as well", resource.Label(),
                                  fmt::join(OtherFields(Json{{"spec", *more}}, {}), ", ")));
  KeepRest(std::move(rest), body);
  AddEntity(resource, {{"variable", resource.name}, std::move(body)}, pairs, kVvpField, manifest);
}

}  // namespace

void ReadVvp(std::string_view text, const std::string& file, Manifest& manifest) {
  const ResourceForm form{
      .api_version = "v1",
      .kinds = {"Deployment", "SessionCluster", "Savepoint", "SecretValue", "Job"},
      .names = {"metadata/name", "metadata/id", "metadata/annotations/stateferry.name"}};
  for (const Resource& resource : ReadResources(text, file, form, manifest)) {
    if (manifest.IsFull()) break;
    if (resource.kind == "Deployment") AddVvpDeployment(resource, manifest);
    if (resource.kind == "SessionCluster") AddSessionCluster(resource, manifest);
    if (resource.kind == "Savepoint") AddSavepoint(resource, manifest);
    if (resource.kind == "Job") AddJob(resource, manifest);
    if (resource.kind == "SecretValue") AddSecretValue(resource, manifest);
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
    if (kind != "snapshot" && kind != "job") continue;
    const auto id = TakeField(body, kDeploymentId);
    const std::string text = id && id->is_string() ? id->get<std::string>() : "";
    const auto it = names.find(text);
    if (it != names.end())
      body["deployment"] = it->second;
    else if (TextField(body, "deployment").empty())
      manifest.Complain(
          document.Where("/deployment"),
          fmt::format("the deployment '{}' of {} '{}' is not in these files", text, kind, name));
  }
}

}  // namespace stateferry::state::manifest
