#include <fmt/format.h>

#include <map>

#include "base/clock.h"
#include "state/manifest/command_words.h"
#include "state/manifest/flink_operator.h"
#include "state/manifest/flink_operator_fields.h"

namespace stateferry::state::manifest {

namespace {

/// Milliseconds since 1970; larger numbers have no text of four digits for the year.
constexpr std::uint64_t kYear10000 = 253'402'300'800'000;

/// Flink's states of a job as those of the console; "" for what is none.
std::string JobStatus(std::string_view flink) {
  if (flink == "CREATED" || flink == "INITIALIZING") return "STARTING";
  // A job that restarts or fails over still holds its resources and its source positions.
  if (flink == "RUNNING" || flink == "RESTARTING" || flink == "RECONCILING" || flink == "FAILING")
    return "RUNNING";
  if (flink == "CANCELLING") return "CANCELLING";
  if (flink == "CANCELED" || flink == "SUSPENDED") return "CANCELLED";
  if (flink == "FAILED" || flink == "FINISHED") return std::string(flink);
  return "";
}

/// Maps in maps as one map with dots: newer operators take both ways of writing the configuration.
void Flatten(const Json& value, const std::string& key, Json& flat) {
  if (!value.is_object()) {
    flat[key] = value;
    return;
  }
  for (const auto& [name, inner] : value.items())
    Flatten(inner, key.empty() ? name : key + '.' + name, flat);
}

/// What the body does not say itself goes along below `kubernetes`.
void KeepRest(Json rest, const Resource& resource, Json& body) {
  DropServerFields(rest);
  for (const std::string_view field : {"apiVersion", "metadata/name", "metadata/namespace"})
    TakeField(rest, field);
  if (resource.kind != kBlueGreenDeployment) TakeField(rest, "kind");
  if (rest.contains("spec") && rest["spec"].empty()) rest.erase("spec");
  if (!rest.empty()) body[std::string(kKubernetesField)] = std::move(rest);
}

/// The run that the operator saw, when it saw one.
void AddRun(const Resource& resource, Manifest& manifest) {
  const Json& value = resource.yaml.value;
  const bool blue_green = resource.kind == kBlueGreenDeployment;
  const std::string state = JobStatus(TextField(value, "status/jobStatus/state"));
  if (state.empty()) return;
  std::string id = blue_green ? "" : TextField(value, "status/jobStatus/jobId");
  if (id.empty()) id = resource.name + "-job";
  const std::vector<FieldPair> pairs = {{"status/jobStatus/state", "status/currentJobStatus"},
                                        {"metadata/name", "deployment"}};
  AddEntity(
      resource,
      {{"job", id}, {{"deployment", resource.name}, {"status", {{"currentJobStatus", state}}}}},
      pairs, "", manifest);
}

/// The savepoint that operators before 1.10 note in the status of a job.
void AddLastSavepoint(const Resource& resource, Manifest& manifest) {
  const std::string path = "status/jobStatus/savepointInfo/lastSavepoint";
  const Json* const last = FindField(resource.yaml.value, path);
  if (last == nullptr || !last->is_object()) return;
  const std::string location = TextField(*last, "location");
  const auto time = JsonUint(*last, "timeStamp");
  if (location.empty() || !time || *time >= kYear10000) return;
  Json body = {{"deployment", resource.name},
               {"savepointLocation", location},
               {"savepointOrigin", "USER_REQUEST"},
               {"status", {{"state", "COMPLETED"}}},
               {"createdAt", FormatTime(std::chrono::system_clock::time_point(
                                 std::chrono::milliseconds(static_cast<std::int64_t>(*time))))}};
  const std::string format = TextField(*last, "formatType");
  if (format == "NATIVE" || format == "CANONICAL") body["nativeFormat"] = format == "NATIVE";
  const std::vector<FieldPair> pairs = {{path + "/location", "savepointLocation"},
                                        {path + "/timeStamp", "createdAt"}};
  AddEntity(resource, {{"snapshot", fmt::format("{}-{}", resource.name, *time)}, std::move(body)},
            pairs, "", manifest);
}

void AddDeployment(const Resource& resource, Manifest& manifest) {
  Json rest = resource.yaml.value;
  const std::string spec = SpecPath(resource.kind);
  const Json* const job = FindField(rest, spec + "/job");
  const bool has_job = resource.kind != kFlinkDeployment || (job != nullptr && !job->is_null());
  const auto complain = [&](const std::string& path, std::string_view message) {
    manifest.problems.push_back(
        {resource.Where('/' + path), fmt::format("{}: {}", resource.Label(), message)});
  };
  const std::vector<FieldPair> pairs = OperatorFields(resource.kind, has_job);
  entities::Entity entity{{has_job ? "deployment" : "session-cluster", resource.name},
                          Json::object()};
  Json& body = entity.body;
  if (has_job) body["artifact"] = {{"kind", "JAR"}};
  TakeFields(pairs, rest, body);

  if (const Json* const args = FindField(body, "artifact/mainArgs")) {
    std::vector<std::string> words;
    if (!args->is_array()) return complain(spec + "/job/args", "'args' must be a list of text");
    for (const Json& word : *args) {
      if (!word.is_string()) return complain(spec + "/job/args", "'args' must be a list of text");
      words.push_back(word.get<std::string>());
    }
    PutField(body, "artifact/mainArgs", JoinWords(words));
  }
  if (resource.kind == kFlinkSessionJob) {
    PutField(body, "deploymentTarget/mode", "SESSION");
    body["engineVersion"] = "";  // of its cluster, see FinishFlinkOperator
  } else {
    const std::string engine = EngineVersion(TextField(body, "engineVersion"));
    if (engine.empty())
      return complain(spec + "/flinkVersion", "'flinkVersion' must be like v1_20");
    body["engineVersion"] = engine;
  }
  if (const Json* const configured = FindField(body, "flinkConf");
      configured != nullptr && configured->is_object()) {
    Json flat = Json::object();
    Flatten(*configured, "", flat);
    body["flinkConf"] = std::move(flat);
  }
  if (has_job && resource.kind != kFlinkSessionJob && !FindField(body, "artifact/jarUri"))
    return complain(spec + "/job",
                    "a job without 'jarURI' cannot be taken: name the jar, such as "
                    "local:///opt/flink/usrlib/job.jar");
  KeepRest(std::move(rest), resource, body);
  AddEntity(resource, std::move(entity), pairs, kKubernetesField, manifest);
  if (has_job) {
    AddRun(resource, manifest);
    AddLastSavepoint(resource, manifest);
  }
}

void AddSnapshot(const Resource& resource, Manifest& manifest) {
  const Json& value = resource.yaml.value;
  const bool savepoint = FindField(value, "spec/savepoint") != nullptr;
  const Json* const exists = FindField(value, "spec/savepoint/alreadyExists");
  const bool copied = exists != nullptr && *exists == true;
  std::string location = TextField(value, "status/path"), place = "status/path";
  if (location.empty() && copied) location = TextField(value, place = "spec/savepoint/path");
  const std::string state = TextField(value, "status/state");
  const bool completed = state == "COMPLETED" || (state.empty() && copied);
  const bool failed = state == "FAILED" || state == "ABANDONED";
  if (location.empty()) {
    manifest.left_out.push_back(
        {resource.Where(""),
         fmt::format("{} has no path yet ({})", resource.Label(), state.empty() ? "new" : state)});
    return;
  }
  std::string created, when;
  const std::string written = "metadata/annotations/" + std::string(kCreatedAtAnnotation);
  // Ours first: of a snapshot that is only named, the others say when the resource was made.
  for (const std::string& path :
       {written, std::string("status/resultTimestamp"), std::string("status/triggerTimestamp"),
        std::string("metadata/creationTimestamp")})
    if (created.empty()) created = TextField(value, when = path);
  if (created.empty()) {
    manifest.problems.push_back(
        {resource.Where(""),
         fmt::format("{} says nowhere when it was made: give it metadata.creationTimestamp",
                     resource.Label())});
    return;
  }
  entities::Entity entity{{"snapshot", resource.name}, Json::object()};
  entity.body = {{"deployment", TextField(value, "spec/jobReference/name")},
                 {"savepointLocation", location},
                 {"savepointOrigin", copied      ? "COPIED"
                                     : savepoint ? "USER_REQUEST"
                                                 : "RETAINED_CHECKPOINT"},
                 {"status",
                  {{"state", completed ? "COMPLETED"
                             : failed  ? "FAILED"
                                       : "STARTED"}}},
                 {"createdAt", created}};
  const std::string format = TextField(value, "spec/savepoint/formatType");
  if (format == "NATIVE" || format == "CANONICAL") entity.body["nativeFormat"] = format == "NATIVE";
  if (entity.body["deployment"] == "")
    return manifest.problems.push_back(
        {resource.Where("/spec"),
         fmt::format("{} does not say whose it is: 'spec.jobReference.name' is missing",
                     resource.Label())});
  const std::vector<FieldPair> pairs = {
      {"spec/jobReference/name", "deployment"}, {place, "savepointLocation"}, {when, "createdAt"}};
  AddEntity(resource, std::move(entity), pairs, "", manifest);
}

}  // namespace

void ReadFlinkOperator(std::string_view text, const std::string& file, Manifest& manifest) {
  const ResourceForm form{
      .api_version = kOperatorVersion,
      .kinds = {kFlinkDeployment, kBlueGreenDeployment, kFlinkSessionJob, kFlinkStateSnapshot}};
  for (const Resource& resource : ReadResources(text, file, form, manifest)) {
    if (resource.kind == kFlinkStateSnapshot)
      AddSnapshot(resource, manifest);
    else
      AddDeployment(resource, manifest);
  }
}

void FinishFlinkOperator(Manifest& manifest) {
  std::map<std::string, std::string> versions;
  for (const Document& document : manifest.documents)
    if (document.entity.key.kind == "session-cluster")
      versions[document.entity.key.name] = TextField(document.entity.body, "engineVersion");
  for (Document& document : manifest.documents) {
    Json& body = document.entity.body;
    if (document.entity.key.kind != "deployment" || TextField(body, "engineVersion") != "" ||
        TextField(body, "deploymentTarget/mode") != "SESSION")
      continue;
    const std::string cluster = TextField(body, "deploymentTarget/name");
    if (const auto it = versions.find(cluster); it != versions.end())
      body["engineVersion"] = it->second;
    else if (!cluster.empty())
      manifest.problems.push_back(
          {document.Where("/deploymentTarget/name"),
           fmt::format("FlinkSessionJob '{}' runs on the FlinkDeployment '{}', which is not in "
                       "these files: its Flink version is not known without it",
                       document.entity.key.name, cluster)});
  }
}

}  // namespace stateferry::state::manifest
