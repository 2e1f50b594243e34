#include "storage/places.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/backends.h"
#include "storage/given_options.h"
#include "storage/managed/managed_store.h"
#include "storage/s3/open_bucket.h"
#include "storage/wrap/read_only.h"
#include "storage/wrap/retrying.h"
#include "storage/wrap/throttled.h"

namespace stateferry::storage {

std::string Place::Key(std::string_view name) const {
  if (prefix.empty()) return std::string(name);
  if (name.empty()) return prefix;
  return prefix + "/" + std::string(name);
}

struct Places::State {
  State(FileIo io, Clock& clock, PlacesOptions options)
      : retry{.retries = options.retries,
              .max_wait = options.retry_max_wait,
              .random = SystemRandomFraction(),
              .stop = options.stop,
              .counter = std::make_shared<std::atomic<std::uint64_t>>(0)},
        context(io, clock, std::move(options)) {
    context.set_retries([this](std::shared_ptr<Backend> backend) {
      return WithRetries(std::move(backend), this->context.clock(), retry);
    });
    if (const auto& table = context.options().bwlimit; !table.never_limits())
      bandwidth = std::make_shared<BandwidthLimit>(clock, table);
  }

  /// The stack around every backend.
  std::shared_ptr<Backend> Wrap(std::shared_ptr<Backend> backend, Access access) const {
    // Inside of the retries: repeated bytes use the line too.
    if (bandwidth) backend = WithThrottle(std::move(backend), bandwidth, retry.stop);
    backend = WithRetries(std::move(backend), context.clock(), retry);
    if (access == Access::kRead) backend = WithReadOnly(std::move(backend));
    return backend;
  }

  const RetryOptions retry;
  std::shared_ptr<BandwidthLimit> bandwidth;
  OpenContext context;  // guarded by mutex
  std::mutex mutex;
  GivenOptions given_options;  // guarded by mutex
  /// ServiceOf, by bucket and options.
  std::map<std::string, std::string> services;                            // guarded by mutex
  std::vector<std::pair<Location, std::shared_ptr<Backend>>> registered;  // guarded by mutex
};

Places::Places(FileIo io, Clock& clock, PlacesOptions options)
    : state_(std::make_unique<State>(io, clock, std::move(options))) {}

Places::~Places() = default;

void Places::Give(const Location& location) {
  std::lock_guard lock(state_->mutex);
  state_->given_options.Give(location);
}

Result<Place> Places::Open(const Location& location, Access access) {
  std::lock_guard lock(state_->mutex);
  for (const auto& [root, backend] : state_->registered)
    if (IsWithin(location, root))
      return Place{.backend = backend, .prefix = RelativeTo(location, root), .location = location};
  SF_TRY(const Location complete, state_->given_options.Complete(location));
  SF_TRY(auto place, OpenPlace(state_->context, complete, access));
  place.backend = state_->Wrap(std::move(place.backend), access);
  return place;
}

Result<Places::Object> Places::OpenObject(const Location& location, Access access) {
  const std::string name = location.Name();
  if (name.empty())
    return Error(ErrorCode::kInvalidArgument,
                 location.ToString() + " names a whole place, not an object");
  if (location.scheme == "s3" || location.scheme == "oss") {
    // A place of the configuration may begin at the object itself, and its parent be another.
    SF_TRY(auto place, Open(location, access));
    std::string key = std::exchange(place.prefix, {});
    place.prefix = key.substr(0, key.size() - std::min(key.size(), name.size() + 1));
    place.location = location.Parent();
    return Object{.place = std::move(place), .key = std::move(key)};
  }
  SF_TRY(auto place, Open(location.Parent(), access));
  std::string key = place.Key(name);
  return Object{.place = std::move(place), .key = std::move(key)};
}

Result<managed::Store*> Places::ManagedStore(const Location& location, Access access) {
  if (!IsManaged(location)) return static_cast<managed::Store*>(nullptr);
  SF_TRY(auto found, FindStore(location, access));
  return found.store;
}

namespace {
Error NoStore(const Location& location) {
  return Error(ErrorCode::kInvalidArgument, location.ToString() + " is no place of a store");
}
}  // namespace

Result<Places::StoreAt> Places::FindStore(const Location& location, Access access) {
  if (!IsManaged(location)) return NoStore(location);
  std::lock_guard lock(state_->mutex);
  SF_TRY(const Location complete, state_->given_options.Complete(location));
  SF_TRY(auto found, state_->context.OpenStore(complete, access));
  return StoreAt{.store = found.store,
                 .uri = std::move(found.uri),
                 .project = std::move(found.path.project),
                 .key = std::move(found.path.key)};
}

Result<void> Places::InitStore(const Location& location) {
  if (!IsManaged(location)) return NoStore(location);
  std::lock_guard lock(state_->mutex);
  SF_TRY(const Location complete, state_->given_options.Complete(location));
  return state_->context.InitStore(complete);
}

Result<managed::RebuildReport> Places::RebuildIndex(
    const Location& location, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  if (!IsManaged(location)) return NoStore(location);
  std::lock_guard lock(state_->mutex);
  SF_TRY(const Location complete, state_->given_options.Complete(location));
  return state_->context.RebuildIndex(complete, progress, state_->retry.stop);
}

std::string Places::ServiceOf(const Location& location) const {
  std::lock_guard lock(state_->mutex);
  for (const auto& [root, backend] : state_->registered)
    if (IsWithin(location, root)) return {};
  const auto complete = state_->given_options.Complete(BucketBehind(location).value_or(location));
  if (!complete || !IsInBucket(complete->ToString())) return {};
  // It takes the files of the vendor's tools, and a transfer asks several times for each file.
  const PlacesOptions& options = state_->context.options();
  const std::string name = s3::NameOfBucket(*complete, options.place_profiles);
  auto known = state_->services.find(name);
  if (known == state_->services.end()) {
    // What cannot be resolved cannot be opened either, and is reported there.
    const auto bucket = s3::FindBucket(*complete, state_->context.clock(), options.environment,
                                       options.place_profiles);
    known = state_->services.emplace(name, bucket ? bucket->Service() : std::string()).first;
  }
  return known->second;
}

std::uint32_t Places::checkers() const { return std::max(state_->context.options().checkers, 1u); }

std::uint64_t Places::retries() const { return *state_->retry.counter; }

void Places::Register(const Location& root, std::shared_ptr<Backend> backend) {
  std::lock_guard lock(state_->mutex);
  state_->registered.emplace_back(root, std::move(backend));
}

}  // namespace stateferry::storage
