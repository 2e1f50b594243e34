#include "cli/store_place.h"

#include <fmt/format.h>

#include <memory>

#include "cli/closest.h"

namespace stateferry::cli {

Result<std::string> StoreDirectory(const App& app, const std::string& text) {
  SF_TRY(const storage::Location location, storage::ParseLocation(text));
  if (location.scheme != "file" && location.scheme != "managed")
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{} is not a store: managed storage lives in a directory", text));
  if (location.authority.empty() || location.scheme == "file") return location.path;
  const auto stores = app.settings().Stores();
  const auto named = stores.find(location.authority);
  if (named != stores.end())
    return location.path == "/" ? named->second : named->second + location.path;
  std::vector<std::string> names;
  for (const auto& [name, dir] : stores) names.push_back(name);
  const auto closest = ClosestWord(location.authority, names);
  return Error(ErrorCode::kNotFound,
               fmt::format("no configuration has a store '{}'", location.authority))
      .WithHint(closest ? fmt::format("did you mean managed://{}?", *closest)
                        : "a store by its directory has three slashes: managed:///DIR");
}

Result<storage::managed::StorePath> StorePathOf(const App& app, const std::string& text) {
  SF_TRY(const std::string path, StoreDirectory(app, text));
  return storage::managed::ResolveStorePath(app.io(), path);
}

storage::managed::StoreProgress ShowStoreProgress(App& app, std::string_view phase) {
  using TimePoint = std::chrono::steady_clock::time_point;
  struct State {
    TimePoint start, last;
  };
  ProgressDisplay& display = app.progress();
  Clock& clock = app.clock();
  const auto state = std::make_shared<State>(State{clock.Steady(), {}});
  return [&display, &clock, phase, state](std::uint64_t done, std::uint64_t total) {
    const TimePoint now = clock.Steady();
    if (now - state->last < std::chrono::milliseconds(200)) return;
    state->last = now;
    const double seconds = std::chrono::duration<double>(now - state->start).count();
    transfer::Progress progress;
    progress.phase = phase;
    progress.bytes_done = done;
    progress.bytes_total = total;
    if (seconds > 0.5) {
      progress.rate_bytes_per_s = static_cast<double>(done) / seconds;
      if (done > 0 && total >= done)
        progress.eta_seconds = static_cast<double>(total - done) / progress.rate_bytes_per_s;
    }
    display.OnProgress(progress);
  };
}

}  // namespace stateferry::cli
