#pragma once
// What our own configuration says of places in buckets ("places:"): where they are, and with whose
// keys they are asked.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/location.h"
#include "storage/s3/secret.h"

namespace stateferry::storage::s3 {

/// One text of a set of keys: in one of three ways, or in none.
struct KeyText {
  Secret text = {};
  std::string file = {};      ///< absolute; its first line
  std::string variable = {};  ///< of the environment

  bool IsSet() const { return !text.empty() || !file.empty() || !variable.empty(); }
  bool operator==(const KeyText&) const = default;
};

struct PlaceKeys {
  KeyText id = {};
  KeyText secret = {};
  KeyText token = {};  ///< may be left out
  bool operator==(const PlaceKeys&) const = default;
};

struct PlaceProfile {
  std::string origin = {};              ///< "stateferry.yaml:12", for messages
  std::vector<Location> prefixes = {};  ///< what is at or below one of them is meant by itself
  /// As a location has them, behind its '?'.
  std::map<std::string, std::string> options = {};
  std::optional<PlaceKeys> keys = {};
  std::string credential_process = {};
  bool operator==(const PlaceProfile&) const = default;
};
/// What is said of new objects (new_object.h) elsewhere than behind a location.
struct NewObjectsSaid {
  std::map<std::string, std::string> here = {};   ///< on a command line: before what a profile says
  std::map<std::string, std::string> usual = {};  ///< of all that is written: after it
  bool empty() const { return here.empty() && usual.empty(); }
};

using PlaceProfiles = std::map<std::string, PlaceProfile>;

/// The profile that `location` (s3 or oss) names by its option "profile", or that has the longest
/// prefix of it; null: none.  A location with an endpoint of its own is another place than one of
/// the same name at the profile's endpoint, so that no prefix takes it.  `name` gets its name.
const PlaceProfile* FindProfile(const Location& location, const PlaceProfiles& profiles,
                                std::string* name = nullptr);

/// The bucket of a location as it is spoken to: the same for all its objects, and another with
/// other options or another profile.
std::string NameOfBucket(const Location& location, const PlaceProfiles& profiles);

/// `location` with what it does not say itself, first of `said.here`, then of its profile, then of
/// `said.usual`.  Without the name of a
/// profile of ours: what "profile" says then is one of the vendor's tools.
Location WithProfile(Location location, const PlaceProfiles& profiles,
                     const NewObjectsSaid& said = {});

/// The names of the options that a profile may have besides those of new objects.
std::vector<std::string> PlaceOptionNames();

}  // namespace stateferry::storage::s3
