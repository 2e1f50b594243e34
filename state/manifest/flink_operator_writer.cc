#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/hash.h"
#include "state/entities/kinds.h"
#include "state/manifest/command_words.h"
#include "state/manifest/flink_operator.h"
#include "state/manifest/flink_operator_fields.h"
#include "state/manifest/kubernetes_names.h"
#include "state/manifest/memory_text.h"
#include "state/manifest/yaml_writer.h"

namespace stateferry::state::manifest {

namespace {

using entities::Entity;
using entities::EntityKey;

/// One export; its parts share names and remarks.
class Writer {
 public:
  Writer(std::span<const Document> documents, const FlinkOperatorOptions& options)
      : options_(options) {
    for (const Document& document : documents) entities_.push_back(document.entity);
    std::stable_sort(entities_.begin(), entities_.end(), [](const Entity& a, const Entity& b) {
      return std::pair(entities::KindOrder(a.key.kind), std::string_view(a.key.name)) <
             std::pair(entities::KindOrder(b.key.kind), std::string_view(b.key.name));
    });
    for (Entity& entity : entities_)
      if (const auto* kind = entities::FindKind(entity.key.kind))
        kind->Retarget(entity, options.map);
  }

  Exported Write() {
    PickRestorePoints();
    // A FlinkDeployment is what a cluster and a job both become: one set of names.
    for (const Entity& entity : entities_)
      if (const std::string why = Unfit(entity); !why.empty())
        LeaveOut(entity.key, why);
      else
        resources_.push_back(&entity);
    // Names that may stay come before those that must give way.
    for (const Entity* entity : resources_)
      if (KubernetesName(entity->key.name, {}) == entity->key.name) NameOf(entity->key);
    for (const Entity* entity : resources_) NameOf(entity->key);
    for (const Entity* entity : resources_) {
      if (!out_.text.empty()) out_.text += "---\n";
      WriteYaml(entity->key.kind == "snapshot" ? Snapshot(*entity) : Deployment(*entity),
                out_.text);
    }
    return std::move(out_);
  }

 private:
  void LeaveOut(const EntityKey& key, std::string why) {
    out_.left_out.push_back({key, std::move(why)});
  }
  void Remark(const EntityKey& key, std::string what) {
    out_.changed.push_back({key, std::move(what)});
  }

  /// Why the form has no place for it; "" when it has one.
  std::string Unfit(const Entity& entity) const {
    const auto& [key, body] = entity;
    if (key.kind == "snapshot") {
      if (TextField(body, "status/state") != "COMPLETED") return "the snapshot is not completed";
      return OwnerIsWritten(entity) ? "" : "its deployment is not in the export";
    }
    if (key.kind == "session-cluster" || key.kind == "deployment") {
      const std::string artifact = TextField(body, "artifact/kind");
      if (key.kind == "deployment" && artifact != "JAR")
        return fmt::format("the operator runs jars; this is a {} deployment", artifact);
      if (TextField(body, "deploymentTarget/mode") != "SESSION" &&
          FlinkVersion(TextField(body, "engineVersion")).empty())
        return fmt::format("its engine '{}' names no Flink version",
                           TextField(body, "engineVersion"));
      return "";
    }
    if (key.kind == "job") return "run state: everything is exported suspended";
    return fmt::format("the operator has no resource for a {}", key.kind);
  }

  bool OwnerIsWritten(const Entity& snapshot) const {
    const EntityKey owner{"deployment", TextField(snapshot.body, "deployment")};
    return std::any_of(entities_.begin(), entities_.end(), [&](const Entity& entity) {
      return entity.key == owner && Unfit(entity).empty();
    });
  }

  /// Of each deployment the snapshot that its restore strategy names, else its newest.
  void PickRestorePoints() {
    std::map<std::string, const Entity*> named;
    for (const Entity& entity : entities_) {
      if (entity.key.kind != "snapshot" || TextField(entity.body, "status/state") != "COMPLETED")
        continue;
      named[entity.key.name] = &entity;
      const Entity*& newest = restore_[TextField(entity.body, "deployment")];
      if (newest == nullptr ||
          TextField(newest->body, "createdAt") < TextField(entity.body, "createdAt"))
        newest = &entity;
    }
    for (const Entity& entity : entities_) {
      if (entity.key.kind != "deployment") continue;
      const std::string strategy = TextField(entity.body, "restoreStrategy/kind");
      if (strategy == "NONE") restore_.erase(entity.key.name);
      if (strategy != "FROM_SAVEPOINT") continue;
      const auto it = named.find(TextField(entity.body, "restoreStrategy/savepointId"));
      if (it != named.end()) restore_[entity.key.name] = it->second;
    }
  }

  /// The name in Kubernetes; the first call for an entity settles it.
  std::string NameOf(const EntityKey& key) {
    if (const auto it = names_.find(key); it != names_.end()) return it->second;
    const bool snapshot = key.kind == "snapshot";
    const std::string name = KubernetesName(key.name, taken_[snapshot]);
    taken_[snapshot].insert(name);
    names_[key] = name;
    if (name != key.name) Remark(key, fmt::format("is called '{}' in Kubernetes", name));
    return name;
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
    resource.merge_patch(*rest);
    resource.merge_patch(header);
    DropServerFields(resource);
  }

  Json Deployment(const Entity& entity) {
    const bool job = entity.key.kind == "deployment";
    const bool session = TextField(entity.body, "deploymentTarget/mode") == "SESSION";
    const std::string rest_kind = TextField(entity.body, "kubernetes/kind");
    const std::string kind(job && session                      ? kFlinkSessionJob
                           : rest_kind == kBlueGreenDeployment ? kBlueGreenDeployment
                                                               : kFlinkDeployment);
    Json resource = Header(kind, entity.key);
    PutField(resource, SpecPath(kind), Json::object());
    AddRest(entity, resource);
    PutFields(OperatorFields(kind, job), entity.body, resource);
    Json& spec = Spec(resource, kind);
    if (kind == kFlinkSessionJob) {
      spec.erase("flinkVersion");
      spec.erase("jobManager");
      spec.erase("taskManager");
      spec["deploymentName"] =
          NameOf({"session-cluster", TextField(entity.body, "deploymentTarget/name")});
    } else {
      spec["flinkVersion"] = FlinkVersion(TextField(entity.body, "engineVersion"));
      AddMachines(spec);
    }
    SetConfiguration(spec);
    if (job) SetJob(entity, spec);
    spec.erase("restartNonce");
    if (auto labels = resource["metadata"].find("labels"); labels != resource["metadata"].end())
      SetTexts(*labels);
    return resource;
  }

  static Json& Spec(Json& resource, std::string_view kind) {
    Json& spec = resource["spec"];
    return kind == kBlueGreenDeployment ? spec["template"]["spec"] : spec;
  }

  /// What the operator wants of every cluster.
  static void AddMachines(Json& spec) {
    if (!spec.contains("serviceAccount")) spec["serviceAccount"] = "flink";
    for (const char* machine : {"jobManager", "taskManager"}) {
      Json& resource = spec[machine]["resource"];
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

  void SetConfiguration(Json& spec) const {
    Json& configuration = spec["flinkConfiguration"];
    if (!configuration.is_object()) configuration = Json::object();
    SetTexts(configuration);
    if (!options_.claim_mode.empty())
      configuration["execution.state-recovery.claim-mode"] = options_.claim_mode;
    if (configuration.empty()) spec.erase("flinkConfiguration");
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
    if (const auto it = restore_.find(entity.key.name); it != restore_.end())
      job["initialSavepointPath"] = TextField(it->second->body, "savepointLocation");
    else if (TextField(entity.body, "restoreStrategy/kind") == "NONE")
      job.erase("initialSavepointPath");
    RemarkOnFiles(entity);
  }

  void RemarkOnFiles(const Entity& entity) {
    const std::string jar = TextField(entity.body, "artifact/jarUri");
    if (jar.find(':') == std::string::npos)
      Remark(entity.key,
             fmt::format("its jar '{}' is a path in the project's storage: put it where "
                         "Flink finds it and write its URI into jarURI",
                         jar));
    else if (jar.starts_with("managed"))
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
    const EntityKey owner{"deployment", TextField(entity.body, "deployment")};
    const bool session = std::any_of(entities_.begin(), entities_.end(), [&](const Entity& each) {
      return each.key == owner && TextField(each.body, "deploymentTarget/mode") == "SESSION";
    });
    // The server says itself when the resource was made; the snapshot is older.
    if (const std::string created = TextField(entity.body, "createdAt"); !created.empty())
      resource["metadata"]["annotations"][std::string(kCreatedAtAnnotation)] = created;
    resource["spec"] = {
        {"savepoint",
         {{"path", path},
          {"formatType", !known                ? "UNKNOWN"
                         : native->get<bool>() ? "NATIVE"
                                               : "CANONICAL"},
          {"alreadyExists", true},
          // The default would delete the files together with the resource.
          {"disposeOnDelete", false}}},
        {"jobReference",
         {{"kind", session ? kFlinkSessionJob : kFlinkDeployment}, {"name", NameOf(owner)}}}};
    if (path.starts_with("managed"))
      Remark(entity.key,
             fmt::format("Flink cannot read '{}': relocate the snapshot to a bucket and "
                         "export with --map",
                         path));
    return resource;
  }

  const FlinkOperatorOptions& options_;
  std::vector<Entity> entities_;
  std::vector<const Entity*> resources_;
  std::map<std::string, const Entity*> restore_;  ///< by the name of the deployment
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
