#pragma once
// From a request to a recorded run, and from a recorded run to its end.  The command line and a
// server do the same.

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

struct StartedClone {
  ClonePlan plan;
  /// Recorded with all its items, and nothing is written yet (C-45); id "" when the plan is not ok:
  /// then nothing is left of it.
  workflow::Run run;
};

/// Checks, and records what is to be done.  The record is there while it checks, so that others see
/// which projects are taken.  Errors: as PlanClone, and of the records.
Result<StartedClone> StartClone(const CloneRequest& request, const std::string& id,
                                const PlanEnv& env, workflow::RunStore& store);

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

/// Runs a recorded clone, or goes on where a process before has stopped (C-47); a stop that
/// somebody has asked for ends it (C-48).  One that was killed while it checked is checked again.
/// Errors: as workflow::RunItems; those of the check.
Result<workflow::Run> RunClone(const RunCloneOptions& options, const RunCloneEnv& env);

}  // namespace stateferry::state::clone
