#pragma once

#include <vector>

#include "storage/location.h"

namespace stateferry::storage {

/// Remembers the options that the user gave for places in buckets.  Metadata names files in those
/// buckets without options, and they are needed to find them.  Not thread-safe.
class GivenOptions {
 public:
  /// The location itself; without options in a bucket: with those of the innermost place around it
  /// that came with options, or else of the first place in its bucket that did.
  Location Complete(Location location);

 private:
  std::vector<Location> places_;
};

}  // namespace stateferry::storage
