#include "state/snapshot/path_map.h"

namespace stateferry::state::snapshot {
namespace {

storage::Location WithoutCredentials(storage::Location location) {
  const auto at = location.authority.rfind('@');
  if (at != std::string::npos) location.authority.erase(0, at + 1);
  return location;
}

}  // namespace

storage::Location ApplyMap(const PathMap& map, const storage::Location& location) {
  const storage::Location bare = WithoutCredentials(location);
  const std::pair<storage::Location, storage::Location>* best = nullptr;
  for (const auto& entry : map) {
    if (!storage::IsWithin(bare, WithoutCredentials(entry.first))) continue;
    if (best == nullptr || entry.first.path.size() > best->first.path.size()) best = &entry;
  }
  if (best == nullptr) return location;
  return best->second.Child(storage::RelativeTo(bare, WithoutCredentials(best->first)));
}

std::string LocationKey(const storage::Location& location) {
  return location.scheme + "://" + location.authority + location.path;
}

}  // namespace stateferry::state::snapshot
