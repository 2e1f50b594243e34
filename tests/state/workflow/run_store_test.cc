#include "state/workflow/run_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/rocksdb_tables.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry::state::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RunStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto taken = transfer::HomeLock::Take(FileIo(), clock, home.path());
    ASSERT_TRUE(taken) << taken.error().message();
    lock = std::move(*taken);
    Reopen();
  }
  void Reopen() {
    store.reset();
    auto opened = RunStore::Open(FileIo(), home.path(), *lock);
    ASSERT_TRUE(opened) << opened.error().message();
    store = std::move(*opened);
  }
  static workflow::Run RunOf(const std::string& id, const std::string& target = "ws/to") {
    workflow::Run run;
    run.id = id;
    run.kind = "clone";
    run.source = "ws/from";
    run.target = target;
    run.created = "2026-01-01T00:00:0" + id.substr(id.size() - 1) + ".000Z";
    run.excluded = {{"queue", 2}};
    run.request = {{"state", "stateful"}};
    return run;
  }
  static Item ItemOf(std::uint64_t index, ItemStatus status = ItemStatus::kPending) {
    Item item;
    item.index = index;
    item.from = {"deployment", "job" + std::to_string(index)};
    item.to = {"deployment", "job" + std::to_string(index) + "-clone-1"};
    item.status = status;
    item.body = {{"unknownField", {1, 2}}};
    item.files = {{"file:///a/x.jar", "file:///b/x.jar"}};
    item.snapshot_from = "file:///a/sp";
    item.snapshot_to = "file:///b/sp";
    item.snapshot_record = {{"snapshot", "s1"}, {{"savepointOrigin", "COPIED"}}};
    return item;
  }

  fakes::ScratchDir home;
  fakes::FakeClock clock;
  std::optional<transfer::HomeLock> lock;
  std::unique_ptr<RunStore> store;
};

TEST_F(RunStoreTest, KeepsRunAndItemsAsTheyWere) {
  ASSERT_TRUE(store->AddItems("clone-1", std::vector{ItemOf(0), ItemOf(1)}));
  ASSERT_TRUE(store->PutRun(RunOf("clone-1")));
  Reopen();
  const auto run = GetRun(*store, "clone-1");
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->target, "ws/to");
  EXPECT_EQ(run->excluded.at("queue"), 2u);
  const auto items = store->Items("clone-1", 0, 10);
  ASSERT_TRUE(items) << items.error().message();
  ASSERT_EQ(items->size(), 2u);
  const Item& item = items->at(1);
  EXPECT_EQ(item.index, 1u);
  EXPECT_EQ(item.to.name, "job1-clone-1");
  EXPECT_EQ(item.body, ItemOf(1).body);
  EXPECT_EQ(item.files.at(0).to, "file:///b/x.jar");
  EXPECT_EQ(item.snapshot_to, "file:///b/sp");
  EXPECT_EQ(item.snapshot_record.key.name, "s1");
}

TEST_F(RunStoreTest, KeepsWhatTheCheckHasFoundUntilTheRunIsForgotten) {
  const Finding error{.rule = "C-34",
                      .category = "not_found",
                      .code = ErrorCode::kNotFound,
                      .message = "no such project",
                      .hint = "make it"};
  const Finding warning{.severity = Finding::Severity::kWarning,
                        .rule = "C-25",
                        .message = "old",
                        .about = {"deployment", "orders"}};
  ASSERT_TRUE(store->PutFindings("clone-1", std::vector{warning, warning, warning}));
  ASSERT_TRUE(store->PutFindings("clone-1", std::vector{error, warning}));
  ASSERT_TRUE(store->PutFindings("clone-10", std::vector{warning}));
  ASSERT_TRUE(store->PutRun(RunOf("clone-1")));
  Reopen();
  const auto findings = store->Findings("clone-1");
  ASSERT_TRUE(findings) << findings.error().message();
  ASSERT_EQ(findings->size(), 2u);
  const auto first = FirstError(*findings);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(first.error().rule(), "C-34");
  EXPECT_EQ(first.error().hint(), "make it");
  EXPECT_EQ(findings->at(1).severity, Finding::Severity::kWarning);
  EXPECT_EQ(findings->at(1).about.name, "orders");
  ASSERT_TRUE(store->Remove("clone-1"));
  EXPECT_EQ(store->Findings("clone-1")->size(), 0u);
  EXPECT_EQ(store->Findings("clone-10")->size(), 1u);
}

TEST_F(RunStoreTest, StatesReplaceStatesAndLeaveThePlanAlone) {
  ASSERT_TRUE(store->AddItems("clone-1", std::vector{ItemOf(0), ItemOf(1), ItemOf(2)}));
  Item failed = ItemOf(1, ItemStatus::kFailed);
  failed.rule = "C-14";
  failed.category = "incompatible";
  failed.reason = "too old";
  failed.body = Json::object();
  ASSERT_TRUE(store->PutStates("clone-1", std::vector{failed}));
  const auto items = store->Items("clone-1", 1, 1);
  ASSERT_TRUE(items);
  ASSERT_EQ(items->size(), 1u);
  EXPECT_EQ(items->at(0).status, ItemStatus::kFailed);
  EXPECT_EQ(items->at(0).reason, "too old");
  EXPECT_EQ(items->at(0).body, ItemOf(1).body);
  const auto totals = store->Count("clone-1");
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->at("deployment").at(ItemStatus::kPending), 2u);
  EXPECT_EQ(totals->at("deployment").at(ItemStatus::kFailed), 1u);
}

TEST_F(RunStoreTest, OneIdMayBeTheBeginningOfAnother) {
  ASSERT_TRUE(store->AddItems("clone-1", std::vector{ItemOf(0)}));
  ASSERT_TRUE(store->AddItems("clone-10", std::vector{ItemOf(0), ItemOf(1)}));
  EXPECT_EQ(store->Items("clone-1", 0, 10)->size(), 1u);
  ASSERT_TRUE(store->Remove("clone-1"));
  EXPECT_EQ(store->Items("clone-1", 0, 10)->size(), 0u);
  EXPECT_EQ(store->Items("clone-10", 0, 10)->size(), 2u);
}

// The rule: history is reached from the target, and a project that had no part has none.
TEST_F(RunStoreTest, C_51_HistoryIsThatOfTheTarget) {
  ASSERT_TRUE(store->PutRun(RunOf("clone-2")));
  ASSERT_TRUE(store->PutRun(RunOf("clone-1")));
  ASSERT_TRUE(store->PutRun(RunOf("clone-3", "ws/other")));
  const auto ids = [&](const RunFilter& filter) {
    std::vector<std::string> found;
    const auto runs = store->List(filter);
    EXPECT_TRUE(runs);
    for (const workflow::Run& run : *runs) found.push_back(run.id);
    return found;
  };
  EXPECT_THAT(ids({.target = "ws/to"}), ElementsAre("clone-1", "clone-2"));
  EXPECT_THAT(ids({.target = "ws/uninvolved"}), ElementsAre());
  EXPECT_THAT(ids({.source = "ws/from"}), ElementsAre("clone-1", "clone-2", "clone-3"));
  EXPECT_THAT(ids({.status = RunStatus::kFailed}), ElementsAre());
}

TEST_F(RunStoreTest, AReaderWorksBesideTheWriter) {
  ASSERT_TRUE(store->PutRun(RunOf("clone-1")));
  auto reader = RunStore::OpenToRead(FileIo(), clock, home.path());
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_TRUE(GetRun(**reader, "clone-1"));
  const auto refused = (*reader)->PutRun(RunOf("clone-2"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
}

TEST_F(RunStoreTest, AHomeWithoutRunsReadsAsEmpty) {
  fakes::ScratchDir other;
  auto reader = RunStore::OpenToRead(FileIo(), clock, other.path());
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_TRUE((*reader)->List({})->empty());
  const auto missing = GetRun(**reader, "clone-1");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
}

TEST_F(RunStoreTest, ADamagedRecordIsNamed) {
  ASSERT_TRUE(store->PutRun(RunOf("clone-1")));
  store.reset();
  auto tables = storage::RocksTables::OpenToWrite(
      FileIo(), {.dir = home.path() + "/runs",
                 .name = "runs",
                 .tables = {"runs", "items", "states", "findings"},
                 .format_version = 2});
  ASSERT_TRUE(tables) << tables.error().message();
  storage::RocksTables::Batch batch(**tables);
  batch.Put(0, "clone-1", "garbage that is long enough");
  ASSERT_TRUE((*tables)->Write(batch, true, "damaging"));
  tables->reset();
  Reopen();
  const auto run = store->Find("clone-1");
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(run.error().message(), HasSubstr("run clone-1"));
}

}  // namespace
}  // namespace stateferry::state::workflow
