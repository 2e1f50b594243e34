#include "state/clone/clone_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/task_group.h"
#include "state/catalog/project_storage.h"
#include "state/clone/item_maker.h"
#include "state/workflow/catalog_actions.h"
#include "state/workflow/stop_request.h"

namespace stateferry::state::clone {

namespace {

/// The storage of a project with the options that its workspace gives for it.
Result<void> GiveStorage(const std::string& project, catalog::Catalog& catalog,
                         storage::Places& places) {
  const std::string workspace = catalog::WorkspaceOf(project);
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

constexpr std::chrono::milliseconds kStopPoll{200};

/// Plans, unless somebody asks for a stop meanwhile: then `stopped` says so.
Result<ClonePlan> PlanUnlessStopped(const CloneRequest& request, const PlanEnv& env,
                                    const StopQuestion& stop_requested,
                                    std::atomic<bool>& stopped) {
  if (!stop_requested) return PlanClone(request, env);
  std::stop_source halt;
  const std::stop_callback on_stop(env.stop, [&] { halt.request_stop(); });
  const auto look = [&] {
    if (!stop_requested()) return false;
    stopped = true;
    halt.request_stop();
    return true;
  };
  if (look()) return Error(ErrorCode::kCancelled, "stopped on request");
  TaskGroup watching;
  watching.Start([&](std::stop_token over) -> Result<void> {
    while (env.clock.Sleep(kStopPoll, over))
      if (look()) break;
    return {};
  });
  return PlanClone(request, {env.catalog, env.places, env.clock, halt.get_token()});
}

Result<void> PutStatus(workflow::Run& run, workflow::RunStatus status, Clock& clock,
                       workflow::RunStore& store) {
  run.status = status;
  run.updated = FormatTime(clock.Now());
  if (workflow::IsTerminal(status)) run.ended = run.updated;
  return store.PutRun(run);
}

Result<std::vector<workflow::Finding>> WithoutErrors(const std::string& id,
                                                     workflow::RunStore& store) {
  SF_TRY(auto findings, store.Findings(id));
  std::erase_if(findings, [](const workflow::Finding& finding) {
    return finding.severity == workflow::Finding::Severity::kError;
  });
  return findings;
}

/// What the process before could not go on for is over.
Result<void> ForgetInterruption(const workflow::Run& run, workflow::RunStore& store) {
  SF_TRY(const auto findings, store.Findings(run.id));
  if (workflow::FirstError(findings)) return {};
  SF_TRY(const auto warnings, WithoutErrors(run.id, store));
  SF_TRY(store.PutFindings(run.id, warnings));
  return store.PutRun(run);
}

/// CheckClone and the items: what RunClone does between its records of why it ended.
Result<workflow::Run> GoOn(workflow::Run run, const RunCloneOptions& options,
                           const RunCloneEnv& env) {
  const auto stop_requested = [&] {
    return workflow::StopRequested(env.io, options.home_dir, options.id);
  };
  if (run.status == workflow::RunStatus::kChecking) {
    const PlanEnv plan_env{env.catalog, env.transfer.places, env.transfer.clock, env.transfer.stop};
    SF_TRY(CheckClone(run, plan_env, env.store, stop_requested));
  }
  if (workflow::IsTerminal(run.status)) return run;
  SF_TRY(const CloneRequest request, CloneRequestFromRecord(run.request));
  for (const std::string& project : {request.source, request.target})
    SF_TRY(GiveStorage(project, env.catalog, env.transfer.places));
  workflow::CatalogActions actions({.run_id = run.id,
                                    .target = run.target,
                                    .command = options.command,
                                    .transfer = options.transfer,
                                    .files_rule = "C-32",
                                    .state_rule = "C-38",
                                    .clear_restore_point = &ClearRestorePoint},
                                   env.catalog, env.transfer);
  return workflow::RunItems(
      run.id, {.on_failure = OnFailureOf(request.on_error)},
      {env.store, actions, env.transfer.clock, env.sink, stop_requested, env.transfer.stop});
}

}  // namespace

std::string NewCloneId(const Clock& clock, std::uint32_t random) {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock.Now());
  return fmt::format("clone-{:%Y%m%d-%H%M%S}-{:08x}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(now)), random);
}

Result<workflow::Run> RecordClone(const CloneRequest& request, const std::string& id,
                                  const Clock& clock, workflow::RunStore& store) {
  workflow::Run run{.id = id,
                    .kind = "clone",
                    .status = workflow::RunStatus::kChecking,
                    .source = request.source,
                    .target = request.target,
                    .account = request.account,
                    .request = ToJson(request),
                    .created = FormatTime(clock.Now())};
  run.updated = run.created;
  // One that cannot be read back could neither be checked nor ended.
  SF_TRY(CloneRequestFromRecord(run.request));
  SF_TRY(store.PutRun(run));
  return run;
}

Result<ClonePlan> CheckClone(workflow::Run& run, const PlanEnv& env, workflow::RunStore& store,
                             const StopQuestion& stop_requested) {
  SF_TRY(const CloneRequest request, CloneRequestFromRecord(run.request));
  // A process that was killed may have recorded some of what it found, and this one may be stopped.
  SF_TRY(store.RemoveItems(run.id));
  std::atomic<bool> stopped = false;
  auto plan = PlanUnlessStopped(request, env, stop_requested, stopped);
  if (stopped) {
    SF_TRY(PutStatus(run, workflow::RunStatus::kStopped, env.clock, store));
    return ClonePlan{};
  }
  if (!plan) return plan;
  SF_TRY(store.PutFindings(run.id, plan->findings));
  if (const auto ok = workflow::FirstError(plan->findings); !ok) {
    run.error = ok.error().message();
    SF_TRY(PutStatus(run, workflow::RunStatus::kFailed, env.clock, store));
    return plan;
  }
  for (std::size_t i = 0; i < plan->items.size(); ++i) plan->items[i].index = i;
  SF_TRY(store.AddItems(run.id, plan->items));
  run.items = plan->items.size();
  run.excluded = plan->excluded;
  SF_TRY(PutStatus(run, workflow::RunStatus::kPending, env.clock, store));
  return plan;
}

Result<StartedClone> StartClone(const CloneRequest& request, const std::string& id,
                                const PlanEnv& env, workflow::RunStore& store,
                                const StopQuestion& stop_requested) {
  StartedClone started;
  SF_TRY(started.run, RecordClone(request, id, env.clock, store));
  auto plan = CheckClone(started.run, env, store, stop_requested);
  if (!plan) {
    KeepInterruption(id, plan.error(), env.clock, store);
    return std::move(plan).error();
  }
  started.plan = *std::move(plan);
  if (started.run.status == workflow::RunStatus::kFailed) {
    SF_TRY(store.Remove(id));
    started.run = {};
  }
  return started;
}

void KeepInterruption(const std::string& id, const Error& error, const Clock& clock,
                      workflow::RunStore& store) {
  auto run = store.Find(id);
  if (!run || !*run || workflow::IsTerminal((*run)->status)) return;
  auto findings = WithoutErrors(id, store);
  if (!findings) return;
  // When repetitions are used up, that is what a caller can act on, whatever failed.
  const std::string category =
      error.retry() == Retry::kExhausted ? "transient" : workflow::CategoryOf(error);
  findings->insert(findings->begin(),
                   workflow::Finding{.severity = workflow::Finding::Severity::kError,
                                     .rule = error.rule(),
                                     .category = category,
                                     .code = workflow::CodeOfCategory(category),
                                     .message = error.message(),
                                     .hint = error.hint()});
  (*run)->updated = FormatTime(clock.Now());
  if (store.PutFindings(id, *findings)) (void)store.PutRun(**run);
}

Result<workflow::Run> RunClone(const RunCloneOptions& options, const RunCloneEnv& env) {
  SF_TRY(auto run, workflow::GetRun(env.store, options.id));
  if (!workflow::IsTerminal(run.status)) SF_TRY(ForgetInterruption(run, env.store));
  auto ended = GoOn(std::move(run), options, env);
  if (!ended) {
    KeepInterruption(options.id, ended.error(), env.transfer.clock, env.store);
    return ended;
  }
  SF_TRY(workflow::ForgetStopRequest(env.io, options.home_dir, options.id));
  return ended;
}

}  // namespace stateferry::state::clone
