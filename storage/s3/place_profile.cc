#include "storage/s3/place_profile.h"

#include "storage/s3/new_object.h"

namespace stateferry::storage::s3 {

namespace {

constexpr std::string_view kProfile = "profile", kEndpoint = "endpoint";

std::string OptionOf(const std::map<std::string, std::string>& options, std::string_view name) {
  const auto it = options.find(std::string(name));
  return it == options.end() ? "" : it->second;
}

/// The longest of its prefixes that `location` is at or below; null: none.
const Location* PrefixOf(const Location& location, const PlaceProfile& profile) {
  const std::string endpoint = OptionOf(location.options, kEndpoint);
  if (!endpoint.empty() && endpoint != OptionOf(profile.options, kEndpoint)) return nullptr;
  Location bare = location;
  bare.options.clear();
  const Location* longest = nullptr;
  for (const Location& prefix : profile.prefixes)
    if (IsWithin(bare, prefix) && (!longest || prefix.path.size() > longest->path.size()))
      longest = &prefix;
  return longest;
}

}  // namespace

const PlaceProfile* FindProfile(const Location& location, const PlaceProfiles& profiles,
                                std::string* name) {
  auto found = profiles.end();
  if (const std::string named = OptionOf(location.options, kProfile); !named.empty()) {
    found = profiles.find(named);
  } else {
    std::size_t longest = 0;
    for (auto it = profiles.begin(); it != profiles.end(); ++it) {
      const Location* prefix = PrefixOf(location, it->second);
      if (!prefix || prefix->path.size() <= longest) continue;
      longest = prefix->path.size();  // at least "/"
      found = it;
    }
  }
  if (found == profiles.end()) return nullptr;
  if (name) *name = found->first;
  return &found->second;
}

Location WithProfile(Location location, const PlaceProfiles& profiles, const NewObjectsSaid& said) {
  const PlaceProfile* profile = FindProfile(location, profiles);
  location.options = WithUsual(std::move(location.options), said.here);
  if (profile) {
    location.options.erase(std::string(kProfile));
    location.options = WithUsual(std::move(location.options), profile->options);
  }
  location.options = WithUsual(std::move(location.options), said.usual);
  return location;
}

std::vector<std::string> PlaceOptionNames() {
  return {"endpoint", "region", "style", "dialect", "profile", "sign"};
}

std::string NameOfBucket(const Location& location, const PlaceProfiles& profiles) {
  std::string name = location.scheme + " " + location.authority;
  for (const auto& [option, value] : location.options) name += " " + option + "=" + value;
  std::string profile;
  if (FindProfile(location, profiles, &profile)) name += " as " + profile;
  return name;
}

}  // namespace stateferry::storage::s3
