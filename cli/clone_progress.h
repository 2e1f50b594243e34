#pragma once
// Shows a clone while it runs: by kind, and the job whose bytes are moved.

#include <chrono>
#include <string>

#include "cli/app.h"
#include "state/workflow/engine.h"
#include "transfer/progress.h"

namespace stateferry::cli {

/// What the engine tells and what its transfers tell, in one display.  Failed items are warnings of
/// the moment; with JSON each item that is over is a line.
class CloneProgress final : public state::workflow::RunSink, public transfer::ProgressSink {
 public:
  explicit CloneProgress(App& app) : app_(app), display_(app.progress()) {}

  void OnRun(const state::workflow::Run& run, const state::workflow::Totals& totals) override;
  void OnItem(const state::workflow::Item& item, const state::workflow::Totals& totals) override;
  void OnProgress(const transfer::Progress& progress) override;
  void OnWarning(std::string_view message) override { display_.OnWarning(message); }

  const state::workflow::Totals& totals() const { return totals_; }

 private:
  void Count(const state::workflow::Totals& totals);
  void Show(bool now);

  App& app_;
  ProgressDisplay& display_;
  std::mutex mutex_;
  transfer::Progress shown_;                      // guarded by mutex_
  state::workflow::Totals totals_;                // guarded by mutex_
  std::chrono::steady_clock::time_point last_{};  // guarded by mutex_
};

}  // namespace stateferry::cli
