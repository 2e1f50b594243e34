// Managed stores in buckets: from a location to the store, by way of the bucket's own backend.

#include "base/log.h"
#include "storage/backends.h"

namespace stateferry::storage {

namespace {
/// "managed+s3://bucket/prefix".
std::string UriOf(const Location& location, const std::string& prefix) {
  return location.scheme + "://" + location.authority + (prefix.empty() ? "" : "/" + prefix);
}

bool IsAtOrBelow(const std::string& path, const std::string& prefix) {
  return prefix.empty() || path == prefix || path.starts_with(prefix + "/");
}

std::string OptionsOf(const Location& location) {
  std::string text;
  for (const auto& [name, value] : location.options) text += " " + name + "=" + value;
  return text;
}
}  // namespace

Result<managed::BucketPlace> OpenContext::PathInBucket(const Location& behind, Access access) {
  if (options_.stores_dir.empty())
    return Error(ErrorCode::kRefused,
                 "there is no home directory for the index of the store that " + behind.ToString() +
                     " is in")
        .WithHint("say with --home where it may be");
  SF_TRY(auto place, OpenPlace(*this, behind, access));
  if (with_retries_) place.backend = with_retries_(std::move(place.backend));
  return managed::BucketPlace{
      .backend = std::move(place.backend), .prefix = std::move(place.prefix), .uri = {}};
}

Result<OpenContext::InBucket> OpenContext::ResolveInBucket(const Location& location,
                                                           const Location& behind, Access access) {
  SF_TRY(auto place, PathInBucket(behind, access));
  const std::string path = std::move(place.prefix);
  const std::string bucket = UriOf(location, "") + OptionsOf(location) + "\n";
  managed::BucketStorePath split;
  bool known = false;
  // A store that is open is found without asking: stores do not nest.
  for (const auto& [name, open] : stores_) {
    if (!name.starts_with(bucket) || !IsAtOrBelow(path, name.substr(bucket.size()))) continue;
    split = managed::SplitBucketPath(path, name.substr(bucket.size()));
    known = true;
  }
  if (!known) {
    SF_TRY(split, managed::ResolveBucketStore(*place.backend, path, location.ToString()));
  }
  place.prefix = split.prefix;
  place.uri = UriOf(location, split.prefix);
  managed::StorePath store_path{.store_dir = bucket + split.prefix,
                                .project = std::move(split.project),
                                .key = std::move(split.key)};
  return InBucket{.place = std::move(place), .path = std::move(store_path)};
}

Result<OpenContext::FoundStore> OpenContext::OpenStoreInBucket(const Location& location,
                                                               const Location& behind,
                                                               Access access) {
  SF_TRY(auto found, ResolveInBucket(location, behind, access));
  auto& open = stores_[found.path.store_dir];
  if (!open.writer && (access == Access::kWrite || !open.reader)) {
    auto store = managed::OpenInBucket(
        io_, *clock_, found.place, options_.stores_dir,
        {.read_only = access == Access::kRead, .compress = options_.compress});
    if (!store) {
      if (!open.reader) stores_.erase(found.path.store_dir);
      return std::move(store).error();
    }
    LogInfo("storage", "opened the store {} for {}", found.place.uri,
            access == Access::kWrite ? "writing" : "reading");
    (access == Access::kWrite ? open.writer : open.reader) = std::move(store).value();
  }
  return FoundStore{.store = open.writer ? open.writer.get() : open.reader.get(),
                    .uri = std::move(found.place.uri),
                    .path = std::move(found.path)};
}

Result<void> OpenContext::InitStore(const Location& location) {
  const auto behind = BucketBehind(location);
  if (!behind) {
    SF_TRY(const auto dir, DirectoryOf(location));
    return managed::Store::Init(io_, *clock_, dir);
  }
  SF_TRY(auto place, PathInBucket(*behind, Access::kWrite));
  place.uri = UriOf(location, place.prefix);
  return managed::InitBucket(*clock_, place);
}

Result<managed::RebuildReport> OpenContext::RebuildIndex(const Location& location,
                                                         const managed::StoreProgress& progress,
                                                         std::stop_token stop) {
  const auto behind = BucketBehind(location);
  if (!behind) {
    SF_TRY(const auto dir, DirectoryOf(location));
    SF_TRY(const auto path, managed::ResolveStorePath(io_, dir));
    return managed::RebuildIndex(io_, *clock_, path.store_dir, progress, stop);
  }
  SF_TRY(const auto found, ResolveInBucket(location, *behind, Access::kRead));
  return managed::RebuildIndexOfBucket(io_, *clock_, found.place, options_.stores_dir, progress,
                                       stop);
}

}  // namespace stateferry::storage
