#pragma once
// Runs of a few items against a real home: records, journal and managed store on disk, the catalog
// in memory, where it outlives the "processes" of a test.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "state/catalog/memory_catalog.h"
#include "state/workflow/catalog_actions.h"
#include "state/workflow/engine.h"
#include "storage/managed/managed_store.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scratch_dir.h"
#include "tests/fakes/source_dir.h"

namespace stateferry::state::workflow {

class RecordingSink final : public RunSink {
 public:
  void OnRun(const Run& run, const Totals&) override { runs.push_back(run.status); }
  void OnItem(const Item& item, const Totals& now) override {
    items.push_back(item.to.name + " " + std::string(ItemStatusName(item.status)));
    totals = now;
    if (on_item) on_item(item);
  }
  std::vector<RunStatus> runs;
  std::vector<std::string> items;
  Totals totals;
  std::function<void(const Item&)> on_item;
};

class WorkflowRig : public ::testing::Test {
 protected:
  static constexpr const char* kId = "clone-1";
  static constexpr const char* kTarget = "ws/to";

  void SetUp() override { OpenHome(); }

  void CloseHome() {
    journal.reset();
    store.reset();
    places.reset();
    lock.reset();
  }
  /// As another process would, after CloseHome.
  void OpenHome() {
    auto taken = transfer::HomeLock::Take(FileIo(), clock, dir.path(), kId);
    ASSERT_TRUE(taken) << taken.error().message();
    lock = std::move(*taken);
    auto runs = RunStore::Open(FileIo(), dir.path(), *lock);
    ASSERT_TRUE(runs) << runs.error().message();
    store = std::move(*runs);
    auto opened = transfer::Journal::Open(FileIo(), dir.path(), *lock);
    ASSERT_TRUE(opened) << opened.error().message();
    journal = std::move(*opened);
    places = std::make_unique<storage::Places>(FileIo(), clock, storage::PlacesOptions());
  }

  static Item ItemOf(std::uint64_t index, const std::string& name,
                     const std::string& kind = "deployment") {
    Item item;
    item.index = index;
    item.from = {kind, name};
    item.to = {kind, name};
    item.body = {{"engineVersion", "1.20"}};
    return item;
  }
  /// A job whose state is a savepoint that real Flink wrote.
  Item StatefulItem(std::uint64_t index, const std::string& name) {
    Item item = ItemOf(index, name);
    item.snapshot_from =
        fakes::SourceDir() +
        "/tests/data/snapshots/p2-f120-savepoint-native/tree/sp/savepoint-498414-ddd35ab99bf3";
    item.snapshot_to = dir.path() + "/target/snapshots/" + name;
    item.snapshot_record = {{"snapshot", "sp-" + name}, {{"deployment", name}}};
    item.body["restoreStrategy"] = {{"kind", "FROM_SAVEPOINT"}, {"savepointId", "sp-" + name}};
    return item;
  }
  /// What nothing can be read from.
  Item BrokenItem(std::uint64_t index, const std::string& name) {
    Item item = StatefulItem(index, name);
    item.snapshot_from = dir.path() + "/nowhere/sp";
    return item;
  }
  static std::vector<Item> Five() {
    return {ItemOf(0, "a"), ItemOf(1, "b"), ItemOf(2, "c"), ItemOf(3, "d"), ItemOf(4, "e")};
  }

  void Record(const std::vector<Item>& items) {
    ASSERT_TRUE(store->AddItems(kId, items));
    workflow::Run run;
    run.id = kId;
    run.kind = "clone";
    run.source = "ws/from";
    run.target = kTarget;
    run.items = items.size();
    ASSERT_TRUE(store->PutRun(run));
  }

  transfer::TransferEnv Env() { return {*places, *journal, clock, progress, {}}; }
  CatalogActionsOptions ActionOptions() const {
    return {.run_id = kId,
            .target = kTarget,
            .files_rule = "C-32",
            .state_rule = "C-38",
            .clear_restore_point = [](Json& body) {
              body["restoreStrategy"] = {{"kind", "NONE"}};
            }};
  }
  Result<workflow::Run> Go(OnFailure on_failure = OnFailure::kContinue) {
    CatalogActions actions(ActionOptions(), *catalog, Env());
    return GoWith(actions, *store, on_failure);
  }
  Result<workflow::Run> GoWith(Actions& actions, RunStore& records,
                               OnFailure on_failure = OnFailure::kContinue) {
    return RunItems(kId,
                    {.on_failure = on_failure, .batch_items = batch_items, .stop_poll = stop_poll},
                    {records, actions, clock, sink, stop_requested, stop.get_token()});
  }

  /// "a": the status of the item of that name.
  std::map<std::string, std::string> Statuses() {
    std::map<std::string, std::string> statuses;
    EXPECT_TRUE(store->VisitItems(kId, [&](const Item& item) -> Result<void> {
      statuses[item.from.name] = ItemStatusName(item.status);
      reasons[item.from.name] = item.reason;
      rules[item.from.name] = item.rule + " " + item.category;
      return {};
    }));
    return statuses;
  }
  /// Names of entities at the target, of half made ones with a '?'.
  std::vector<std::string> Made(const std::string& kind = "deployment") {
    std::vector<std::string> names;
    EXPECT_TRUE(catalog->List(kTarget, kind, [&](const catalog::Record& record) -> Result<void> {
      names.push_back(record.entity.key.name + (record.phase == catalog::Phase::kReady ? "" : "?"));
      return {};
    }));
    return names;
  }
  /// Objects at the target below a directory; what unfinished uploads hold is none.
  std::size_t FilesIn(const std::string& name) {
    std::size_t files = 0;
    const auto at = storage::ParseLocation(dir.path() + "/target/" + name);
    const auto place = places->Open(*at, storage::Access::kRead);
    if (!place) return 0;
    EXPECT_TRUE(
        place->backend->List(place->prefix, [&](const storage::ObjectMeta& meta) -> Result<void> {
          files += meta.key.find(".stateferry/") == std::string::npos ? 1 : 0;
          return {};
        }));
    return files;
  }

  fakes::ScratchDir dir;
  fakes::FakeClock clock;
  std::unique_ptr<catalog::Catalog> catalog = catalog::MakeMemoryCatalog(clock);
  std::optional<transfer::HomeLock> lock;
  std::unique_ptr<RunStore> store;
  std::unique_ptr<transfer::Journal> journal;
  std::unique_ptr<storage::Places> places;
  transfer::NullProgress progress;
  RecordingSink sink;
  std::map<std::string, std::string> reasons, rules;  ///< of the last Statuses()
  std::size_t batch_items = 128;
  std::chrono::milliseconds stop_poll{0};
  std::atomic<bool> asked_to_stop = false;
  std::function<bool()> stop_requested;
  std::stop_source stop;
};

}  // namespace stateferry::state::workflow
