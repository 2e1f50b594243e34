#include "cli/store_place.h"

#include <fmt/format.h>

#include <memory>

#include "cli/closest.h"
#include "cli/transfer_flags.h"

namespace stateferry::cli {

Result<storage::Location> StoreLocation(const App& app, const std::string& text) {
  SF_TRY(storage::Location location, storage::ParseLocation(text));
  if (location.scheme == "file") location.scheme = "managed";
  if (!storage::IsManaged(location))
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{} is not a store: a store in a bucket is managed+{}",
                             location.ToString(), location.ToString()));
  if (location.authority.empty() || storage::BucketBehind(location)) return location;
  const auto stores = app.settings().Stores();
  if (const auto named = stores.find(location.authority); named != stores.end()) {
    const std::string dir = location.path == "/" ? named->second : named->second + location.path;
    SF_TRY(location, storage::ParseLocation("managed://" + dir));
    return location;
  }
  std::vector<std::string> names;
  for (const auto& [name, dir] : stores) names.push_back(name);
  const auto closest = ClosestWord(location.authority, names);
  return Error(ErrorCode::kNotFound,
               fmt::format("no configuration has a store '{}'", location.authority))
      .WithHint(closest ? fmt::format("did you mean managed://{}?", *closest)
                        : "a store by its directory has three slashes: managed:///DIR");
}

Result<storage::Places::StoreAt> FindStore(App& app, const std::string& text,
                                           storage::Access access) {
  SF_TRY(const auto location, StoreLocation(app, text));
  return FindStore(app, location, access);
}

Result<storage::Places::StoreAt> FindStore(App& app, const storage::Location& location,
                                           storage::Access access) {
  SF_TRY(CheckNewObjectFlags(app.options(), location, "the store"));
  app.places().Give(location);
  return app.places().FindStore(location, access);
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
