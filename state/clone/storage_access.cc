#include "state/clone/storage_access.h"

#include <fmt/format.h>

#include <array>
#include <optional>

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

}  // namespace

Result<void> ProbeSourceBucket(const Space& space, const std::string& reader,
                               storage::Places& places, workflow::Findings& findings) {
  if (!space.target.managed || !storage::IsInBucket(space.source.storage.ToString())) return {};
  SF_TRY(const auto place, places.Open(space.source.storage, storage::Access::kRead));
  std::optional<std::string> first;
  const auto listed = place.backend->List(place.prefix.empty() ? "" : place.prefix + "/",
                                          [&](const storage::ObjectMeta& meta) -> Result<void> {
                                            first = meta.key;
                                            return Error(ErrorCode::kCancelled, "one is enough");
                                          });
  if (!listed && !first) {
    if (listed.error().code() != ErrorCode::kPermission) return listed.error();
    Deny(space, kList, reader, listed.error(), findings);
  }
  if (!first) return {};
  std::array<std::byte, 1> byte{};
  const auto read = place.backend->ReadRange(*first, 0, byte);
  if (read || read.error().code() == ErrorCode::kNotFound) return {};
  if (read.error().code() != ErrorCode::kPermission) return read.error();
  Deny(space, kGet, reader, read.error(), findings);
  return {};
}

}  // namespace stateferry::state::clone
