#include "cli/newest_snapshot.h"

#include <fmt/format.h>

namespace stateferry::cli {

Result<state::snapshot::SnapshotListing> NewestSnapshot(App& app, const storage::Location& base) {
  SF_TRY(const auto listings, state::snapshot::ListSnapshots(app.places(), base));
  for (auto it = listings.rbegin(); it != listings.rend(); ++it) {
    if (it->readable) return *it;
    app.out().Warning(fmt::format("{} is passed over: {}", it->location.ToString(), it->problem));
  }
  return Error(ErrorCode::kNotFound, fmt::format("no readable snapshot in {}", base.ToString()));
}

}  // namespace stateferry::cli
