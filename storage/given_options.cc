#include "storage/given_options.h"

#include "storage/s3/new_object.h"

namespace stateferry::storage {

namespace {
/// The bucket itself, not the store in it.
Location Behind(const Location& location) { return BucketBehind(location).value_or(location); }

std::string BucketOf(const Location& location) {
  return Behind(location).scheme + "://" + location.authority;
}
}  // namespace

void GivenOptions::Give(const Location& location) {
  if (!IsInBucket(Behind(location).ToString())) return;
  // What is said of new objects is nothing that finds those that are there.
  Options options = location.options;
  std::erase_if(options, [](const auto& option) { return s3::IsNewObjectOption(option.first); });
  by_bucket_[BucketOf(location)].insert(std::move(options));
}

Result<Location> GivenOptions::Complete(Location location) const {
  if (!location.options.empty()) return location;
  const auto given = by_bucket_.find(BucketOf(location));
  if (given == by_bucket_.end() || given->second.contains({})) return location;
  if (given->second.size() > 1)
    return Error(ErrorCode::kRefused,
                 location.ToString() +
                     " is named without options, and the places given in its bucket have "
                     "different ones")
        .WithHint("say which with --map, or set the options in the environment");
  location.options = *given->second.begin();
  return location;
}

}  // namespace stateferry::storage
