#include "storage/places.h"

#include <utility>
#include <vector>

#include "storage/backends.h"
#include "storage/managed/managed_store.h"

namespace stateferry::storage {

std::string Place::Key(std::string_view name) const {
  if (prefix.empty()) return std::string(name);
  if (name.empty()) return prefix;
  return prefix + "/" + std::string(name);
}

struct Places::State {
  State(FileIo io, Clock& clock, PlacesOptions options) : context(io, clock, std::move(options)) {}

  OpenContext context;  // guarded by mutex
  std::mutex mutex;
  std::vector<std::pair<Location, std::shared_ptr<Backend>>> registered;  // guarded by mutex
};

Places::Places(FileIo io, Clock& clock, PlacesOptions options)
    : state_(std::make_unique<State>(io, clock, std::move(options))) {}

Places::~Places() = default;

Result<Place> Places::Open(const Location& location, Access access) {
  std::lock_guard lock(state_->mutex);
  for (const auto& [root, backend] : state_->registered)
    if (IsWithin(location, root))
      return Place{.backend = backend, .prefix = RelativeTo(location, root), .location = location};
  return OpenPlace(state_->context, location, access);
}

Result<Places::Object> Places::OpenObject(const Location& location, Access access) {
  const std::string name = location.Name();
  if (name.empty())
    return Error(ErrorCode::kInvalidArgument,
                 location.ToString() + " names a whole place, not an object");
  SF_TRY(auto place, Open(location.Parent(), access));
  std::string key = place.Key(name);
  return Object{.place = std::move(place), .key = std::move(key)};
}

Result<managed::Store*> Places::ManagedStore(const Location& location, Access access) {
  if (location.scheme != "managed") return static_cast<managed::Store*>(nullptr);
  std::lock_guard lock(state_->mutex);
  SF_TRY(auto found, state_->context.OpenStore(location, access));
  return found.store;
}

void Places::Register(const Location& root, std::shared_ptr<Backend> backend) {
  std::lock_guard lock(state_->mutex);
  state_->registered.emplace_back(root, std::move(backend));
}

}  // namespace stateferry::storage
