#include "cli/app.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <iostream>

#include "cli/no_journal.h"
#include "cli/transfer_flags.h"
#include "cli/worker.h"
#include "state/catalog/rocksdb_catalog.h"

namespace stateferry::cli {

App::App(Parts parts) : parts_(std::move(parts)) {}

App::~App() {
  if (progress_) progress_->Clear();
  parts_.output.SetBeforeText({});
}

std::string App::argument(std::size_t index) const {
  return index < parts_.arguments.size() ? parts_.arguments[index] : "";
}

Result<storage::Location> App::Location(std::size_t index) const {
  return ParsePlace(argument(index));
}

Result<std::string> App::Home() const {
  std::string home = parts_.options.Text("home");
  if (home.empty()) return DefaultHome(parts_.environment);
  return AbsolutePath(parts_.environment, home);
}

/// Ends waits for bandwidth and for repetitions: at a signal, and after --max-duration.  A transfer
/// has stopped by itself then; one large part under a low limit must not hold it up for long.
std::stop_token App::StopOfWaits() {
  on_signal_.emplace(parts_.stop, [this] { stop_of_waits_.request_stop(); });
  const OptionValues& options = parts_.options;
  if (options.Has("max-duration") && options.Duration("max-duration").count() > 0) {
    const auto limit = options.Duration("max-duration") + std::chrono::seconds(1);
    deadline_ = std::jthread([this, limit](std::stop_token over) {
      if (parts_.clock.Sleep(limit, over)) stop_of_waits_.request_stop();
    });
  }
  return stop_of_waits_.get_token();
}

/// What is no place (the id of a transfer) is none in a bucket either, and does no harm.
void App::GivePlaces() {
  for (const std::string& argument : parts_.arguments)
    if (const auto place = ParsePlace(argument)) places_->Give(*place);
  if (!parts_.options.Has("map")) return;
  for (const auto& [old_place, new_place] : parts_.options.PathMaps("map"))
    places_->Give(new_place);
}

storage::Places& App::places() {
  if (!places_) {
    const OptionValues& options = parts_.options;
    storage::PlacesOptions place_options;
    if (options.Has("compress")) place_options.compress = options.Compress("compress");
    if (options.Has("bwlimit")) place_options.bwlimit = options.Bandwidth("bwlimit");
    if (options.Has("tpslimit"))
      place_options.requests_per_s = static_cast<std::uint32_t>(options.Number("tpslimit"));
    if (options.Has("checkers"))
      place_options.checkers = static_cast<std::uint32_t>(options.Number("checkers"));
    if (options.Has("retry-max-backoff"))
      place_options.retry_max_wait = options.Duration("retry-max-backoff");
    if (options.Has("retries")) place_options.retries = static_cast<int>(options.Number("retries"));
    place_options.new_objects = NewObjectsFrom(options);
    place_options.stop = StopOfWaits();
    place_options.named_stores = parts_.settings.Stores();
    place_options.place_profiles = parts_.settings.Places();
    if (const auto home = Home()) place_options.stores_dir = *home + "/stores";
    place_options.environment = parts_.environment.variables;
    places_ = std::make_unique<storage::Places>(parts_.io, parts_.clock, std::move(place_options));
    GivePlaces();
  }
  return *places_;
}

Result<const transfer::HomeLock*> App::LockHome(const std::string& work) {
  if (!home_lock_) {
    SF_TRY(const std::string home, Home());
    SF_TRY(parts_.io.MakeDirsDurably(home, kOwnerOnly));
    if (const auto fd = InheritedLock(parts_.environment)) {
      SF_TRY(home_lock_, transfer::HomeLock::Inherit(parts_.io, parts_.clock, home, *fd));
    } else {
      SF_TRY(home_lock_, transfer::HomeLock::Take(parts_.io, parts_.clock, home, work));
    }
  }
  return &*home_lock_;
}

Result<transfer::Journal*> App::OpenJournal(bool read_only) {
  if (!journal_) {
    SF_TRY(const std::string home, Home());
    if (read_only) {
      SF_TRY(journal_, transfer::Journal::Open(parts_.io, parts_.clock, home, true));
    } else {
      SF_TRY(const transfer::HomeLock* lock, LockHome());
      SF_TRY(journal_, transfer::Journal::Open(parts_.io, home, *lock));
    }
  }
  return journal_.get();
}

Result<state::catalog::Catalog*> App::OpenCatalog(bool read_only) {
  if (!catalog_) {
    SF_TRY(const std::string home, Home());
    if (read_only) {
      SF_TRY(catalog_, state::catalog::OpenCatalogToRead(parts_.io, parts_.clock, home));
    } else {
      const auto lock = LockHome();
      if (!lock && lock.error().code() == ErrorCode::kLocked)
        return state::workflow::WhyUnchangeable(parts_.io, parts_.clock, home, lock.error());
      if (!lock) return lock.error();
      SF_TRY(catalog_, state::catalog::OpenCatalog(parts_.io, parts_.clock, home, **lock));
    }
  }
  return catalog_.get();
}

Result<state::workflow::RunStore*> App::OpenRuns(bool read_only) {
  if (!runs_.store) {
    SF_TRY(const std::string home, Home());
    if (read_only) {
      SF_TRY(runs_, state::workflow::LookAtRuns(parts_.io, parts_.clock, home));
    } else {
      SF_TRY(const transfer::HomeLock* lock, LockHome());
      SF_TRY(runs_.store, state::workflow::RunStore::Open(parts_.io, home, *lock));
      runs_.lock = transfer::HomeLock::Look(parts_.io, home);
    }
  }
  return runs_.store.get();
}

bool App::IsAtWork(const state::workflow::Run& run) const {
  return state::workflow::IsAtWork(runs_.lock, run);
}

Result<std::optional<transfer::Journal*>> App::ExistingJournal() {
  SF_TRY(const std::string home, Home());
  auto opened = OpenJournal(true);
  if (opened) return std::optional(*opened);
  if (opened.error().code() == ErrorCode::kNotFound) return std::optional<transfer::Journal*>();
  return std::move(opened).error();
}

ProgressDisplay& App::progress() {
  if (progress_) return *progress_;
  const bool hidden = parts_.options.Flag("no-progress") || parts_.output.quiet();
  if (hidden) {
    progress_ = SilentDisplay(parts_.output);
  } else if (parts_.output.json()) {
    progress_ = JsonDisplay(parts_.output, parts_.clock, std::chrono::seconds(1));
  } else if (CanRedraw(STDERR_FILENO, parts_.environment.Get("TERM"))) {
    const bool tmux = !parts_.environment.Get("TMUX").empty();
    progress_ = TerminalDisplay(FdTerminal(STDERR_FILENO),
                                tmux ? RestingPlace::kLastLine : RestingPlace::kFirstLine);
    parts_.output.SetBeforeText([this] { progress_->Clear(); });
  } else {
    progress_ = LineDisplay(parts_.output, parts_.clock, std::chrono::seconds(30));
  }
  return *progress_;
}

Result<transfer::TransferEnv> App::TransferEnvironment() {
  if (dry_run()) journal_ = std::make_unique<NoJournal>();
  SF_TRY(transfer::Journal * journal, OpenJournal(false));
  return transfer::TransferEnv{places(), *journal, parts_.clock, progress(), parts_.stop};
}

namespace {
/// Waits for something to read on standard input.  False: asked to stop first.
bool InputComes(const std::stop_token& stop) {
  constexpr int kLookAtStopMs = 100;
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (!stop.stop_requested())
    if (poll(&input, 1, kLookAtStopMs) > 0) return true;
  return false;
}
}  // namespace

Result<void> App::Confirm(const std::string& question) {
  if (parts_.options.Flag("yes")) return {};
  if (isatty(STDIN_FILENO) != 1 || parts_.output.json())
    return Error(ErrorCode::kRefused, fmt::format("{} needs a confirmation", parts_.command.name))
        .WithHint("give --yes, there is no terminal to ask on");
  SF_TRY(parts_.output.Flush());
  std::cerr << question << " [y/N] " << std::flush;
  // A read would go on after a signal that asks for a clean stop.
  if (!InputComes(parts_.stop))
    return Error(ErrorCode::kCancelled, "stopped before it was confirmed, nothing was changed");
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return Error(ErrorCode::kRefused, "not confirmed, nothing was changed");
}

}  // namespace stateferry::cli
