#include "state/snapshot/destination_check.h"

#include "state/snapshot/local_path.h"
#include "state/snapshot/source_objects.h"

namespace stateferry::state::snapshot {

Result<void> CheckDestination(storage::Places& places,
                              const std::vector<storage::Location>& sources,
                              const storage::Location& to) {
  const storage::Location resolved_to = Resolved(to);
  for (const storage::Location& source : sources) {
    const storage::Location from = Resolved(source);
    const bool inside = storage::IsWithin(resolved_to, from);
    if (!inside && !storage::IsWithin(from, resolved_to)) continue;
    const std::string relation = resolved_to == from ? " is the source itself"
                                 : inside            ? " lies inside the source "
                                                     : " holds the source ";
    return Error(ErrorCode::kConflict, "the destination " + to.ToString() + relation +
                                           (resolved_to == from ? "" : source.ToString()))
        .WithHint("choose a destination apart from it");
  }
  SourceObjects objects(places);
  // An object that cannot be told from here (no rights, another scheme) fails in the transfer.
  const auto object = objects.Find(to);
  if (object && *object)
    return Error(ErrorCode::kConflict,
                 "the destination " + to.ToString() + " is a file, and must be a directory");
  return {};
}

}  // namespace stateferry::state::snapshot
