#include <memory>
#include <utility>

#include "storage/file_backend.h"
#include "storage/managed/bucket_place.h"
#include "storage/managed/managed_store.h"
#include "storage/memory_backend.h"
#include "storage/wrap/metered.h"
#include "storage/wrap/retrying.h"
#include "storage/wrap/throttled.h"
#include "tests/conformance/conformance.h"

namespace stateferry::storage {
namespace {

Result<std::shared_ptr<Backend>> OpenMemory(const ScratchDir&) {
  return MakeMemoryBackend(SystemClock(), "test");
}
Result<std::shared_ptr<Backend>> OpenFile(const ScratchDir& dir) {
  return OpenFileBackend(FileIo(), dir.File("bucket"));
}
/// A project that keeps its store open.
Result<std::shared_ptr<Backend>> OpenManaged(const ScratchDir& dir) {
  const std::string store_dir = dir.File("store");
  SF_TRY(bool exists, FileIo().Exists(store_dir));
  if (!exists) SF_TRY(managed::Store::Init(FileIo(), SystemClock(), store_dir));
  SF_TRY(auto opened, managed::Store::Open(FileIo(), SystemClock(), store_dir, {}));
  std::shared_ptr<managed::Store> store = std::move(opened);
  SF_TRY(auto project, store->Project("project"));
  Backend* backend = project.get();
  auto both = std::make_shared<std::pair<decltype(store), decltype(project)>>(store, project);
  return std::shared_ptr<Backend>(std::move(both), backend);
}
/// A project of a store in a bucket, which is a directory.
Result<std::shared_ptr<Backend>> OpenManagedInBucket(const ScratchDir& dir) {
  SF_TRY(auto bucket, OpenFileBackend(FileIo(), dir.File("bucket")));
  const managed::BucketPlace place{
      .backend = std::move(bucket), .prefix = "s", .uri = "managed+x://b/s"};
  auto made = managed::InitBucket(SystemClock(), place);
  if (!made && made.error().code() != ErrorCode::kConflict) return std::move(made).error();
  SF_TRY(auto opened,
         managed::OpenInBucket(FileIo(), SystemClock(), place, dir.File("stores"), {}));
  std::shared_ptr<managed::Store> store = std::move(opened);
  SF_TRY(auto project, store->Project("project"));
  Backend* backend = project.get();
  auto both = std::make_shared<std::pair<decltype(store), decltype(project)>>(store, project);
  return std::shared_ptr<Backend>(std::move(both), backend);
}
Result<std::shared_ptr<Backend>> OpenWrapped(const ScratchDir& dir) {
  SF_TRY(auto backend, OpenFile(dir));
  backend = WithRetries(std::move(backend), SystemClock(), {});
  backend = WithMeter(std::move(backend), std::make_shared<Meter>());
  return WithThrottle(
      std::move(backend),
      std::make_shared<BandwidthLimit>(SystemClock(), BandwidthTable(std::uint64_t{1} << 40)));
}

INSTANTIATE_TEST_SUITE_P(
    , BackendConformance,
    testing::Values(
        // One line for each backend.
        BackendCase{.name = "memory", .open = OpenMemory, .survives_reopen = false},
        BackendCase{.name = "file", .open = OpenFile, .keys_are_paths = true},
        BackendCase{.name = "wrapped", .open = OpenWrapped, .keys_are_paths = true},
        BackendCase{.name = "managed", .open = OpenManaged},
        BackendCase{.name = "managed_in_bucket", .open = OpenManagedInBucket}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace stateferry::storage
