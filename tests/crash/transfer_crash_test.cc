// The process "dies" at its k-th change of storage or journal, for every k; then the same command
// runs again in a new one.

#include <gtest/gtest.h>

#include <atomic>

#include "storage/managed/managed_store.h"
#include "tests/transfer/forwarding_journal.h"
#include "tests/transfer/transfer_rig.h"

namespace stateferry::transfer {
namespace {

/// Counts changes; from the k-th on nothing can be changed any more.
class CrashPoint final : public IoHooks {
 public:
  explicit CrashPoint(std::uint64_t at) : at_(at) {}
  Result<void> Before(IoOp op, std::string_view /*path*/) override {
    return Changes(op) ? Step() : Result<void>();
  }
  Result<void> Step() {
    if (++seen_ < at_) return {};
    return Error(ErrorCode::kIo, "the process is dead");
  }
  bool fired() const { return seen_ >= at_; }

 private:
  const std::uint64_t at_;
  std::atomic<std::uint64_t> seen_{0};
};

class CrashingJournal final : public ForwardingJournal {
 public:
  CrashingJournal(Journal& inner, CrashPoint& crash) : ForwardingJournal(inner), crash_(crash) {}
  Result<void> BeforeChange() override { return crash_.Step(); }

 private:
  CrashPoint& crash_;
};

constexpr std::uint64_t kNever = UINT64_MAX;

class TransferCrash : public ::testing::Test {
 protected:
  void SetUp() override {
    files_ = {{"empty", ""},
              {"big", Content(40'000, 1)},
              {"dir/same", Content(40'000, 1)},
              {"dir/small", Content(100, 2)},
              {"z", Content(9'000, 3)}};
    for (const auto& [name, bytes] : files_)
      ASSERT_TRUE(source_->Put("in/" + name, AsBytes(bytes), {}));
  }

  /// One process: its own places, journal and locks.
  Result<TransferReport> Process(const std::string& home, const storage::Location& to,
                                 CrashPoint& crash) {
    const FileIo io(&crash);
    SF_TRY(auto journal, Journal::Open(io, clock_, home, false));
    CrashingJournal crashing(*journal, crash);
    storage::Places places(io, clock_, {});
    places.Register(At("mem://source/"), source_);
    TransferRequest request;
    request.kind = "copy";
    request.from = "mem://source/in";
    request.to = to;
    TransferOptions options;
    options.part_bytes = 8'000;
    options.commit_bytes = 16'000;
    options.workers = 2;
    NullProgress quiet;
    const FileLister lister = [&](const FileVisitor& visit) -> Result<void> {
      return source_->List("in/", [&](const storage::ObjectMeta& meta) -> Result<void> {
        return visit({.from_dir = At("mem://source/in"),
                      .from_name = meta.key.substr(3),
                      .to_name = meta.key.substr(3),
                      .size_bytes = meta.size_bytes,
                      .etag = meta.etag});
      });
    };
    const Finalizer finalize = [&]() -> Result<std::vector<LastObjectReceipt>> {
      SF_TRY(auto place, places.Open(to, storage::Access::kWrite));
      SF_TRY(place.backend->Put(place.Key("_metadata"), AsBytes("last"), {}));
      return std::vector<LastObjectReceipt>();
    };
    return RunTransfer(request, lister, finalize, options, {places, crashing, clock_, quiet, {}});
  }

  /// What every crash leaves: no snapshot that looks whole, and after the repeat all bytes.
  void ExpectNotWholeYet(const storage::Location& to) {
    storage::Places places(FileIo(), clock_, {});
    auto place = places.Open(to, storage::Access::kRead);
    if (!place) return;  // not even made
    auto last = place->backend->Stat(place->Key("_metadata"));
    if (!last) return;
    for (const auto& [name, bytes] : files_) {
      auto found = storage::ReadAll(*place->backend, place->Key(name), 1u << 30);
      EXPECT_TRUE(found && *found == bytes) << name << " is not whole, but _metadata is there";
    }
  }
  void ExpectAllBytes(const storage::Location& to) {
    storage::Places places(FileIo(), clock_, {});
    auto place = places.Open(to, storage::Access::kRead);
    ASSERT_TRUE(place) << place.error().message();
    for (const auto& [name, bytes] : files_) {
      auto found = storage::ReadAll(*place->backend, place->Key(name), 1u << 30);
      ASSERT_TRUE(found) << found.error().message();
      EXPECT_EQ(*found, bytes) << name;
    }
    EXPECT_TRUE(place->backend->Stat(place->Key("_metadata")));
  }

  /// Crashes at the k-th change of a fresh transfer into to_of(dir); false when there is no k-th.
  bool CrashAt(std::uint64_t k, const std::string& dir, const storage::Location& to) {
    CrashPoint crash(k);
    auto died = Process(dir + "/home", to, crash);
    if (!crash.fired()) {
      EXPECT_TRUE(died) << died.error().message();
      return false;
    }
    ExpectNotWholeYet(to);
    CrashPoint none(kNever);
    auto report = Process(dir + "/home", to, none);
    EXPECT_TRUE(report) << report.error().message();
    if (report) {
      EXPECT_EQ(report->status, TransferStatus::kCommitted);
    }
    ExpectAllBytes(to);
    CrashPoint still_none(kNever);
    auto again = Process(dir + "/home", to, still_none);
    EXPECT_TRUE(again && again->already_done);
    return true;
  }

  fakes::FakeClock clock_;
  std::shared_ptr<storage::Backend> source_ = storage::MakeMemoryBackend(clock_, "source");
  std::map<std::string, std::string> files_;
};

TEST_F(TransferCrash, IntoABucketDirectoryAtEveryChange) {
  std::uint64_t k = 1;
  for (;; ++k) {
    SCOPED_TRACE("crash at change " + std::to_string(k));
    TempDir dir;
    ASSERT_TRUE(FileIo().MakeDirsDurably(dir.path() + "/bucket"));
    const auto to = At("file://" + dir.path() + "/bucket/out");
    if (!CrashAt(k, dir.path(), to) || HasFailure()) break;
  }
  EXPECT_GT(k, 30u);
}

TEST_F(TransferCrash, IntoManagedStorageAtEveryChange) {
  std::uint64_t k = 1;
  for (;; ++k) {
    SCOPED_TRACE("crash at change " + std::to_string(k));
    TempDir dir;
    const auto store_dir = dir.path() + "/store";
    ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock_, store_dir));
    const auto to = At("managed://" + store_dir + "/project/out");
    if (!CrashAt(k, dir.path(), to) || HasFailure()) break;
    auto store = storage::managed::Store::Open(FileIo(), clock_, store_dir, {});
    ASSERT_TRUE(store) << store.error().message();
    auto checked = (*store)->Check(storage::managed::CheckLevel::kDeep, {}, {});
    ASSERT_TRUE(checked) << checked.error().message();
    for (const auto& damage : checked->damages) ADD_FAILURE() << damage.what;
  }
  EXPECT_GT(k, 20u);
}

}  // namespace
}  // namespace stateferry::transfer
