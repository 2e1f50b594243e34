#include "state/clone/storage_access.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "state/catalog/project_storage.h"

namespace stateferry::state::clone {

namespace {

/// The actions as the services call them.
struct Action {
  std::string_view what, oss, s3;
};
constexpr Action kList{"list", "oss:ListObjects", "s3:ListBucket"};
constexpr Action kGet{"read", "oss:GetObject", "s3:GetObject"};

void Deny(const Space& space, const Action& action, const std::string& reader, const Error& error,
          workflow::Findings& findings) {
  const auto& place = space.source.storage;
  const std::string bucket = place.authority + (place.path == "/" ? "" : place.path);
  findings.Error(
      "C-21", "storage_access",
      fmt::format("may not {} the bucket '{}' of the source workspace '{}': {} is denied ({}); to "
                  "clone from a bucket into managed storage, {} must be allowed to list and read",
                  action.what, place.authority, space.source.workspace.key.name,
                  place.scheme == "oss" ? action.oss : action.s3, error.message(), reader),
      fmt::format("attach the policy that `stateferry policy print --principal {} {}` prints to "
                  "the bucket",
                  reader, bucket));
}

/// The first object below a location.
Result<std::optional<std::string>> FirstBelow(const storage::Place& place,
                                              const storage::Location& location) {
  const std::string below = storage::RelativeTo(location, place.location);
  const std::string prefix = place.Key(below);
  std::optional<std::string> first;
  const auto listed = place.backend->List(prefix.empty() ? "" : prefix + "/",
                                          [&](const storage::ObjectMeta& meta) -> Result<void> {
                                            first = meta.key;
                                            return Error(ErrorCode::kCancelled, "one is enough");
                                          });
  if (!listed && !first) return listed.error();
  return first;
}

}  // namespace

Result<bool> ProbeSourceBucket(const CloneRequest& request, const Space& space,
                               storage::Places& places, workflow::Findings& findings) {
  if (!space.target.managed || !storage::IsInBucket(space.source.storage.ToString())) return true;
  SF_TRY(const auto place, places.Open(space.source.storage, storage::Access::kRead));
  auto object = FirstBelow(place, catalog::FilesRoot(space.source.root));
  // Without state no object but files is read, not even for this (C-39).
  if (object && !*object && request.state == StateStrategy::kStateful)
    object = FirstBelow(place, space.source.storage);
  if (!object) {
    if (object.error().code() != ErrorCode::kPermission) return object.error();
    Deny(space, kList, request.storage_reader, object.error(), findings);
    return false;
  }
  if (!*object) return true;
  std::array<std::byte, 1> byte{};
  const auto read = place.backend->ReadRange(**object, 0, byte);
  if (read || read.error().code() == ErrorCode::kNotFound) return true;
  if (read.error().code() != ErrorCode::kPermission) return read.error();
  Deny(space, kGet, request.storage_reader, read.error(), findings);
  return false;
}

}  // namespace stateferry::state::clone
