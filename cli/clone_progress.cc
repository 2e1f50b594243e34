#include "cli/clone_progress.h"

#include <fmt/format.h>

#include "cli/clone_lines.h"

namespace stateferry::cli {

namespace {
namespace workflow = state::workflow;
/// Thousands of items may end in a second.
constexpr std::chrono::milliseconds kBetweenDrawings{100};
}  // namespace

void CloneProgress::Count(const workflow::Totals& totals) {
  totals_ = totals;
  shown_.files_done = shown_.files_total = 0;
  shown_.kinds.clear();
  for (const auto& [kind, counts] : totals) {
    transfer::Progress::Kind& shown = shown_.kinds[kind];
    for (const auto& [status, count] : counts) {
      shown.total += count;
      if (workflow::IsTerminal(status)) shown.done += count;
      if (status == workflow::ItemStatus::kFailed) shown.failed += count;
    }
    shown_.files_done += shown.done;
    shown_.files_total += shown.total;
  }
}

void CloneProgress::Show(bool now) {
  const auto time = app_.clock().Steady();
  if (!now && time - last_ < kBetweenDrawings) return;
  last_ = time;
  display_.OnProgress(shown_);
}

void CloneProgress::OnRun(const workflow::Run& run, const workflow::Totals& totals) {
  const std::scoped_lock lock(mutex_);
  shown_.id = run.id;
  shown_.phase = run.status == workflow::RunStatus::kStopping ? "stopping" : "cloning";
  shown_.job.clear();
  Count(totals);
  Show(true);
}

void CloneProgress::OnItem(const workflow::Item& item, const workflow::Totals& totals) {
  const std::scoped_lock lock(mutex_);
  Count(totals);
  shown_.job = item.status == workflow::ItemStatus::kCopyingState ? item.from.name : "";
  shown_.bytes_done = shown_.bytes_total = 0;
  Show(!shown_.job.empty());
  if (!workflow::IsTerminal(item.status)) return;
  app_.out().Item(ItemJson(item));
  if (app_.out().json()) return;
  if (item.status == workflow::ItemStatus::kFailed)
    app_.out().Warning(
        fmt::format("{} '{}' failed: {}", item.from.kind, item.from.name, item.reason), item.rule);
  if (item.status == workflow::ItemStatus::kDegradedStateless)
    app_.out().Warning(fmt::format("{} '{}' is cloned without its state: {}", item.from.kind,
                                   item.from.name, item.reason),
                       "C-44");
}

void CloneProgress::OnProgress(const transfer::Progress& progress) {
  const std::scoped_lock lock(mutex_);
  shown_.bytes_done = progress.bytes_done;
  shown_.bytes_total = progress.bytes_total;
  shown_.rate_bytes_per_s = progress.rate_bytes_per_s;
  shown_.retries = progress.retries;
  Show(false);
}

}  // namespace stateferry::cli
