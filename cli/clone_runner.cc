#include "cli/clone_runner.h"

#include <fmt/format.h>

#include "cli/clone_lines.h"
#include "cli/clone_progress.h"
#include "cli/transfer_flags.h"
#include "cli/worker.h"
#include "state/clone/clone_run.h"

namespace stateferry::cli {

namespace {
/// The options of this line that a worker needs: global ones, and those about moving bytes.
std::vector<std::string> WorkerWords(App& app, const std::string& id, const std::string& home) {
  std::vector<std::string> words = {"clone", "resume", id, "--home=" + home};
  std::vector<OptionSpec> known = WithMovingFlags(GlobalOptions());
  for (const std::string& word : app.given_words()) {
    const std::string name = word.substr(2, word.find('=') - 2);
    if (name == "home" || name == "quiet" || name == "output") continue;
    for (const OptionSpec& spec : known)
      if (spec.name == name) words.push_back(word);
  }
  return words;
}

/// What a run needs besides its record.
struct Opened {
  std::string home;
  state::catalog::Catalog* catalog;
  transfer::Journal* journal;
};
Result<Opened> OpenFor(App& app) {
  SF_TRY(const std::string home, app.Home());
  SF_TRY(auto* catalog, app.OpenCatalog(false));
  SF_TRY(auto* journal, app.OpenJournal(false));
  return Opened{home, catalog, journal};
}

Result<Outcome> StartWorkerFor(App& app, const std::string& id) {
  SF_TRY(const std::string home, app.Home());
  const std::string log_path = LogPathOf(home, id);
  SF_TRY(app.io().MakeDirsDurably(home + "/logs", kOwnerOnly));
  SF_TRY(auto* store, app.OpenRuns(false));
  SF_TRY(const auto run, state::workflow::GetRun(*store, id));
  SF_TRY(const auto* lock, app.LockHome());
  const int lock_fd = lock->fd();
  // The worker opens them itself; only the lock stays held, by both for a moment.
  app.CloseTables();
  auto started =
      StartWorker({.words = WorkerWords(app, id, home), .lock_fd = lock_fd, .log_path = log_path},
                  app.environment());
  if (!started) return std::move(started).error();
  app.out().Line("runs in the background, as process " + std::to_string(*started));
  app.out().Line("view cloning progress: stateferry clone watch " + id);
  app.out().Line("log: " + log_path);
  return Outcome{.status = std::string(state::workflow::RunStatusName(run.status)),
                 .summary = {{"id", id},
                             {"pid", *started},
                             {"log", log_path},
                             {"watch", "stateferry clone watch " + id}}};
}
}  // namespace

Error AboutClone(Error error, const std::string& id) {
  const std::string resume = "stateferry clone resume " + id + " goes on from there";
  const std::string hint = error.hint().empty() ? resume : error.hint() + "; " + resume;
  return std::move(error).WithContext(id).WithHint(hint);
}

Result<Outcome> RunRecordedClone(App& app, const std::string& id) {
  app.CloseTables();  // some may be open for reading
  SF_TRY(auto* store, app.OpenRuns(false));
  const auto opened = OpenFor(app);
  if (!opened) {
    state::clone::KeepInterruption(id, opened.error(), app.clock(), *store);
    return AboutClone(opened.error(), id);
  }
  CloneProgress progress(app);
  const transfer::TransferEnv transfer{app.places(), *opened->journal, app.clock(), progress,
                                       app.stop()};
  auto ended = state::clone::RunClone({.id = id,
                                       .home_dir = opened->home,
                                       .transfer = TransferOptionsFrom(app),
                                       .command = {"clone", "resume", id}},
                                      {*opened->catalog, *store, transfer, progress, app.io()});
  app.progress().Clear();
  if (!ended) return AboutClone(std::move(ended).error(), id);
  SF_TRY(const auto totals, store->Count(id));
  SF_TRY(const auto findings, store->Findings(id));
  // Warnings were told when it started; `clone show` has them.
  const bool refused = !state::workflow::FirstError(findings);
  PrintRun(app, *ended, totals, refused ? findings : std::vector<state::workflow::Finding>());
  return RunOutcome(app, *ended, totals, findings);
}

Result<Outcome> DetachClone(App& app, const std::string& id) {
  app.out().Id(id);
  auto started = StartWorkerFor(app, id);
  if (!started) return AboutClone(std::move(started).error(), id);
  return started;
}

}  // namespace stateferry::cli
