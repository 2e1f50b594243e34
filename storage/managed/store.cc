// Making, opening and asking a store.

#include "storage/managed/maintenance.h"
#include "storage/managed/managed_backend.h"
#include "storage/managed/managed_store.h"
#include "storage/managed/store_core.h"

namespace stateferry::storage::managed {

namespace {

class StoreImpl : public Store {
 public:
  StoreImpl(std::optional<StoreLock> lock, std::unique_ptr<StoreCore> core)
      : lock_(std::move(lock)), core_(std::move(core)), reader_(*core_) {}
  ~StoreImpl() override = default;

  Result<std::shared_ptr<Backend>> Project(const std::string& project) override {
    SF_TRY(CheckProjectName(project));
    return std::shared_ptr<Backend>(std::make_shared<ManagedBackend>(*core_, reader_, project));
  }
  Result<StoreInfo> Info() override { return ReadInfo(*core_); }
  Result<CheckReport> Check(CheckLevel level, const StoreProgress& progress,
                            std::stop_token stop) override {
    return CheckStore(*core_, level, progress, stop);
  }
  Result<GcReport> Gc(const GcOptions& options, const StoreProgress& progress,
                      std::stop_token stop) override {
    return CollectGarbage(*core_, options, progress, stop);
  }
  Result<std::uint64_t> Forget(const std::string& project, const std::string& prefix) override {
    return ForgetFiles(*core_, project, prefix);
  }
  Result<std::uint64_t> DropStaleUploads(std::int64_t age_s) override {
    return DropUploads(*core_, age_s);
  }
  WriteStats write_stats() const override {
    std::lock_guard lock(core_->mutex);
    return core_->stats;
  }

 private:
  std::optional<StoreLock> lock_;  // given up last
  std::unique_ptr<StoreCore> core_;
  FileReader reader_;
};

}  // namespace

std::unique_ptr<Store> MakeStore(std::optional<StoreLock> lock, std::unique_ptr<StoreCore> core) {
  return std::make_unique<StoreImpl>(std::move(lock), std::move(core));
}

Result<std::unique_ptr<Store>> Store::Open(const FileIo& io, Clock& clock, const std::string& dir,
                                           const StoreOptions& options) {
  const StoreLayout layout{dir};
  SF_TRY(auto meta, ReadStoreMeta(io, layout));
  std::optional<StoreLock> lock;
  if (!options.read_only) {
    SF_TRY(auto acquired, StoreLock::Acquire(io, clock, layout));
    lock = std::move(acquired);
    SF_TRY(FinishIndexSwap(io, layout));
  }
  SF_TRY(auto index_dir, layout.IndexDirToRead(io));
  SF_TRY(bool has_index, io.Exists(index_dir + "/CURRENT"));
  if (!has_index)
    return Error(ErrorCode::kCorruption, "store " + dir + " has lost its index")
        .WithHint("rebuild it from the packs: stateferry store rebuild-index " + dir);
  auto core =
      std::make_unique<StoreCore>(io, clock, PartsInDirectory(io, dir), std::move(meta), options);
  SF_TRY(auto index,
         IndexDb::Open(io, index_dir,
                       options.read_only ? IndexDb::Mode::kReadOnly : IndexDb::Mode::kReadWrite));
  core->set_index(std::move(index));
  if (!options.read_only) SF_TRY(core->Recover());
  return MakeStore(std::move(lock), std::move(core));
}

}  // namespace stateferry::storage::managed
