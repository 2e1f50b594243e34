#include "storage/given_options.h"

#include <algorithm>

namespace stateferry::storage {

Location GivenOptions::Complete(Location location) {
  if (!IsInBucket(location.ToString())) return location;
  if (!location.options.empty()) {
    if (std::find(places_.begin(), places_.end(), location) == places_.end())
      places_.push_back(location);
    return location;
  }
  const Location* first = nullptr;
  const Location* innermost = nullptr;
  for (const Location& place : places_) {
    if (place.scheme != location.scheme || place.authority != location.authority) continue;
    if (!first) first = &place;
    if (!IsWithin(location, place)) continue;
    if (!innermost || place.path.size() > innermost->path.size()) innermost = &place;
  }
  if (const Location* found = innermost ? innermost : first) location.options = found->options;
  return location;
}

}  // namespace stateferry::storage
