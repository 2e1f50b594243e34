// Making, opening and rebuilding a store whose packs are in a bucket.

#include "base/log.h"
#include "storage/managed/bucket_place.h"
#include "storage/managed/catch_up.h"
#include "storage/managed/maintenance.h"

namespace stateferry::storage::managed {

namespace {

StoreParts PartsInBucket(const FileIo& io, const BucketPlace& place, const std::string& dir) {
  return {.dir = dir, .name = place.uri, .uri = place.uri, .packs = PacksInBucket(io, place)};
}

/// The index as it is, while another process of this machine, which writes, keeps it up to date.
Result<std::unique_ptr<Store>> OpenBesideWriter(std::unique_ptr<StoreCore> core) {
  SF_TRY(core->RefreshView());
  return MakeStore(std::nullopt, std::move(core));
}

Result<bool> HasIndex(const FileIo& io, const StoreLayout& layout) {
  SF_TRY(const auto dir, layout.IndexDirToRead(io));
  return io.Exists(dir + "/CURRENT");
}

}  // namespace

Result<std::unique_ptr<Store>> OpenInBucket(const FileIo& io, Clock& clock,
                                            const BucketPlace& place, const std::string& stores_dir,
                                            const StoreOptions& options) {
  SF_TRY(auto meta, ReadBucketMeta(place));
  const StoreLayout layout{stores_dir + "/" + meta.id.ToHex()};
  SF_TRY(io.MakeDirsDurably(layout.dir));
  auto core = std::make_unique<StoreCore>(io, clock, PartsInBucket(io, place, layout.dir),
                                          std::move(meta), options);
  auto taken = StoreLock::Acquire(io, clock, layout, place.uri);
  if (!taken && options.read_only && taken.error().code() == ErrorCode::kLocked) {
    SF_TRY(const bool has_index, HasIndex(io, layout));
    if (has_index) return OpenBesideWriter(std::move(core));
  }
  if (!taken) return std::move(taken).error();
  std::optional<StoreLock> lock(std::move(taken).value());
  SF_TRY(FinishIndexSwap(io, layout));
  SF_TRY(const bool has_index, HasIndex(io, layout));
  if (!has_index) LogInfo("storage", "{}: this machine has no index yet", place.uri);
  SF_TRY(io.MakeDirsDurably(layout.IndexDir()));
  SF_TRY(auto index, IndexDb::Open(io, layout.IndexDir(), IndexDb::Mode::kCreate));
  core->set_index(std::move(index));
  SF_TRY(core->Recover());
  if (!options.read_only) return MakeStore(std::move(lock), std::move(core));
  core->set_index(nullptr);  // closes it
  SF_TRY(core->RefreshView());
  return MakeStore(std::nullopt, std::move(core));
}

Result<RebuildReport> RebuildIndexOfBucket(const FileIo& io, Clock& clock, const BucketPlace& place,
                                           const std::string& stores_dir,
                                           const StoreProgress& progress, std::stop_token stop) {
  SF_TRY(auto meta, ReadBucketMeta(place));
  const std::string dir = stores_dir + "/" + meta.id.ToHex();
  const StoreLayout layout{dir};
  SF_TRY(io.MakeDirsDurably(dir));
  SF_TRY(auto lock, StoreLock::Acquire(io, clock, layout, place.uri));
  RebuildReport report;
  SF_TRY(ReplaceIndex(io, layout, [&](IndexDb& db) -> Result<void> {
    SF_TRY(const auto found, CatchUp(*PacksInBucket(io, place), meta, db, progress, stop));
    report.packs_left_out = found.packs_left_out;
    report.records_left_out = found.records_left_out;
    return {};
  }));
  StoreCore core(io, clock, PartsInBucket(io, place, dir), meta,
                 {.read_only = true, .compress = {}});
  SF_TRY(core.RefreshView());
  report.uri = core.uri();
  SF_TRY(report.info, ReadInfo(core));
  return report;
}

}  // namespace stateferry::storage::managed
