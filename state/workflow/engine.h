#pragma once
// Runs the items of a run to their end: the only code that sets a status.

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "state/workflow/actions.h"
#include "state/workflow/run_store.h"

namespace stateferry::state::workflow {

/// What follows when an item fails.
enum class OnFailure {
  kContinue,   ///< the rest goes on (C-42)
  kStop,       ///< nothing more is begun (C-43)
  kDropState,  ///< an item whose state fails is made without; else as kContinue (C-44, R-6)
};

struct EngineOptions {
  OnFailure on_failure = OnFailure::kContinue;
  /// So many items without bytes are made in one write.
  std::size_t batch_items = 128;
  /// How often `stop_requested` is asked while bytes are moved; 0: only between items.
  std::chrono::milliseconds stop_poll{200};
};

/// Called from one thread at a time, after what it tells is durable.
class RunSink {
 public:
  virtual ~RunSink() = default;
  virtual void OnRun(const Run& run, const Totals& totals) = 0;
  /// An item has another status.
  virtual void OnItem(const Item& item, const Totals& totals) = 0;
};

/// References are borrowed for the call.
struct EngineEnv {
  RunStore& store;
  Actions& actions;
  Clock& clock;
  RunSink& sink;
  /// Somebody wants the run ended for good (C-48); asked from any thread.
  std::function<bool()> stop_requested;
  /// The process is to end: parts in flight are finished, the run can go on later.
  std::stop_token stop;
};

/// Runs the items in their order, or goes on where an earlier process stopped, however it ended.
/// - Every transition is durable before it is told; entities that an earlier process has made are
///   recognised and not made again.
/// - Of an item that fails or is stopped the name is free again and the state removed.  Its files
///   stay, because other items may need the same ones, and so does what other items have made,
///   however the run ends (C-18, C-19): there is a list of both, and no rollback.
/// - What is wrong with the place or the machine (InterruptsRun) fails no item and takes no state
///   away, whatever `on_failure` says: the item stays where it is, and the call ends with that
///   error.
/// - An item that fails says why: the rule and category of the error, or the category of its code.
/// - Asked to stop for good: kStopping, and kStopped when what was in flight is over.
/// Returns the run with its last status; one that has ended already as it is.
/// Errors: kNotFound; kCancelled when `stop` came first; of the store, and those of the actions
/// that have nothing to do with an item, naming the one that met them.  The run can go on after all
/// of them.
Result<Run> RunItems(const std::string& id, const EngineOptions& options, const EngineEnv& env);

}  // namespace stateferry::state::workflow
