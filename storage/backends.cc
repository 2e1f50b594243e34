#include "storage/backends.h"

#include <utility>

#include "base/log.h"
#include "storage/file_backend.h"
#include "storage/memory_backend.h"
#include "storage/s3/open_bucket.h"

namespace stateferry::storage {

namespace {

// A snapshot's files may lie in thousands of directories (one per subtask), and the usual limit is
// 1024 descriptors in all.
constexpr std::size_t kRecentBackends = 64;

Result<Place> OpenFile(OpenContext& context, const Location& location, Access access) {
  SF_TRY(bool exists, context.io().Exists(location.path));
  if (!exists && access == Access::kRead)
    return Error(ErrorCode::kNotFound, location.ToString() + " does not exist");
  SF_TRY(auto backend, context.KeepRecent(location.path, [&] {
    return OpenFileBackend(context.io(), location.path);
  }));
  return Place{.backend = std::move(backend), .prefix = "", .location = location};
}

Result<Place> OpenMemory(OpenContext& context, const Location& location, Access) {
  SF_TRY(auto backend,
         context.Keep("mem " + location.authority, [&]() -> Result<std::shared_ptr<Backend>> {
           return MakeMemoryBackend(context.clock(), location.authority);
         }));
  return Place{
      .backend = std::move(backend), .prefix = location.path.substr(1), .location = location};
}

Result<Place> OpenManaged(OpenContext& context, const Location& location, Access access) {
  SF_TRY(auto found, context.OpenStore(location, access));
  if (found.path.project.empty())
    return Error(ErrorCode::kInvalidArgument, location.ToString() +
                                                  " is a store; add a project and a key, like " +
                                                  location.ToString() + "/PROJECT/KEY");
  SF_TRY(auto backend, found.store->Project(found.path.project));
  return Place{
      .backend = std::move(backend), .prefix = std::move(found.path.key), .location = location};
}

Result<Place> OpenInBucket(OpenContext& context, const Location& location, Access access) {
  const PlacesOptions& options = context.options();
  std::string name = s3::NameOfBucket(location, options.place_profiles);
  // Only where objects are made: the service that is read from may not know such options.
  const bool new_objects = access == Access::kWrite && !options.new_objects.empty();
  if (new_objects) name += " for new objects";
  SF_TRY(auto backend, context.Keep(name, [&] {
    return s3::OpenBucket(
        location, context.clock(),
        {.environment = options.environment,
         .profiles = options.place_profiles,
         .new_objects = new_objects ? options.new_objects : s3::NewObjectsSaid(),
         .rate_of = [&](const s3::Bucket& bucket) { return context.RateOf(bucket); },
         .stop = options.stop});
  }));
  return Place{
      .backend = std::move(backend), .prefix = location.path.substr(1), .location = location};
}

}  // namespace

Result<std::string> OpenContext::DirectoryOf(const Location& location) const {
  if (location.authority.empty()) return location.path;
  const auto named = options_.named_stores.find(location.authority);
  if (named == options_.named_stores.end())
    return Error(ErrorCode::kNotFound,
                 location.ToString() + " names the store \"" + location.authority +
                     "\", which the configuration does not list under stores");
  return named->second + (location.path == "/" ? "" : location.path);
}

Result<OpenContext::FoundStore> OpenContext::OpenStore(const Location& location, Access access) {
  if (const auto behind = BucketBehind(location))
    return OpenStoreInBucket(location, *behind, access);
  SF_TRY(const auto path, DirectoryOf(location));
  SF_TRY(auto store_path, managed::ResolveStorePath(io_, path));
  auto& open = stores_[store_path.store_dir];
  if (!open.writer && (access == Access::kWrite || !open.reader)) {
    SF_TRY(auto store, managed::Store::Open(
                           io_, *clock_, store_path.store_dir,
                           {.read_only = access == Access::kRead, .compress = options_.compress}));
    LogInfo("storage", "opened the store {} for {}", store_path.store_dir,
            access == Access::kWrite ? "writing" : "reading");
    (access == Access::kWrite ? open.writer : open.reader) = std::move(store);
  }
  return FoundStore{.store = open.writer ? open.writer.get() : open.reader.get(),
                    .uri = "managed://" + store_path.store_dir,
                    .path = std::move(store_path)};
}

// The service counts the requests to a bucket, whatever they say of credentials or new objects.
std::shared_ptr<s3::RequestRate> OpenContext::RateOf(const s3::Bucket& bucket) {
  auto& rate = rates_[bucket.location + " " + bucket.Service()];
  if (!rate) rate = std::make_shared<s3::RequestRate>(*clock_, options_.requests_per_s);
  return rate;
}

Result<std::shared_ptr<Backend>> OpenContext::Keep(const std::string& name,
                                                   const MakeBackend& make) {
  auto it = backends_.find(name);
  if (it == backends_.end()) {
    SF_TRY(auto backend, make());
    it = backends_.emplace(name, std::move(backend)).first;
  }
  return it->second;
}

Result<std::shared_ptr<Backend>> OpenContext::KeepRecent(const std::string& name,
                                                         const MakeBackend& make) {
  auto backend = alive_[name].lock();
  if (!backend) {
    SF_TRY(backend, make());
    std::erase_if(alive_, [](const auto& kept) { return kept.second.expired(); });
    alive_[name] = backend;
  }
  if (recent_.empty() || recent_.back() != backend) recent_.push_back(backend);
  if (recent_.size() > kRecentBackends) recent_.pop_front();
  return backend;
}

Result<Place> OpenPlace(OpenContext& context, const Location& location, Access access) {
  using Opener = Result<Place> (*)(OpenContext&, const Location&, Access);
  static constexpr std::pair<std::string_view, Opener> kSchemes[] = {
      {"file", OpenFile},           {"managed", OpenManaged},    {"mem", OpenMemory},
      {"oss", OpenInBucket},        {"s3", OpenInBucket},        {"managed+mem", OpenManaged},
      {"managed+oss", OpenManaged}, {"managed+s3", OpenManaged},
  };
  for (const auto& [scheme, open] : kSchemes)
    if (location.scheme == scheme) return open(context, location, access);
  return Error(ErrorCode::kRefused,
               location.ToString() + ": places of " + location.scheme + " cannot be opened");
}

}  // namespace stateferry::storage
