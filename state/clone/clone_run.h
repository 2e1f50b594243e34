#pragma once
// From a request to a recorded run, and from a recorded run to its end.  The command line and a
// server do the same.

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "state/clone/clone_plan.h"
#include "state/clone/clone_request.h"
#include "state/workflow/engine.h"
#include "state/workflow/run_store.h"
#include "transfer/transfer.h"

namespace stateferry::state::clone {

/// "clone-20261126-071500-3f2a9c1b".
std::string NewCloneId(const Clock& clock, std::uint32_t random);

/// Somebody wants the run ended for good (C-48); asked from any thread.
using StopQuestion = std::function<bool()>;

/// Records what is asked for, before anything is looked at: from now on others see which projects
/// are taken.  The run is checked next.  Errors: of the records; kInvalidArgument for a request
/// that these cannot hold (C-37).
Result<workflow::Run> RecordClone(const CloneRequest& request, const std::string& id,
                                  const Clock& clock, workflow::RunStore& store);

/// Checks a recorded run and records what is to be done; nothing is written at the target yet
/// (C-45).  Then the run is kPending; kFailed when the check has found errors, which are recorded
/// with it; kStopped when `stop_requested` came first.  On an error it stays as it was and can be
/// checked again.  Errors: as PlanClone, and of the records.
Result<ClonePlan> CheckClone(workflow::Run& run, const PlanEnv& env, workflow::RunStore& store,
                             const StopQuestion& stop_requested = {});

/// Keeps with a run that can go on why this process could not, for whoever looks at it later: as
/// the one error of its findings.  What cannot be written is not kept; the next process that goes
/// on with the run forgets it.
void KeepInterruption(const std::string& id, const Error& error, const Clock& clock,
                      workflow::RunStore& store);

struct StartedClone {
  ClonePlan plan;
  workflow::Run run;  ///< id "" when the plan is not ok: then nothing is left of it
};

/// RecordClone and CheckClone, for somebody who waits for the answer and knows no id yet.  After an
/// error of the check the run is there and can go on.
Result<StartedClone> StartClone(const CloneRequest& request, const std::string& id,
                                const PlanEnv& env, workflow::RunStore& store,
                                const StopQuestion& stop_requested = {});

struct RunCloneOptions {
  std::string id{};
  std::string home_dir{};
  transfer::TransferOptions transfer{};
  std::vector<std::string> command{};  ///< repeats it, for the records of its transfers
};
/// All references outlive the call.
struct RunCloneEnv {
  catalog::Catalog& catalog;
  workflow::RunStore& store;
  const transfer::TransferEnv& transfer;
  workflow::RunSink& sink;
  const FileIo& io;
};

/// Checks and runs a recorded clone, or goes on where a process before has stopped (C-47); a stop
/// that somebody has asked for ends it (C-48).  Returns the run with its last status, also when the
/// check has found errors.  Errors: as CheckClone and workflow::RunItems; it can go on after all,
/// and they are kept (KeepInterruption).
Result<workflow::Run> RunClone(const RunCloneOptions& options, const RunCloneEnv& env);

}  // namespace stateferry::state::clone
