#pragma once
// A store in a bucket of memory, and machines that share it.

#include <functional>
#include <set>

#include "storage/managed/bucket_place.h"
#include "storage/memory_backend.h"
#include "storage/wrap/forwarding.h"
#include "tests/fakes/fake_clock.h"
#include "tests/storage/managed/store_fixture.h"

namespace stateferry::storage::managed {

/// Of a project: key -> bytes.
using Content = std::map<std::string, std::string>;

/// What changes objects counts; from the call `die_at` on nothing works any more, as when the
/// process was killed there: before that call has done anything, or just after.
class DyingBackend final : public ForwardingBackend {
 public:
  struct Fate {
    std::uint64_t die_at = UINT64_MAX;  ///< from 1
    bool after = false;
    std::uint64_t calls = 0;
    bool dead() const { return calls >= die_at; }
    /// Does a change, or fails.
    template <typename Call>
    auto Change(Call call) -> decltype(call()) {
      const Error cut(ErrorCode::kUnavailable, "the network is gone");
      if (dead()) return cut;
      ++calls;
      if (!dead()) return call();
      if (after) (void)call();
      return cut;
    }
  };

  explicit DyingBackend(std::shared_ptr<Backend> inner, std::shared_ptr<Fate> fate)
      : ForwardingBackend(std::move(inner)), fate_(std::move(fate)) {}

  Result<ObjectMeta> Stat(std::string_view key) override {
    SF_TRY(Alive());
    return inner().Stat(key);
  }
  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    return fate_->Change([&] { return inner().Put(key, bytes, options); });
  }
  Result<void> Delete(std::string_view key) override {
    return fate_->Change([&] { return inner().Delete(key); });
  }
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    SF_TRY(auto upload, fate_->Change([&] { return inner().StartUpload(key, options); }));
    return std::unique_ptr<Upload>(std::make_unique<DyingUpload>(std::move(upload), fate_));
  }

 private:
  class DyingUpload final : public ForwardingUpload {
   public:
    DyingUpload(std::unique_ptr<Upload> inner, std::shared_ptr<Fate> fate)
        : ForwardingUpload(std::move(inner)), fate_(std::move(fate)) {}
    Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override {
      return fate_->Change([&] { return inner().PutPart(part_index, bytes); });
    }
    Result<void> Complete() override {
      return fate_->Change([&] { return inner().Complete(); });
    }
    Result<void> Abort() override {
      return fate_->Change([&] { return inner().Abort(); });
    }

   private:
    const std::shared_ptr<Fate> fate_;
  };
  Result<void> Alive() const {
    if (fate_->dead()) return Error(ErrorCode::kUnavailable, "the network is gone");
    return {};
  }
  const std::shared_ptr<Fate> fate_;
};

/// While it is frozen, its listings show of the others' objects only what was there before: what
/// they commit between a listing and the next request.
class BlindBackend final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  void Freeze() {
    visible_.clear();
    Must(inner().List("", [&](const ObjectMeta& meta) -> Result<void> {
      visible_.insert(meta.key);
      return {};
    }));
    frozen_ = true;
  }
  void Thaw() { frozen_ = false; }
  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override {
    return inner().List(prefix, [&](const ObjectMeta& meta) -> Result<void> {
      return frozen_ && !visible_.contains(meta.key) ? Result<void>() : visit(meta);
    });
  }
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    visible_.insert(std::string(key));
    return inner().StartUpload(key, options);
  }

 private:
  bool frozen_ = false;
  std::set<std::string> visible_;
};

class BucketStoreTest : public ::testing::Test {
 protected:
  BucketStoreTest() : bucket_(MakeMemoryBackend(clock_, "bucket")) {
    Must(InitBucket(clock_, Place()));
  }

  BucketPlace Place() const { return Place(bucket_); }
  static BucketPlace Place(std::shared_ptr<Backend> backend) {
    return {.backend = std::move(backend), .prefix = "at/store", .uri = "managed+mem://b/at/store"};
  }
  /// Where the machine of that name keeps its indexes.
  std::string Home(const std::string& machine) const { return temp_.path() + "/" + machine; }
  Result<std::unique_ptr<Store>> TryOpen(const std::string& machine, StoreOptions options = {},
                                         std::shared_ptr<Backend> backend = nullptr) {
    return OpenInBucket(FileIo(), clock_, Place(backend ? backend : bucket_), Home(machine),
                        options);
  }
  std::unique_ptr<Store> Open(const std::string& machine, StoreOptions options = {}) {
    return Must(TryOpen(machine, options));
  }
  /// A store that does not hear of what others commit from now on.
  std::unique_ptr<Store> OpenBlind(const std::string& machine) {
    const auto blind = std::make_shared<BlindBackend>(bucket_);
    auto store = Must(TryOpen(machine, {}, blind));
    blind->Freeze();
    return store;
  }
  /// The files of project p, as that machine finds them now.
  std::map<std::string, std::string> Files(const std::string& machine) {
    auto store = Open(machine, ReadOnly());
    return ReadEverything(*Must(store->Project("p")));
  }
  /// One commit.
  void Commit(Store& store, const std::string& key, const std::string& text) {
    auto project = Must(store.Project("p"));
    Must(TryPut(*project, key, text));
    Must(project->Flush());
  }
  std::map<std::string, std::string> Objects() const {  // key -> etag
    std::map<std::string, std::string> objects;
    Must(bucket_->List("", [&](const ObjectMeta& meta) -> Result<void> {
      objects[meta.key] = meta.etag;
      return {};
    }));
    return objects;
  }

  fakes::FakeClock clock_;
  const TempDir temp_;
  const std::shared_ptr<Backend> bucket_;
};

}  // namespace stateferry::storage::managed
