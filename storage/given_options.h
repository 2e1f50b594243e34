#pragma once

#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "storage/location.h"

namespace stateferry::storage {

/// Remembers with which options the user gave places in buckets.  Metadata names files in those
/// buckets without options, and they are needed to find them.  Not thread-safe.
class GivenOptions {
 public:
  /// The user has given this place, with its options or with none.
  void Give(const Location& location);

  /// The location as it is to be opened.  Without options in a bucket where all given places have
  /// the same ones: with those.  A place that was given without options has none.
  /// Errors: kRefused: the given places have different options, so that it cannot be told which
  /// hold here.
  Result<Location> Complete(Location location) const;

 private:
  using Options = std::map<std::string, std::string>;
  std::map<std::string, std::set<Options>> by_bucket_;
};

}  // namespace stateferry::storage
