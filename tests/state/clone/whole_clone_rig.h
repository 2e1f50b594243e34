#pragma once
// Clones that are really carried out, as the commands do it: recorded, run, verified; into a
// managed store or a directory on disk.

#include <filesystem>
#include <map>
#include <optional>

#include "state/clone/clone_run.h"
#include "state/clone/clone_verify.h"
#include "state/workflow/run_store.h"
#include "storage/managed/managed_store.h"
#include "tests/fakes/scratch_dir.h"
#include "tests/state/clone/clone_rig.h"

namespace stateferry::state::clone {

class SilentSink final : public workflow::RunSink {
 public:
  void OnRun(const workflow::Run&, const workflow::Totals&) override {}
  void OnItem(const Item&, const workflow::Totals&) override {}
};

class WholeCloneRig : public CloneRig {
 protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::create_directory(dir.File("home")));
    auto taken = transfer::HomeLock::Take(FileIo(), clock, dir.File("home"));
    ASSERT_TRUE(taken) << taken.error().message();
    lock = std::move(*taken);
    auto runs = workflow::RunStore::Open(FileIo(), dir.File("home"), *lock);
    ASSERT_TRUE(runs) << runs.error().message();
    store = std::move(*runs);
    auto opened = transfer::Journal::Open(FileIo(), dir.File("home"), *lock);
    ASSERT_TRUE(opened) << opened.error().message();
    journal = std::move(*opened);
  }
  /// A job with state, a UDF and its jar.
  void PutOrders() {
    Source("resource-file", "lib/u.jar", "{}");
    PutFile("s3://bound/ws/p/files/lib/u.jar", "the udfs");
    Source("udf-artifact", "udfs", R"({"jarUrl": "lib/u.jar"})");
    Source("udf-function", "hash_it", R"({"udfArtifactName": "udfs", "className": "a.H"})");
    Source("deployment", "orders", SqlJob("SELECT hash_it(x) FROM t"));
    WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  }
  /// A workspace whose managed store lies in a directory of that name.
  void UseManagedStore(const std::string& workspace = "dst", const std::string& name = "store") {
    ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, dir.File(name)));
    PutWorkspace(workspace, "x86", R"({"managed": "managed://)" + dir.File(name) + "\"}");
  }
  void UseDirectory() {
    PutWorkspace("dst", "x86", R"({"bucket": ")" + dir.File("bucket") + "\"}");
  }

  /// Checked and recorded, as `clone start` does; the id is in `run`.
  ClonePlan Start() {
    auto started = StartClone(request, "clone-" + std::to_string(++runs_so_far),
                              {*catalog, places, clock, {}}, *store);
    EXPECT_TRUE(started) << started.error().message();
    if (!started) return {};
    const auto ok = workflow::FirstError(started->plan.findings);
    EXPECT_TRUE(ok) << ok.error().message();
    run = std::move(started->run);
    return std::move(started->plan);
  }
  /// Goes on with a clone that was started.
  Result<workflow::Run> TryToGo(const workflow::Run& started, catalog::Catalog& records,
                                std::stop_token stop = {}) {
    const transfer::TransferEnv transfer{places, *journal, clock, progress, std::move(stop)};
    return RunClone({.id = started.id, .home_dir = dir.File("home")},
                    {records, *store, transfer, sink, FileIo()});
  }
  void Go(catalog::Catalog& records) {
    const auto ended = TryToGo(run, records);
    ASSERT_TRUE(ended) << ended.error().message();
    EXPECT_EQ(ended->status, workflow::RunStatus::kCompleted);
  }
  ClonePlan Run() {
    auto plan = Start();
    Go(*catalog);
    return plan;
  }

  /// Whatever is wrong, "C-32 the file ...".
  std::vector<std::string> Verify() {
    const auto report =
        VerifyClone(run, [&](const ItemVisitor& visit) { return store->VisitItems(run.id, visit); },
                    {*catalog, places, journal.get()});
    EXPECT_TRUE(report) << report.error().message();
    std::vector<std::string> found;
    if (report)
      for (const Finding& finding : report->findings)
        found.push_back(finding.rule + " " + finding.message);
    return found;
  }
  Json BodyAtTarget(const EntityKey& key) {
    const auto record = catalog::Get(*catalog, request.target, key);
    EXPECT_TRUE(record) << key.kind << " " << key.name;
    return record ? record->entity.body : Json::object();
  }
  /// All that is known of each entity of a project, as text that is the same for the same bytes.
  std::map<EntityKey, std::string> Records(const std::string& project) {
    std::map<EntityKey, std::string> records;
    EXPECT_TRUE(catalog->List(project, "", [&](const catalog::Record& record) -> Result<void> {
      records[record.entity.key] = record.entity.body.dump() + " v" +
                                   std::to_string(record.version) + " by " + record.made_by + " " +
                                   record.created + " " + record.updated;
      return {};
    }));
    return records;
  }

  fakes::ScratchDir dir;
  std::optional<transfer::HomeLock> lock;
  std::unique_ptr<workflow::RunStore> store;
  std::unique_ptr<transfer::Journal> journal;
  transfer::NullProgress progress;
  SilentSink sink;
  workflow::Run run;
  int runs_so_far = 0;
};

}  // namespace stateferry::state::clone
