// The process "dies" at its k-th durable write of a run, for every k: of the records, the catalog,
// the journal or a file.  Then another process goes on, and all must be as if nothing had happened.

#include <gmock/gmock.h>

#include <atomic>

#include "state/catalog/forwarding_catalog.h"
#include "tests/fakes/source_dir.h"
#include "tests/state/workflow/workflow_rig.h"
#include "tests/transfer/forwarding_journal.h"

namespace stateferry::state::workflow {
namespace {

/// From the k-th write on nothing can be changed any more.
class Death final : public IoHooks {
 public:
  explicit Death(std::uint64_t at) : at_(at) {}
  Result<void> Before(IoOp op, std::string_view /*path*/) override {
    return Changes(op) ? Step() : Result<void>();
  }
  Result<void> Step() {
    if (++seen_ < at_) return {};
    return Error(ErrorCode::kIo, "the process is dead");
  }
  bool came() const { return seen_ >= at_; }

 private:
  const std::uint64_t at_;
  std::atomic<std::uint64_t> seen_{0};
};

class DyingStore final : public RunStore {
 public:
  DyingStore(RunStore& inner, Death& death) : inner_(inner), death_(death) {}
  Result<std::vector<workflow::Run>> List(const RunFilter& filter) override {
    return inner_.List(filter);
  }
  Result<std::optional<workflow::Run>> Find(const std::string& id) override {
    return inner_.Find(id);
  }
  Result<void> PutRun(const workflow::Run& run) override {
    SF_TRY(death_.Step());
    return inner_.PutRun(run);
  }
  Result<void> AddItems(const std::string& id, std::span<const Item> items) override {
    return inner_.AddItems(id, items);
  }
  Result<void> PutStates(const std::string& id, std::span<const Item> items) override {
    SF_TRY(death_.Step());
    return inner_.PutStates(id, items);
  }
  Result<std::vector<Item>> Items(const std::string& id, std::uint64_t first,
                                  std::size_t limit) override {
    return inner_.Items(id, first, limit);
  }
  Result<std::vector<Item>> WithStatus(const std::string& id, ItemStatus status) override {
    return inner_.WithStatus(id, status);
  }
  Result<Totals> Count(const std::string& id) override { return inner_.Count(id); }
  Result<void> PutFindings(const std::string& id, std::span<const Finding> findings) override {
    return inner_.PutFindings(id, findings);
  }
  Result<std::vector<Finding>> Findings(const std::string& id) override {
    return inner_.Findings(id);
  }
  Result<void> RemoveItems(const std::string& id) override { return inner_.RemoveItems(id); }
  Result<void> Remove(const std::string& id) override { return inner_.Remove(id); }

 private:
  RunStore& inner_;
  Death& death_;
};

class DyingCatalog final : public catalog::ForwardingCatalog {
 public:
  DyingCatalog(catalog::Catalog& inner, Death& death) : ForwardingCatalog(inner), death_(death) {}
  Result<void> Apply(std::span<const catalog::Change> changes) override {
    SF_TRY(death_.Step());
    return ForwardingCatalog::Apply(changes);
  }

 private:
  Death& death_;
};

class DyingJournal final : public transfer::ForwardingJournal {
 public:
  DyingJournal(transfer::Journal& inner, Death& death) : ForwardingJournal(inner), death_(death) {}
  Result<void> BeforeChange() override { return death_.Step(); }

 private:
  Death& death_;
};

class EngineCrash : public WorkflowRig {
 protected:
  std::vector<Item> Items() {
    std::vector<Item> items = {ItemOf(0, "v", "variable"), ItemOf(1, "w", "variable"),
                               StatefulItem(2, "orders"), BrokenItem(3, "broken"),
                               ItemOf(4, "last")};
    items[4].files = {{fakes::SourceDir() + "/README.md", dir.path() + "/target/files/README.md"}};
    return items;
  }
  Result<workflow::Run> DieAt(Death& death) {
    const FileIo io(&death);
    places = std::make_unique<storage::Places>(io, clock, storage::PlacesOptions());
    DyingJournal dying_journal(*journal, death);
    DyingStore dying_store(*store, death);
    DyingCatalog dying_catalog(*catalog, death);
    CatalogActions actions(ActionOptions(), dying_catalog,
                           {*places, dying_journal, clock, progress, {}});
    auto ended = GoWith(actions, dying_store, OnFailure::kDropState);
    EXPECT_FALSE(ended && death.came());
    // Those ask `death`, which may go before them.
    places = std::make_unique<storage::Places>(FileIo(), clock, storage::PlacesOptions());
    return ended;
  }
  /// What an undisturbed run leaves.
  void ExpectAllMade() {
    EXPECT_THAT(Made(), ::testing::ElementsAre("broken", "last", "orders"));
    EXPECT_THAT(Made("variable"), ::testing::ElementsAre("v", "w"));
    EXPECT_THAT(Made("snapshot"), ::testing::ElementsAre("sp-orders"));
    EXPECT_EQ(FilesIn("snapshots"), 9u);
    EXPECT_EQ(FilesIn("files"), 1u);
    const auto statuses = Statuses();
    EXPECT_EQ(statuses.at("broken"), "degraded_stateless");
    EXPECT_EQ(statuses.at("orders"), "succeeded");
    EXPECT_EQ(statuses.at("v"), "succeeded");
    for (const char* name : {"broken", "last", "orders"})
      EXPECT_EQ(catalog::Get(*catalog, kTarget, {"deployment", name})->made_by, kId) << name;
  }
  void StartAnew() {
    CloseHome();
    for (const auto& entry : std::filesystem::directory_iterator(dir.path()))
      std::filesystem::remove_all(entry.path());
    catalog = catalog::MakeMemoryCatalog(clock);
    OpenHome();
    Record(Items());
  }
};

TEST_F(EngineCrash, AfterDeathAtAnyWriteTheNextProcessCompletesTheRun) {
  batch_items = 2;
  Death never(UINT64_MAX);
  StartAnew();
  const auto undisturbed = DieAt(never);
  ASSERT_TRUE(undisturbed) << undisturbed.error().message();
  ExpectAllMade();
  std::uint64_t deaths = 0;
  for (std::uint64_t k = 1;; ++k) {
    SCOPED_TRACE("write " + std::to_string(k));
    StartAnew();
    Death death(k);
    (void)DieAt(death);
    if (!death.came()) break;
    ++deaths;
    CloseHome();
    OpenHome();
    const auto run = Go(OnFailure::kDropState);
    ASSERT_TRUE(run) << run.error().message();
    EXPECT_EQ(run->status, RunStatus::kCompleted);
    ExpectAllMade();
    if (HasFailure()) break;
  }
  EXPECT_GT(deaths, 20u);
}

}  // namespace
}  // namespace stateferry::state::workflow
