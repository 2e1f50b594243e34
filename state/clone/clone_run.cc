#include "state/clone/clone_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "state/catalog/project_storage.h"
#include "state/clone/item_maker.h"
#include "state/workflow/catalog_actions.h"
#include "state/workflow/stop_request.h"

namespace stateferry::state::clone {

namespace {

/// The storage of a project with the options that its workspace gives for it.
Result<void> GiveStorage(const std::string& project, catalog::Catalog& catalog,
                         storage::Places& places) {
  const std::string workspace = project.substr(0, project.find('/'));
  SF_TRY(const auto record, catalog::Get(catalog, "", {"workspace", workspace}));
  SF_TRY(const auto root, catalog::ProjectRoot(record.entity, project));
  places.Give(root);
  return {};
}

workflow::OnFailure OnFailureOf(OnError on_error) {
  switch (on_error) {
    case OnError::kContinue: return workflow::OnFailure::kContinue;
    case OnError::kStop: return workflow::OnFailure::kStop;
    case OnError::kStateless: return workflow::OnFailure::kDropState;
  }
  return workflow::OnFailure::kContinue;
}

/// Checks a run that is recorded as being checked, and adds its items.  Not ok: the record is gone.
Result<ClonePlan> CheckRun(workflow::Run& run, const CloneRequest& request, const PlanEnv& env,
                           workflow::RunStore& store) {
  auto plan = PlanClone(request, env);
  if (!plan || !plan->ok()) {
    SF_TRY(store.Remove(run.id));
    return plan;
  }
  for (std::size_t i = 0; i < plan->items.size(); ++i) plan->items[i].index = i;
  SF_TRY(store.AddItems(run.id, plan->items));
  run.status = workflow::RunStatus::kPending;
  run.updated = FormatTime(env.clock.Now());
  run.items = plan->items.size();
  run.excluded = plan->excluded;
  for (const workflow::Finding& finding : plan->findings)
    if (finding.severity == workflow::Finding::Severity::kWarning) run.warnings.push_back(finding);
  SF_TRY(store.PutRun(run));
  return plan;
}

}  // namespace

std::string NewCloneId(const Clock& clock, std::uint32_t random) {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock.Now());
  return fmt::format("clone-{:%Y%m%d-%H%M%S}-{:08x}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(now)), random);
}

Result<StartedClone> StartClone(const CloneRequest& request, const std::string& id,
                                const PlanEnv& env, workflow::RunStore& store) {
  StartedClone started;
  workflow::Run run{.id = id,
                    .kind = "clone",
                    .status = workflow::RunStatus::kChecking,
                    .source = request.source,
                    .target = request.target,
                    .account = request.account,
                    .request = ToJson(request),
                    .created = FormatTime(env.clock.Now())};
  run.updated = run.created;
  SF_TRY(store.PutRun(run));
  // One that is not there is found by the check.
  for (const std::string& project : {request.source, request.target})
    (void)GiveStorage(project, env.catalog, env.places);
  SF_TRY(started.plan, CheckRun(run, request, env, store));
  if (started.plan.ok()) started.run = std::move(run);
  return started;
}

Result<workflow::Run> RunClone(const RunCloneOptions& options, const RunCloneEnv& env) {
  SF_TRY(auto run, workflow::GetRun(env.store, options.id));
  if (workflow::IsTerminal(run.status)) return run;
  SF_TRY(const CloneRequest request, CloneRequestFromJson(run.request));
  for (const std::string& project : {request.source, request.target})
    SF_TRY(GiveStorage(project, env.catalog, env.transfer.places));
  if (run.status == workflow::RunStatus::kChecking) {
    // Some of the items may have been added.
    SF_TRY(env.store.Remove(run.id));
    SF_TRY(env.store.PutRun(run));
    const PlanEnv plan_env{env.catalog, env.transfer.places, env.transfer.clock, env.transfer.stop};
    SF_TRY(const ClonePlan plan, CheckRun(run, request, plan_env, env.store));
    SF_TRY(workflow::FirstError(plan.findings));
  }
  workflow::CatalogActions actions({.run_id = run.id,
                                    .target = run.target,
                                    .command = options.command,
                                    .transfer = options.transfer,
                                    .clear_restore_point = &ClearRestorePoint},
                                   env.catalog, env.transfer);
  const auto stop_requested = [&] {
    return workflow::StopRequested(env.io, options.home_dir, options.id);
  };
  SF_TRY(auto ended, workflow::RunItems(run.id, {.on_failure = OnFailureOf(request.on_error)},
                                        {env.store, actions, env.transfer.clock, env.sink,
                                         stop_requested, env.transfer.stop}));
  SF_TRY(workflow::ForgetStopRequest(env.io, options.home_dir, options.id));
  return ended;
}

}  // namespace stateferry::state::clone
