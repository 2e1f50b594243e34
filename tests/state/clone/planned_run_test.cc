// Plans that are really carried out: from a bucket into a managed store, and into another bucket.
#include <filesystem>

#include "state/clone/clone_verify.h"
#include "state/clone/item_maker.h"
#include "state/snapshot/snapshot.h"
#include "state/workflow/catalog_actions.h"
#include "state/workflow/engine.h"
#include "state/workflow/run_store.h"
#include "storage/managed/managed_store.h"
#include "tests/fakes/scratch_dir.h"
#include "tests/state/clone/clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SilentSink final : public workflow::RunSink {
 public:
  void OnRun(const workflow::Run&, const workflow::Totals&) override {}
  void OnItem(const Item&, const workflow::Totals&) override {}
};

class ClonePlannedRun : public CloneRig {
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

    Source("resource-file", "lib/u.jar", "{}");
    PutFile("s3://bound/ws/p/files/lib/u.jar", "the udfs");
    Source("udf-artifact", "udfs", R"({"jarUrl": "lib/u.jar"})");
    Source("udf-function", "hash_it", R"({"udfArtifactName": "udfs", "className": "a.H"})");
    Source("deployment", "orders", SqlJob("SELECT hash_it(x) FROM t"));
    WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  }
  void UseManagedStore() {
    ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, dir.File("store")));
    PutWorkspace("dst", "x86", R"({"managed": "managed://)" + dir.File("store") + "\"}");
  }
  void UseDirectory() {
    PutWorkspace("dst", "x86", R"({"bucket": ")" + dir.File("bucket") + "\"}");
  }

  ClonePlan Run() {
    auto plan = Plan();
    EXPECT_TRUE(plan.ok());
    run.id = "clone-" + std::to_string(++runs_so_far);
    run.kind = "clone";
    run.source = request.source;
    run.target = request.target;
    run.items = plan.items.size();
    EXPECT_TRUE(store->AddItems(run.id, plan.items));
    EXPECT_TRUE(store->PutRun(run));
    workflow::CatalogActions actions(
        {.run_id = run.id, .target = run.target, .clear_restore_point = ClearRestorePoint},
        *catalog, {places, *journal, clock, progress, {}});
    const auto ended =
        workflow::RunItems(run.id, {}, {*store, actions, clock, sink, [] { return false; }, {}});
    EXPECT_TRUE(ended) << ended.error().message();
    if (ended) {
      EXPECT_EQ(ended->status, workflow::RunStatus::kCompleted);
    }
    return plan;
  }
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
    const auto record = catalog::Get(*catalog, "dst/p", key);
    EXPECT_TRUE(record) << key.kind << " " << key.name;
    return record ? record->entity.body : Json::object();
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

TEST_F(ClonePlannedRun, C_04_FromABucketAllStateComesToLieInManagedStorage) {
  UseManagedStore();
  Run();
  const Json snapshot = BodyAtTarget({"snapshot", "sp-1"});
  const auto at = At(snapshot["savepointLocation"].get<std::string>());
  const auto found = snapshot::Inspect(places, at, {.check_exists = true, .map = {}});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_FALSE(found->files.empty());
  for (const auto& file : found->files) {
    EXPECT_TRUE(storage::IsWithin(file.location, At("managed://" + dir.File("store"))));
    EXPECT_EQ(file.problem, "");
  }
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(ClonePlannedRun, C_20_ASecondCloneMakesDuplicatesAndChangesNothing) {
  UseManagedStore();
  Run();
  const auto before = *catalog::ListAll(*catalog, "dst/p", "");
  const auto plan = Run();
  EXPECT_THAT(Said(plan, "C-20"), ElementsAre(HasSubstr("clone-1")));
  const auto after = *catalog::ListAll(*catalog, "dst/p", "");
  EXPECT_EQ(after.size(), 2 * before.size() - 1);  // all but alice
  for (const auto& record : before)
    EXPECT_EQ(BodyAtTarget(record.entity.key), record.entity.body) << record.entity.key.name;
  EXPECT_EQ(BodyAtTarget({"udf-function", "hash_it_clone_1"})["udfArtifactName"], "udfs-clone-1");
  EXPECT_EQ(BodyAtTarget({"udf-artifact", "udfs-clone-1"})["jarUrl"], "lib/u-clone-1.jar");
  EXPECT_EQ(BodyAtTarget({"deployment", "orders-clone-1"})["restoreStrategy"]["savepointId"],
            "sp-1-clone-1");
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(ClonePlannedRun, C_32_AFlippedByteOfStateIsFoundWhereNoStorageKnowsHashes) {
  UseDirectory();
  Run();
  EXPECT_THAT(Verify(), IsEmpty());
  const std::string directory =
      At(BodyAtTarget({"snapshot", "sp-1"})["savepointLocation"].get<std::string>()).path;
  int flipped = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
    if (!file.is_regular_file()) continue;
    std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    const auto flip = [&] {
      bytes.seekg(100);
      const char byte = static_cast<char>(bytes.get() ^ 1);
      bytes.seekp(100).put(byte).flush();
    };
    flip();
    EXPECT_THAT(Verify(), ElementsAre(HasSubstr("C-38"))) << file.path();
    flip();
    ++flipped;
  }
  EXPECT_EQ(flipped, 9);
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(ClonePlannedRun, C_02_TheCloneIsWholeWithoutItsSource) {
  UseManagedStore();
  Run();
  std::vector<std::string> keys;
  ASSERT_TRUE(bucket->List("", [&](const storage::ObjectMeta& meta) -> Result<void> {
    keys.push_back(meta.key);
    return {};
  }));
  for (const std::string& key : keys) ASSERT_TRUE(bucket->Delete(key));
  // Only that the jar can no longer be compared is said.
  EXPECT_THAT(Verify(), ElementsAre(AllOf(HasSubstr("C-32"), HasSubstr("cannot be compared"))));
}

}  // namespace
}  // namespace stateferry::state::clone
