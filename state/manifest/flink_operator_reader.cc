#include <fmt/format.h>

#include <map>
#include <set>

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

/// Of one configuration; those of Flink have some 50 bytes each.
constexpr std::size_t kMaxKeyBytes = 1u << 20;

/// Maps in maps as one map with dots: newer operators take both ways of writing the configuration.
struct FlatConfiguration {
  Json values = Json::object();
  std::vector<std::string> twice = {}, empty = {};  ///< keys, and maps that hold none
  std::size_t keys = 0, key_bytes = 0;              ///< of all three

  bool has_too_many() const { return keys > kMaxYamlFields; }
  bool has_too_long() const { return key_bytes > kMaxKeyBytes; }

  void Add(const Json& value, const std::string& key) {
    const bool is_map = value.is_object();
    if (!is_map || (value.empty() && !key.empty())) {
      ++keys;
      key_bytes += key.size();
    } else if (key.size() > kMaxKeyBytes) {
      key_bytes = key.size();  // before it goes into those of all that is in the map
    }
    if (has_too_many() || has_too_long()) return;
    if (!is_map) {
      if (values.contains(key)) twice.push_back(key);
      values[key] = value;
      return;
    }
    if (value.empty() && !key.empty()) empty.push_back(key);
    for (const auto& [name, inner] : value.items()) {
      if (has_too_many() || has_too_long()) return;
      Add(inner, key.empty() ? name : key + '.' + name);
    }
  }
};

/// What the body does not say itself goes along below `kubernetes`.
void KeepRest(Json rest, const Resource& resource, Json& body) {
  DropServerFields(rest);
  for (const std::string_view field : {"apiVersion", "metadata/name", "metadata/namespace"})
    TakeField(rest, field);
  for (const std::string_view annotation : {kCreatedAtAnnotation, kRestoreAnnotation})
    TakeField(rest, fmt::format("metadata/annotations/{}", annotation));
  if (resource.kind != kBlueGreenDeployment) TakeField(rest, "kind");
  if (rest.contains("spec") && rest["spec"].empty()) rest.erase("spec");
  if (!rest.empty()) body[std::string(kKubernetesField)] = std::move(rest);
}

/// The run that the operator saw; of a resource without status the one that it is asked for: a
/// manifest that is kept in git says by `state` whether its job runs.
void AddRun(const Resource& resource, Manifest& manifest) {
  const Json& value = resource.yaml.value;
  const bool blue_green = resource.kind == kBlueGreenDeployment;
  std::string place = "status/jobStatus/state";
  std::string state = JobStatus(TextField(value, place));
  if (const Json* const status = FindField(value, "status");
      status == nullptr || status->is_null() || status->empty()) {
    place = SpecPath(resource.kind) + "/job/state";
    const Json* const wanted = FindField(value, place);
    // The operator's default is to run it.
    if (wanted == nullptr || *wanted == "running") state = "RUNNING";
  }
  if (state.empty()) return;
  std::string id = blue_green ? "" : TextField(value, "status/jobStatus/jobId");
  if (id.empty()) id = resource.name + "-job";
  const std::vector<FieldPair> pairs = {{place, "status/currentJobStatus"},
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

/// False when something is wrong, which is a problem then.
bool ReadConfiguration(const Resource& resource, Json& body, Manifest& manifest) {
  const Json* const configured = FindField(body, "flinkConf");
  if (configured == nullptr || !configured->is_object()) return true;
  FlatConfiguration flat;
  flat.Add(*configured, "");
  const std::string path = '/' + SpecPath(resource.kind) + "/flinkConfiguration";
  for (const std::string& key : flat.twice)
    manifest.Complain(resource.Where(path + '/' + key),
                      fmt::format("{}: 'flinkConfiguration' says '{}' twice, once with dots and "
                                  "once as maps",
                                  resource.Label(), Clipped(key)));
  for (const std::string& key : flat.empty)
    manifest.LeaveOut(resource.Where(path),
                      fmt::format("{}: '{}' of 'flinkConfiguration' is an empty map, which "
                                  "says nothing",
                                  resource.Label(), Clipped(key)));
  if (flat.has_too_long())
    manifest.Complain(resource.Where(path),
                      fmt::format("{}: the keys of 'flinkConfiguration' are longer than {} KiB "
                                  "together",
                                  resource.Label(), kMaxKeyBytes >> 10));
  if (flat.has_too_many())
    manifest.Complain(resource.Where(path),
                      fmt::format("{}: 'flinkConfiguration' has more than {} keys",
                                  resource.Label(), kMaxYamlFields));
  body["flinkConf"] = std::move(flat.values);
  return flat.twice.empty() && !flat.has_too_many() && !flat.has_too_long();
}

/// What the operator has made of a blue-green deployment is no job of its own.
bool IsHalf(const Resource& resource, Manifest& manifest) {
  const Json* const owners = FindField(resource.yaml.value, "metadata/ownerReferences");
  if (owners == nullptr || !owners->is_array()) return false;
  for (const Json& owner : *owners) {
    if (TextField(owner, "kind") != kBlueGreenDeployment) continue;
    manifest.LeaveOut(resource.Where(""),
                      fmt::format("{} is made by {} '{}'", resource.Label(), kBlueGreenDeployment,
                                  Clipped(TextField(owner, "name"))));
    return true;
  }
  return false;
}

/// Where the job begins, as far as this resource says it by itself; see NameRestorePoints.
void ReadStrategy(const Json& value, const std::string& spec, Json& body) {
  const bool anew =
      TextField(value, fmt::format("metadata/annotations/{}", kRestoreAnnotation)) == "NONE" &&
      TextField(value, spec + "/job/initialSavepointPath").empty();
  if (anew)
    PutField(body, "restoreStrategy/kind", "NONE");
  else if (FindField(body, "restoreStrategy") != nullptr)
    PutField(body, "restoreStrategy/kind", "LATEST_STATE");
}

void AddFlinkDeployment(const Resource& resource, Manifest& manifest) {
  if (IsHalf(resource, manifest)) return;
  Json rest = resource.yaml.value;
  const std::string spec = SpecPath(resource.kind);
  const Json* const job = FindField(rest, spec + "/job");
  const bool has_job = resource.kind != kFlinkDeployment || (job != nullptr && !job->is_null());
  const auto complain = [&](const std::string& path, std::string_view message) {
    manifest.Complain(resource.Where('/' + path), fmt::format("{}: {}", resource.Label(), message));
  };
  if (resource.kind != kFlinkSessionJob)
    for (const std::string_view machine : {"jobManager", "taskManager"})
      if (const Json* const settings = FindField(rest, fmt::format("{}/{}", spec, machine));
          settings != nullptr && !settings->is_null() && !settings->is_object())
        return complain(fmt::format("{}/{}", spec, machine),
                        fmt::format("'{}' must be a map", machine));
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
  if (!ReadConfiguration(resource, body, manifest)) return;
  if (has_job) ReadStrategy(resource.yaml.value, spec, body);
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
    manifest.LeaveOut(resource.Where(""), fmt::format("{} has no path yet ({})", resource.Label(),
                                                      state.empty() ? "new" : Clipped(state)));
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
    manifest.Complain(
        resource.Where(""),
        fmt::format("{} says nowhere when it was made: give it metadata.creationTimestamp",
                    resource.Label()));
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
    return manifest.Complain(
        resource.Where("/spec"),
        fmt::format("{} does not say whose it is: 'spec.jobReference.name' is missing",
                    resource.Label()));
  const std::string space = "spec/jobReference/namespace";
  CheckSpace(resource, '/' + space, TextField(value, space), manifest);
  Json rest = value;
  for (const std::string_view field :
       {"spec/savepoint/path", "spec/savepoint/alreadyExists", "spec/savepoint/disposeOnDelete",
        "spec/savepoint/formatType", "spec/jobReference/kind", "spec/jobReference/name",
        "spec/jobReference/namespace"})
    TakeField(rest, field);
  KeepRest(std::move(rest), resource, entity.body);
  const std::vector<FieldPair> pairs = {
      {"spec/jobReference/name", "deployment"}, {place, "savepointLocation"}, {when, "createdAt"}};
  AddEntity(resource, std::move(entity), pairs, kKubernetesField, manifest);
}

/// Deployments and blue-green ones among them, and which of them have run.
struct JobNames {
  std::set<std::string> all, blue_green, have_run;

  explicit JobNames(const Manifest& manifest) {
    for (const Document& document : manifest.documents) {
      const entities::Entity& entity = document.entity;
      if (entity.key.kind == "job") have_run.insert(TextField(entity.body, "deployment"));
      if (entity.key.kind != "deployment") continue;
      all.insert(entity.key.name);
      if (TextField(entity.body, "kubernetes/kind") == kBlueGreenDeployment)
        blue_green.insert(entity.key.name);
    }
  }
};

/// Snapshots are of one of the two halves of a blue-green deployment.
void FindWholes(Manifest& manifest, const JobNames& names) {
  for (Document& document : manifest.documents) {
    if (document.entity.key.kind != "snapshot") continue;
    Json& owner = document.entity.body["deployment"];
    const std::string half = owner.get<std::string>();
    for (const std::string_view suffix : kBlueGreenSuffixes)
      if (!names.all.contains(half) && half.ends_with(suffix))
        if (const std::string whole = half.substr(0, half.size() - suffix.size());
            names.blue_green.contains(whole))
          owner = whole;
  }
}

/// A job that has not run begins from the snapshot of its initialSavepointPath.  One that has run
/// has newer ones.
void NameRestorePoints(Manifest& manifest, const JobNames& names) {
  std::map<std::string, std::string> snapshots;  // by place
  for (const Document& document : manifest.documents)
    if (document.entity.key.kind == "snapshot" &&
        TextField(document.entity.body, "status/state") == "COMPLETED")
      snapshots[TextField(document.entity.body, "savepointLocation")] = document.entity.key.name;
  for (Document& document : manifest.documents) {
    const auto& [kind, name] = document.entity.key;
    Json& body = document.entity.body;
    if (kind != "deployment" || names.have_run.contains(name)) continue;
    const std::string field = fmt::format("{}/{}/job/initialSavepointPath", kKubernetesField,
                                          SpecPath(TextField(body, "kubernetes/kind")));
    const std::string place = TextField(body, field);
    if (place.empty()) continue;
    const auto snapshot = snapshots.find(place);
    if (snapshot == snapshots.end()) {
      manifest.NoteKept(document.at,
                        fmt::format("deployment '{}' begins from '{}', which is no snapshot of "
                                    "these files: its clone cannot take it along",
                                    Clipped(name), place));
      continue;
    }
    TakeField(body, field);
    PutField(body, "restoreStrategy/kind", "FROM_SAVEPOINT");
    PutField(body, "restoreStrategy/savepointId", snapshot->second);
  }
}

}  // namespace

void ReadFlinkOperator(std::string_view text, const std::string& file, Manifest& manifest) {
  const ResourceForm form{
      .api_version = kOperatorVersion,
      .kinds = {kFlinkDeployment, kBlueGreenDeployment, kFlinkSessionJob, kFlinkStateSnapshot}};
  for (const Resource& resource : ReadResources(text, file, form, manifest)) {
    if (manifest.IsFull()) break;
    if (resource.kind == kFlinkStateSnapshot)
      AddSnapshot(resource, manifest);
    else
      AddFlinkDeployment(resource, manifest);
  }
}

void FinishFlinkOperator(Manifest& manifest) {
  const JobNames names(manifest);
  FindWholes(manifest, names);
  NameRestorePoints(manifest, names);
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
      manifest.Complain(
          document.Where("/deploymentTarget/name"),
          fmt::format("FlinkSessionJob '{}' runs on the FlinkDeployment '{}', which is not in "
                      "these files: its Flink version is not known without it",
                      document.entity.key.name, cluster));
  }
}

}  // namespace stateferry::state::manifest
