#pragma once
// Builds every object that a command needs and passes it on.

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file_io.h"
#include "cli/command.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/progress_display.h"
#include "cli/settings.h"
#include "state/catalog/catalog.h"
#include "state/workflow/at_work.h"
#include "storage/places.h"
#include "transfer/home_lock.h"
#include "transfer/journal.h"
#include "transfer/transfer.h"

namespace stateferry::cli {

/// Runs another command line in this process (`transfer resume`).
using RunLine = std::function<Result<Outcome>(const std::vector<std::string>& words)>;

/// One run of one command.  Objects are made on first use and live until the command is over.
/// Used by one thread.
class App {
 public:
  struct Parts {
    const Command& command;
    std::vector<std::string> arguments;
    std::vector<std::string> given_words;  ///< the options of the command line, to pass on
    OptionValues options;
    Settings settings;
    Environment environment;
    Output& output;
    Clock& clock;
    FileIo io;
    std::stop_token stop;
    RunLine run_line;
  };
  explicit App(Parts parts);
  ~App();

  const Command& command() const { return parts_.command; }
  const std::vector<std::string>& arguments() const { return parts_.arguments; }
  /// The argument at `index`, "" when it was left out.
  std::string argument(std::size_t index) const;
  /// Argument as a place.
  Result<storage::Location> Location(std::size_t index) const;
  const std::vector<std::string>& given_words() const { return parts_.given_words; }
  const OptionValues& options() const { return parts_.options; }
  const Settings& settings() const { return parts_.settings; }
  const Environment& environment() const { return parts_.environment; }
  Output& out() { return parts_.output; }
  Clock& clock() { return parts_.clock; }
  const FileIo& io() const { return parts_.io; }
  std::stop_token stop() const { return parts_.stop; }
  bool dry_run() const { return parts_.options.Flag("dry-run"); }

  /// --home, or where it lies by default; absolute.
  Result<std::string> Home() const;
  /// The lock of the home, which whatever writes into it needs: held until this is over.  A worker
  /// inherits it (cli/worker.h).  Errors: kLocked.
  /// `work`: the clone that it is held for, when it is taken now.
  Result<const transfer::HomeLock*> LockHome(const std::string& work = "");
  storage::Places& places();
  Result<transfer::Journal*> OpenJournal(bool read_only);
  /// Of the same home, and under the same lock.
  Result<state::catalog::Catalog*> OpenCatalog(bool read_only);
  /// The records of clones, likewise.
  Result<state::workflow::RunStore*> OpenRuns(bool read_only);
  /// Whether a process was at work on this run, as OpenRuns has found it.
  bool IsAtWork(const state::workflow::Run& run) const;
  /// The journal for reading; empty when no transfer was ever made in this home.
  Result<std::optional<transfer::Journal*>> ExistingJournal();
  ProgressDisplay& progress();
  Result<transfer::TransferEnv> TransferEnvironment();

  /// Asks "TEXT [y/N]" on a terminal.  Errors: kRefused when the answer is not yes, or when there
  /// is no terminal and no --yes; kCancelled.
  Result<void> Confirm(const std::string& question);
  Result<Outcome> Run(const std::vector<std::string>& words) { return parts_.run_line(words); }
  /// Closes journal, catalog and records; the lock stays.
  void CloseTables() {
    journal_.reset();
    catalog_.reset();
    runs_ = {};
  }
  /// Gives the lock back as well, so that a command run by this one can open them.
  void CloseHome() {
    CloseTables();
    home_lock_.reset();
  }

 private:
  std::stop_token StopOfWaits();
  void GivePlaces();

  Parts parts_;
  std::stop_source stop_of_waits_;
  std::optional<std::stop_callback<std::function<void()>>> on_signal_;
  std::unique_ptr<storage::Places> places_;
  std::optional<transfer::HomeLock> home_lock_;  // given back after all that it covers is closed
  std::unique_ptr<transfer::Journal> journal_;
  std::unique_ptr<state::catalog::Catalog> catalog_;
  state::workflow::RunsSeen runs_;
  std::unique_ptr<ProgressDisplay> progress_;
  std::jthread deadline_;
};

}  // namespace stateferry::cli
