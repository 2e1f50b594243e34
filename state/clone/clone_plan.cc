#include "state/clone/clone_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unordered_set>

#include "state/catalog/project_storage.h"
#include "state/clone/item_maker.h"
#include "state/clone/new_names.h"
#include "state/clone/restore_points.h"
#include "state/clone/rights.h"
#include "state/clone/storage_access.h"
#include "state/clone/text_warnings.h"

namespace stateferry::state::clone {

namespace {

class Planner {
 public:
  Planner(const CloneRequest& request, const PlanEnv& env) : request_(request), env_(env) {}

  Result<ClonePlan> Plan() {
    CheckChoices(request_, env_.clock.Now(), findings_);
    SF_TRY(auto space, CheckSpace(request_, env_.catalog, findings_));
    if (space) {
      space_ = *std::move(space);
      // What entities name in these buckets has no options.
      for (const Side* side : {&space_.source, &space_.target}) env_.places.Give(side->root);
      SF_TRY(CheckRights(request_, space_.target, env_.catalog, findings_));
      SF_TRY(readable_, ProbeSourceBucket(request_, space_, env_.places, findings_));
      SF_TRY(ReadProjects());
      SF_TRY(PlanItems());
    }
    if (findings_.has_errors()) plan_ = {};
    plan_.excluded = std::move(contents_.excluded);
    plan_.findings = std::move(findings_).Take();
    return std::move(plan_);
  }

 private:
  Result<void> ReadProjects() {
    SF_TRY(contents_, ReadProject(env_.catalog, request_.source));
    SF_TRY(taken_, ReadTakenNames(env_.catalog, request_.target));
    const workflow::Finding no_way_back = NoWayBack(request_.target);
    findings_.Warn(no_way_back.rule, no_way_back.message, no_way_back.hint);
    if (!taken_.clones.empty())
      findings_.Warn("C-20",
                     fmt::format("an earlier clone into '{}' has left entities there ({}); cloning "
                                 "again makes duplicates under new names",
                                 request_.target, fmt::join(taken_.clones, ", ")),
                     "delete what the earlier clone made, or choose an empty project");
    if (request_.label == "backup" && taken_.cloned_kinds > 0)
      findings_.Warn("C-52",
                     fmt::format("the target '{}' of a backup is not empty: entities there: {}",
                                 request_.target, taken_.cloned_kinds),
                     "make a project for each backup, named by its date");
    for (const auto& key : contents_.half_made)
      findings_.Warn("C-19",
                     fmt::format("{} '{}' of the source is left over from a clone that did not "
                                 "finish it, and is not cloned",
                                 key.kind, key.name),
                     "delete it, or resume that clone", key);
    return {};
  }

  /// The files at both sides; nothing when one of them cannot be listed.
  Result<std::optional<FileSizes>> ListFiles(std::string_view name, const Side& side) {
    auto files = FileSizes::Read(env_.places, catalog::FilesRoot(side.root), env_.stop);
    if (files) return std::optional(*std::move(files));
    const ErrorCode code = files.error().code();
    const bool denied = code == ErrorCode::kPermission;
    if (!denied && code != ErrorCode::kNotFound) return files.error();
    findings_.Error(denied ? "C-21" : "C-34", denied ? "storage_access" : "not_found",
                    fmt::format("the storage of the {} workspace '{}' cannot be listed: {}", name,
                                side.workspace.key.name, files.error().message()),
                    denied ? "give the account of that place the right to list and read"
                           : "create the storage first (`stateferry store init`)");
    return std::optional<FileSizes>();
  }

  Result<void> PlanItems() {
    const JobHistory history(contents_);
    const ProjectFiles files(space_, contents_);
    const auto leaves_alone = [&](const entities::Entity& entity) {
      return request_.running == RunningStrategy::kSkip && entity.key.kind == "deployment" &&
             IsStreaming(entity) && history.IsRunning(entity.key.name);
    };
    auto selected = Select(request_.selection, contents_, files, leaves_alone, findings_);
    plan_.dependencies = std::move(selected.dependencies);
    if (!readable_) return {};
    SF_TRY(auto source_files, ListFiles("source", space_.source));
    SF_TRY(const auto target_files, ListFiles("target", space_.target));
    if (!source_files || !target_files) return {};
    target_files->AddTo(taken_);
    const auto catalogs = taken_.by_kind["catalog"];  // before the clone adds its own
    NameGiver giver(taken_);
    const auto names = GiveNames(KeysOf(selected.chosen), request_.name_template, env_.clock.Now(),
                                 giver, findings_);
    const FileNames file_names(FilesOf(selected.chosen), names, giver, findings_);
    const ItemContext context{space_, names, file_names, *source_files, findings_};
    ItemMaker maker(context);
    for (std::size_t i = 0; i < contents_.entities.size(); ++i) {
      if (env_.stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
      const Chosen& chosen = selected.chosen[i];
      if (!chosen.in) continue;
      SF_TRY(AddItem(contents_.entities[i], chosen, maker));
      if (!chosen.left_running)
        WarnOfMentions(contents_.entities[i], chosen, names, catalogs, findings_);
    }
    NoteMovedFiles(file_names);
    if (request_.state == StateStrategy::kStateless || findings_.has_errors()) return {};
    const RestorePointContext restore{request_, space_, contents_, giver, env_, findings_};
    SF_TRY(plan_.snapshots, SetRestorePoints(restore, plan_.items));
    return {};
  }

  /// Of everything that is made.
  std::vector<entities::EntityKey> KeysOf(const std::vector<Chosen>& chosen) const {
    std::vector<entities::EntityKey> keys;
    for (std::size_t i = 0; i < chosen.size(); ++i)
      if (chosen[i].in && !chosen[i].left_running) keys.push_back(contents_.entities[i].key);
    return keys;
  }
  static std::vector<ProjectFile> FilesOf(const std::vector<Chosen>& chosen) {
    std::vector<ProjectFile> files;
    for (const Chosen& one : chosen) files.insert(files.end(), one.files.begin(), one.files.end());
    return files;
  }

  Result<void> AddItem(const entities::Entity& entity, const Chosen& chosen, ItemMaker& maker) {
    workflow::Item item;
    if (chosen.left_running) {
      item = maker.Skipped(entity);
    } else {
      SF_TRY(item, maker.Make(entity, chosen));
      if (item.to.name != item.from.name) plan_.renames.push_back({item.from, item.to.name});
    }
    item.index = plan_.items.size();
    plan_.items.push_back(std::move(item));
    return {};
  }

  /// Files without an entity are in no list of renamed entities.
  void NoteMovedFiles(const FileNames& names) {
    for (const ProjectFile& file : names.others()) {
      const std::string& name = names.Of(file);
      if (name == file.key.name) continue;
      findings_.Warn("C-26",
                     fmt::format("the target, or the clone, has another file '{}': that of {} is "
                                 "called '{}', and the jobs of the clone use that",
                                 file.key.name, file.location.ToString(), name),
                     "", file.key);
    }
  }

  const CloneRequest& request_;
  const PlanEnv& env_;
  workflow::Findings findings_;
  Space space_;
  bool readable_ = true;  // the source's bucket
  ProjectContents contents_;
  TakenNames taken_;
  ClonePlan plan_;
};

}  // namespace

workflow::Finding NoWayBack(const std::string& target) {
  return {
      .severity = workflow::Finding::Severity::kWarning,
      .rule = "C-18",
      .message = fmt::format(
          "a clone cannot be undone: what it makes in '{}' stays, also when it is stopped", target),
      .hint = "delete what was made by hand; `clone show --created` lists it"};
}

Result<ClonePlan> PlanClone(const CloneRequest& request, const PlanEnv& env) {
  return Planner(request, env).Plan();
}

}  // namespace stateferry::state::clone
