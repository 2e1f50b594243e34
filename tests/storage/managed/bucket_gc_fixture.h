#pragma once

#include "tests/storage/managed/bucket_fixture.h"

namespace stateferry::storage::managed {

using namespace std::chrono_literals;

/// Does something between a machine's requests: before it changes an object whose key has that
/// part.
class InterruptedBackend final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  void Before(std::string part, std::function<void()> act) {
    part_ = std::move(part);
    act_ = std::move(act);
  }
  bool acted() const { return !act_; }

  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    Act(key);
    return inner().Put(key, bytes, options);
  }
  Result<void> Delete(std::string_view key) override {
    Act(key);
    return inner().Delete(key);
  }
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    Act(key);
    return inner().StartUpload(key, options);
  }

 private:
  void Act(std::string_view key) {
    if (act_ && key.find(part_) != std::string_view::npos) std::exchange(act_, nullptr)();
  }
  std::string part_;
  std::function<void()> act_;
};

/// Gc where other machines write.
class BucketGcTest : public BucketStoreTest {
 protected:
  static constexpr auto kGrace = 24h;

  GcReport Gc(Store& store, bool dry_run = false) {
    return Must(store.Gc({.dry_run = dry_run, .grace = kGrace}, {}, {}));
  }
  GcReport Gc(const std::string& machine) { return Gc(*Open(machine)); }
  std::uint64_t Count(const std::string& part) const {
    std::uint64_t count = 0;
    for (const auto& [key, etag] : Objects()) count += key.find(part) != std::string::npos;
    return count;
  }
  std::uint64_t Bytes() const {
    std::uint64_t bytes = 0;
    Must(bucket_->List("", [&](const ObjectMeta& meta) -> Result<void> {
      bytes += meta.size_bytes;
      return {};
    }));
    return bytes;
  }
  void Forget(const std::string& machine, const std::string& prefix) {
    Must(Open(machine)->Forget("p", prefix));
  }
  /// Until a gc finds nothing to do.
  void GcUntilDone(const std::string& machine) {
    for (int i = 0; i < 10; ++i) {
      clock_.Advance(kGrace + 1h);
      const auto report = Gc(machine);
      if (report.packs_marked == 0 && report.packs_deleted == 0) return;
    }
    FAIL() << "gc does not come to an end";
  }
  /// What every machine must find, one without any index as well.
  void ExpectEverywhere(const Content& files) {
    const std::string fresh = "fresh" + std::to_string(++fresh_);
    for (const std::string& machine : {std::string("one"), std::string("two"), fresh}) {
      EXPECT_EQ(Files(machine), files) << machine;
      const auto check = Must(Open(machine, ReadOnly())->Check(CheckLevel::kDeep, {}, {}));
      EXPECT_TRUE(check.damages.empty()) << machine << ": " << check.damages.front().what;
    }
  }

  /// Two files whose chunks share a pack: without "drop" it is sparse.
  void CommitKeepAndDrop() {
    auto store = Open("one");
    auto project = Must(store->Project("p"));
    Must(TryPut(*project, "keep", big_));
    Must(TryPut(*project, "drop", other_ + RandomText(300'000, 3)));
    Must(project->Flush());
  }

  const std::string big_ = RandomText(300'000, 1), other_ = RandomText(300'000, 2);
  int fresh_ = 0;
};

}  // namespace stateferry::storage::managed
