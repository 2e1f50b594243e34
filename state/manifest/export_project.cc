#include "state/manifest/export_project.h"

#include <fmt/format.h>

#include <deque>
#include <map>

#include "state/clone/mentions.h"
#include "state/entities/kinds.h"

namespace stateferry::state::manifest {

namespace {

using Entities = std::map<entities::EntityKey, entities::Entity>;

Result<Entities> ReadEntities(catalog::Catalog& catalog, const std::string& project) {
  Entities found;
  SF_TRY(catalog.List(project, "", [&](const catalog::Record& record) -> Result<void> {
    if (record.phase == catalog::Phase::kReady) found.emplace(record.entity.key, record.entity);
    return {};
  }));
  return found;
}

/// Follows what jobs need, each once.
class Needs {
 public:
  Needs(const Entities& all, const clone::Space& space, const clone::ProjectContents& contents)
      : all_(all), files_(space, contents), finder_(contents, files_) {
    for (const auto& [key, entity] : all) {
      if (key.kind == "snapshot")
        snapshots_.emplace(JsonString(entity.body, "deployment").value_or(""), key);
      if (key.kind == "resource-file")
        elsewhere_.emplace(JsonString(entity.body, "uri").value_or(""), key);
    }
  }

  /// False when there is no such entity.
  bool Add(const entities::EntityKey& key) {
    const auto it = all_.find(key);
    if (it == all_.end()) return false;
    if (chosen_.emplace(key, it->second).second) queue_.push_back(&it->second);
    return true;
  }

  Entities Run() {
    for (; !queue_.empty(); queue_.pop_front()) Follow(*queue_.front());
    return std::move(chosen_);
  }

 private:
  void Follow(const entities::Entity& entity) {
    const auto& kind = *entities::FindKind(entity.key.kind);
    for (const auto& reference : kind.References(entity)) Add(reference.to);
    for (const auto& mention : finder_.Of(entity)) Add(mention.to);
    for (const auto& field : kind.Files(entity)) {
      if (const auto file = files_.Resolve(field.text)) Add(file->key);
      // A file of the project may lie outside of its storage.
      if (const auto it = elsewhere_.find(field.text); it != elsewhere_.end()) Add(it->second);
    }
    if (kind.name() != "deployment") return;
    const auto [first, last] = snapshots_.equal_range(entity.key.name);
    for (auto it = first; it != last; ++it) Add(it->second);
  }

  const Entities& all_;
  const clone::ProjectFiles files_;
  const clone::MentionFinder finder_;
  std::multimap<std::string, entities::EntityKey> snapshots_;  // by deployment
  std::map<std::string, entities::EntityKey> elsewhere_;       // resource files by their URI
  Entities chosen_;
  std::deque<const entities::Entity*> queue_;
};

Selection Split(const Entities& all, const std::function<bool(const entities::EntityKey&)>& takes) {
  Selection selection;
  for (const auto& [key, entity] : all)
    (takes(key) ? selection.chosen : selection.others).push_back({.entity = entity});
  return selection;
}

}  // namespace

Result<Selection> ExportProject(catalog::Catalog& catalog, const std::string& project,
                                const std::function<bool(const entities::EntityKey&)>& takes) {
  SF_TRY(const Entities all, ReadEntities(catalog, project));
  return Split(all, takes);
}

Result<Selection> ExportJobs(catalog::Catalog& catalog, const std::string& project,
                             const std::vector<std::string>& jobs) {
  workflow::Findings findings;
  SF_TRY(const auto side, clone::FindSide("project", project, catalog, findings));
  SF_TRY(workflow::FirstError(std::move(findings).Take()));
  SF_TRY(const Entities all, ReadEntities(catalog, project));
  SF_TRY(const auto contents, clone::ReadProject(catalog, project));
  const clone::Space space{*side, *side};
  Needs needs(all, space, contents);
  for (const std::string& job : jobs) {
    const bool deployed = needs.Add({"deployment", job}), drafted = needs.Add({"draft", job});
    if (!deployed && !drafted)
      return Error(
          ErrorCode::kNotFound,
          fmt::format("there is no deployment or draft '{}' in project '{}'", job, project));
  }
  const Entities needed = needs.Run();
  return Split(all, [&](const auto& key) { return needed.contains(key); });
}

}  // namespace stateferry::state::manifest
