#include "state/snapshot/destination_check.h"

#include "state/snapshot/local_path.h"
#include "state/snapshot/source_objects.h"

namespace stateferry::state::snapshot {

namespace {

/// The one name of a place that may have several.
storage::Location NameOf(storage::Places& places, const storage::Location& location) {
  if (location.scheme == "s3" || location.scheme == "oss") {
    storage::Location name = location;
    name.options = {{"endpoint", places.ServiceOf(location)}};
    return name;
  }
  if (!storage::IsManaged(location)) return Resolved(location);
  const auto place = places.Open(location, storage::Access::kRead);
  if (!place) return location;
  // "managed:///path/of/store/project", however the store was named.
  const auto project = storage::ParseLocation(place->backend->Describe());
  if (!project) return location;
  storage::Location name = project->Child(place->prefix);
  if (storage::BucketBehind(location)) name.options = {{"endpoint", places.ServiceOf(location)}};
  return name;
}

}  // namespace

Result<void> CheckDestination(storage::Places& places, const std::vector<storage::Location>& roots,
                              const std::vector<storage::Location>& directories,
                              const storage::Location& to) {
  const auto conflict = [&](std::string_view relation) {
    return Error(ErrorCode::kConflict,
                 "the destination " + to.ToString() + " " + std::string(relation))
        .WithHint("choose a destination apart from it");
  };
  const storage::Location to_name = NameOf(places, to);
  for (const storage::Location& root : roots) {
    const storage::Location name = NameOf(places, root);
    const bool inside = IsInside(to_name, name), around = IsInside(name, to_name);
    if (inside && around) return conflict("is the source itself");
    if (inside) return conflict("lies inside the source " + root.ToString());
    if (around) return conflict("holds the source " + root.ToString());
  }
  for (const storage::Location& directory : directories)
    if (IsInside(to_name, NameOf(places, directory)))
      return conflict("lies inside " + directory.ToString() + ", which belongs to the source");
  SourceObjects objects(places);
  // An object that cannot be told from here (no rights, another scheme) fails in the transfer.
  const auto object = objects.Find(to);
  if (object && *object)
    return Error(ErrorCode::kConflict,
                 "the destination " + to.ToString() + " is a file, and must be a directory");
  return {};
}

}  // namespace stateferry::state::snapshot
