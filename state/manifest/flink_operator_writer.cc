#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "state/entities/kinds.h"
#include "state/manifest/command_words.h"
#include "state/manifest/export_restore_points.h"
#include "state/manifest/flink_operator.h"
#include "state/manifest/flink_operator_fields.h"
#include "state/manifest/kubernetes_names.h"
#include "state/manifest/memory_text.h"
#include "state/manifest/yaml_writer.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::manifest {

namespace {

using entities::Entity;
using entities::EntityKey;

bool IsInManagedStorage(std::string_view place) {
  return place.starts_with("managed:") || place.starts_with("managed+");
}

/// One export; its parts share names and remarks.
class Writer {
 public:
  Writer(std::span<const Document> documents, const FlinkOperatorOptions& options)
      : options_(options),
        entities_(Sorted(documents, options.map)),
        others_(Sorted(options.others, options.map)) {
    for (const auto* entities : {&entities_, &others_})
      for (const Entity& entity : *entities) project_.emplace(entity.key, &entity);
    std::vector<const Entity*> all;
    for (const auto& [key, entity] : project_) {
      all.push_back(entity);
      if (key.kind == "job") have_run_.insert(TextField(entity->body, "deployment"));
    }
    restore_.emplace(all);
  }

  Exported Write() {
    std::vector<const Entity*> resources;
    for (const Entity& entity : entities_)
      if (const std::string why = Unfit(entity); !why.empty())
        LeaveOut(entity.key, why);
      else
        resources.push_back(&entity);
    for (const Entity* entity : resources) written_.insert(entity->key);
    std::erase_if(resources, [&](const Entity* entity) {
      if (entity->key.kind != "snapshot" || written_.contains(OwnerOf(*entity))) return false;
      written_.erase(entity->key);
      LeaveOut(entity->key, "its deployment is not in the export");
      return true;
    });
    GiveNames(resources);
    for (const Entity* entity : resources) {
      if (!out_.text.empty()) out_.text += "---\n";
      WriteYaml(entity->key.kind == "snapshot" ? Snapshot(*entity) : Deployment(*entity),
                out_.text);
      RemarkOnFields(*entity);
    }
    return std::move(out_);
  }

 private:
  static bool IsBefore(const Entity& a, const Entity& b) {
    return std::pair(entities::KindOrder(a.key.kind), std::string_view(a.key.name)) <
           std::pair(entities::KindOrder(b.key.kind), std::string_view(b.key.name));
  }

  static std::vector<Entity> Sorted(std::span<const Document> documents,
                                    const entities::PathMap& map) {
    std::vector<Entity> sorted;
    for (const Document& document : documents) sorted.push_back(document.entity);
    std::stable_sort(sorted.begin(), sorted.end(), IsBefore);
    for (Entity& entity : sorted)
      if (const auto* kind = entities::FindKind(entity.key.kind)) kind->Retarget(entity, map);
    return sorted;
  }

  void LeaveOut(const EntityKey& key, std::string why) {
    out_.left_out.push_back({key, std::move(why)});
  }
  void Remark(const EntityKey& key, std::string what) {
    out_.changed.push_back({key, std::move(what)});
  }

  const Entity* Find(const EntityKey& key) const {
    const auto it = project_.find(key);
    return it == project_.end() ? nullptr : it->second;
  }
  static EntityKey OwnerOf(const Entity& snapshot) {
    return {"deployment", TextField(snapshot.body, "deployment")};
  }
  static bool IsSessionJob(const Entity& entity) {
    return TextField(entity.body, "deploymentTarget/mode") == "SESSION";
  }
  static EntityKey ClusterOf(const Entity& session_job) {
    return {"session-cluster", TextField(session_job.body, "deploymentTarget/name")};
  }

  /// Why the form has no place for it; "" when it has one.
  std::string Unfit(const Entity& entity) const {
    const auto& [key, body] = entity;
    if (key.kind == "snapshot")
      return TextField(body, "status/state") == "COMPLETED" ? "" : "the snapshot is not completed";
    if (key.kind == "session-cluster" || key.kind == "deployment") {
      const std::string artifact = TextField(body, "artifact/kind");
      if (key.kind == "deployment" && artifact != "JAR")
        return fmt::format("the operator runs jars; this is a {} deployment", artifact);
      if (!IsSessionJob(entity) && FlinkVersion(TextField(body, "engineVersion")).empty())
        return fmt::format("its engine '{}' names no Flink version",
                           TextField(body, "engineVersion"));
      return restore_->WhyNot(entity);
    }
    if (key.kind == "job") return "run state: everything is exported suspended";
    return fmt::format("the operator has no resource for a {}", key.kind);
  }

  /// A FlinkDeployment is what a cluster and a job both become: one set of names.
  void GiveNames(const std::vector<const Entity*>& resources) {
    std::vector<const Entity*> named;
    for (const auto* entities : {&entities_, &others_})
      for (const Entity& entity : *entities)
        if (Unfit(entity).empty()) named.push_back(&entity);
    std::sort(named.begin(), named.end(),
              [](const Entity* a, const Entity* b) { return IsBefore(*a, *b); });
    // Names that may stay come before those that must give way.
    for (const Entity* entity : named)
      if (KubernetesName(entity->key.name, {}) == entity->key.name) NameOf(entity->key);
    for (const Entity* entity : named) NameOf(entity->key);
    for (const Entity* entity : resources)
      if (const std::string name = NameOf(entity->key); name != entity->key.name)
        Remark(entity->key, fmt::format("is called '{}' in Kubernetes", name));
  }

  /// The name in Kubernetes; the first call for an entity settles it.
  std::string NameOf(const EntityKey& key) {
    if (const auto it = names_.find(key); it != names_.end()) return it->second;
    const bool snapshot = key.kind == "snapshot";
    const std::string name = KubernetesName(key.name, taken_[snapshot]);
    taken_[snapshot].insert(name);
    if (const Entity* const entity = Find(key);
        entity != nullptr && !snapshot && ResourceKind(*entity) == kBlueGreenDeployment)
      for (const std::string_view suffix : kBlueGreenSuffixes)
        taken_[snapshot].insert(name + std::string(suffix));
    return names_[key] = name;
  }

  Json Header(std::string_view kind, const EntityKey& key) {
    Json resource = {
        {"apiVersion", kOperatorVersion}, {"kind", kind}, {"metadata", {{"name", NameOf(key)}}}};
    if (!options_.kubernetes_namespace.empty())
      resource["metadata"]["namespace"] = options_.kubernetes_namespace;
    return resource;
  }

  /// Everything that the resource said when it was imported and the body does not say.
  static void AddRest(const Entity& entity, Json& resource) {
    const auto rest = entity.body.find(std::string(kKubernetesField));
    if (rest == entity.body.end() || !rest->is_object()) return;
    const Json header = resource;
    Overlay(resource, *rest);
    Overlay(resource, header);
    DropServerFields(resource);
  }

  /// Of a job or cluster; a session job has that of its cluster.
  std::string FlinkVersionOf(const Entity& entity) const {
    const Entity* const cluster = IsSessionJob(entity) ? Find(ClusterOf(entity)) : nullptr;
    return FlinkVersion(TextField((cluster != nullptr ? *cluster : entity).body, "engineVersion"));
  }

  Json Deployment(const Entity& entity) {
    const bool job = entity.key.kind == "deployment";
    const std::string kind = ResourceKind(entity);
    Json resource = Header(kind, entity.key);
    if (TextField(entity.body, "restoreStrategy/kind") == "NONE")
      resource["metadata"]["annotations"][std::string(kRestoreAnnotation)] = "NONE";
    PutField(resource, SpecPath(kind), Json::object());
    AddRest(entity, resource);
    PutFields(OperatorFields(kind, job), entity.body, resource);
    Json& spec = Spec(resource, kind);
    if (kind == kFlinkSessionJob) {
      spec["deploymentName"] = NameOf(ClusterOf(entity));
      RemarkOnCluster(entity);
    } else {
      spec["flinkVersion"] = FlinkVersionOf(entity);
      AddMachines(spec);
    }
    SetConfiguration(spec, FlinkVersionOf(entity));
    RemarkOnDirectories(entity.key, spec);
    if (job) SetJob(entity, spec);
    spec.erase("restartNonce");
    ArrangeSpec(spec);
    if (auto labels = resource["metadata"].find("labels"); labels != resource["metadata"].end())
      SetTexts(*labels);
    return resource;
  }

  void RemarkOnCluster(const Entity& session_job) {
    const EntityKey cluster = ClusterOf(session_job);
    if (written_.contains(cluster)) return;
    Remark(session_job.key,
           fmt::format(
               "{}: make sure that FlinkDeployment '{}' is there before it",
               Find(cluster) != nullptr
                   ? fmt::format("its session cluster '{}' is not in this export", cluster.name)
                   : fmt::format("the project has no session cluster '{}'", cluster.name),
               NameOf(cluster)));
  }

  /// What was imported and what was made here look alike.
  static void ArrangeSpec(Json& spec) {
    static constexpr std::string_view kSpec[] = {
        "flinkVersion", "deploymentName",    "job", "serviceAccount", "jobManager",
        "taskManager",  "flinkConfiguration"};
    static constexpr std::string_view kJob[] = {
        "jarURI", "entryClass", "args", "parallelism", "state", "initialSavepointPath"};
    Arrange(spec, kSpec);
    if (spec.contains("job")) Arrange(spec["job"], kJob);
  }

  static Json& Spec(Json& resource, std::string_view kind) {
    Json& spec = resource["spec"];
    return kind == kBlueGreenDeployment ? spec["template"]["spec"] : spec;
  }

  /// What the operator wants of every cluster.
  static void AddMachines(Json& spec) {
    if (!spec.contains("serviceAccount")) spec["serviceAccount"] = "flink";
    for (const char* machine : {"jobManager", "taskManager"}) {
      Json& settings = spec[machine];
      if (!settings.is_object()) settings = Json::object();
      Json& resource = settings["resource"];
      if (!resource.is_object()) resource = {{"cpu", 1}, {"memory", "2048m"}};
      if (resource.contains("memory")) resource["memory"] = MemoryText(resource["memory"]);
    }
  }

  /// The schemas of older operators take text only.
  static void SetTexts(Json& map) {
    if (!map.is_object()) return;
    for (auto& [key, value] : map.items())
      if (!value.is_string()) value = value.is_null() ? "" : DumpJson(value);
  }

  void SetConfiguration(Json& spec, std::string_view flink_version) const {
    Json& configuration = spec["flinkConfiguration"];
    if (!configuration.is_object()) configuration = Json::object();
    SetTexts(configuration);
    if (!options_.claim_mode.empty()) {
      // The job's own CLAIM, by either name, would let Flink delete the files of the snapshot.
      for (const std::string_view option : {kOldClaimMode, kClaimMode})
        configuration.erase(std::string(option));
      configuration[std::string(ClaimModeOption(flink_version))] = options_.claim_mode;
    }
    if (configuration.empty()) spec.erase("flinkConfiguration");
  }

  void RemarkOnDirectories(const EntityKey& key, const Json& spec) {
    const auto configuration = spec.find("flinkConfiguration");
    if (configuration == spec.end()) return;
    for (const auto& [option, value] : configuration->items()) {
      const auto& text = value.get_ref<const std::string&>();
      if (IsInManagedStorage(text))
        Remark(key, fmt::format("Flink cannot write to '{}' ({}): export with --map to a directory "
                                "that it can reach",
                                text, option));
    }
  }

  void SetJob(const Entity& entity, Json& spec) {
    Json& job = spec["job"];
    if (!job.is_object()) job = Json::object();
    for (const char* nonce : {"savepointTriggerNonce", "checkpointTriggerNonce",
                              "autoscalerResetNonce", "savepointRedeployNonce"})
      job.erase(nonce);
    if (job.contains("args") && job["args"].is_string()) {
      Json words = Json::array();
      for (std::string& word : SplitWords(job["args"].get<std::string>()))
        words.push_back(std::move(word));
      job["args"] = std::move(words);
    }
    if (const auto* const parallelism = FindField(job, "parallelism");
        parallelism == nullptr || !parallelism->is_number_integer())
      job["parallelism"] = 1;
    job["state"] = "suspended";
    SetRestorePoint(entity, job);
    RemarkOnFiles(entity);
  }

  void SetRestorePoint(const Entity& entity, Json& job) {
    const std::string before = Moved(TextField(job, "initialSavepointPath"));
    const std::string strategy = TextField(entity.body, "restoreStrategy/kind");
    const bool anew = strategy == "NONE", named = strategy == "FROM_SAVEPOINT";
    if (before.empty() || anew)
      job.erase("initialSavepointPath");
    else
      job["initialSavepointPath"] = before;
    if (anew && !before.empty())
      Remark(entity.key,
             fmt::format("begins anew, no longer from the initialSavepointPath '{}'", before));
    // What it was told to begin from holds until it has run.
    if (!named && !before.empty() && !have_run_.contains(entity.key.name)) return;
    const Entity* const snapshot = restore_->Of(entity);
    if (snapshot == nullptr) return;
    const std::string path = TextField(snapshot->body, "savepointLocation");
    job["initialSavepointPath"] = path;
    if (!written_.contains(snapshot->key)) RemarkOnPlace(entity.key, path);
    if (!before.empty() && before != path && !named)
      Remark(entity.key, fmt::format("begins from its newest snapshot '{}', no longer from the "
                                     "initialSavepointPath '{}'",
                                     snapshot->key.name, before));
  }

  void RemarkOnPlace(const EntityKey& key, const std::string& path) {
    if (IsInManagedStorage(path))
      Remark(key, fmt::format("Flink cannot read '{}': relocate the snapshot to a bucket and "
                              "export with --map",
                              path));
  }

  std::string Moved(const std::string& place) const {
    const auto location = storage::ParseLocation(place);
    if (place.find(':') == std::string::npos || !location) return place;
    const storage::Location moved = snapshot::ApplyMap(options_.map, *location);
    return moved == *location && location->options.empty() ? place : moved.ToString();
  }

  void RemarkOnFiles(const Entity& entity) {
    const std::string jar = TextField(entity.body, "artifact/jarUri");
    if (jar.find(':') == std::string::npos)
      Remark(entity.key,
             fmt::format("its jar '{}' is a path in the project's storage: put it where "
                         "Flink finds it and write its URI into jarURI",
                         jar));
    else if (IsInManagedStorage(jar))
      Remark(entity.key, fmt::format("Flink cannot read '{}': copy the jar to a bucket or into the "
                                     "image and write its URI into jarURI",
                                     jar));
    if (const Json* more = FindField(entity.body, "artifact/additionalDependencies");
        more != nullptr && more->is_array() && !more->empty())
      Remark(entity.key, fmt::format("its {} additional dependencies have no field: put them into "
                                     "the image",
                                     more->size()));
  }

  Json Snapshot(const Entity& entity) {
    Json resource = Header(kFlinkStateSnapshot, entity.key);
    const std::string path = TextField(entity.body, "savepointLocation");
    const Json* const native = FindField(entity.body, "nativeFormat");
    const bool known = native != nullptr && native->is_boolean();
    // The server says itself when the resource was made; the snapshot is older.
    if (const std::string created = TextField(entity.body, "createdAt"); !created.empty())
      resource["metadata"]["annotations"][std::string(kCreatedAtAnnotation)] = created;
    resource["spec"] = {{"savepoint",
                         {{"path", path},
                          {"formatType", !known                ? "UNKNOWN"
                                         : native->get<bool>() ? "NATIVE"
                                                               : "CANONICAL"},
                          {"alreadyExists", true},
                          // The default would delete the files together with the resource.
                          {"disposeOnDelete", false}}},
                        {"jobReference", JobReference(*Find(OwnerOf(entity)))}};
    AddRest(entity, resource);
    // It was one where it was made; here it is a path.
    TakeField(resource, "spec/checkpoint");
    RemarkOnPlace(entity.key, path);
    return resource;
  }

  /// The operator knows snapshots of these two kinds only.
  Json JobReference(const Entity& owner) {
    const std::string kind = ResourceKind(owner);
    std::string name = NameOf(owner.key);
    if (kind == kBlueGreenDeployment) name += kBlueGreenSuffixes[0];
    return {{"kind", kind == kFlinkSessionJob ? kFlinkSessionJob : kFlinkDeployment},
            {"name", name}};
  }

  /// What a body says and the resource does not.
  void RemarkOnFields(const Entity& entity) {
    Entity said = entity;
    if (const auto* kind = entities::FindKind(entity.key.kind)) kind->DropNotCloned(said);
    if (const auto names = OtherFields(std::move(said.body), SaidByOperator(entity));
        !names.empty())
      Remark(entity.key, fmt::format("the form has no place for {}", fmt::join(names, ", ")));
  }

  const FlinkOperatorOptions& options_;
  const std::vector<Entity> entities_, others_;
  std::map<EntityKey, const Entity*> project_;  ///< both
  std::optional<ExportRestorePoints> restore_;
  std::set<std::string> have_run_;  ///< deployments
  std::set<EntityKey> written_;
  std::map<EntityKey, std::string> names_;
  std::set<std::string> taken_[2];  ///< of deployments, of snapshots
  Exported out_;
};

}  // namespace

Exported WriteFlinkOperator(std::span<const Document> documents,
                            const FlinkOperatorOptions& options) {
  return Writer(documents, options).Write();
}

}  // namespace stateferry::state::manifest
