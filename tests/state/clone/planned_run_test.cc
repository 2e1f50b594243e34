// Plans that are really carried out: from a bucket into a managed store, and into another bucket.
#include "state/snapshot/snapshot.h"
#include "tests/state/clone/whole_clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ClonePlannedRun : public WholeCloneRig {
 protected:
  void SetUp() override {
    WholeCloneRig::SetUp();
    PutOrders();
  }
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

TEST_F(ClonePlannedRun, C_38_StateWhoseHashesNobodyKnowsAnyMoreIsTold) {
  UseDirectory();
  Run();
  EXPECT_THAT(Verify(), IsEmpty());
  const auto records = journal->List();
  ASSERT_TRUE(records);
  for (const auto& record : *records) ASSERT_TRUE(journal->Remove(record.id));
  EXPECT_THAT(Verify(), ElementsAre(AllOf(HasSubstr("C-38"), HasSubstr("'sp-1'"),
                                          HasSubstr("no hashes are known"))));
}

TEST_F(ClonePlannedRun, C_38_HashesOfWhatWasMovedLastCount) {
  UseDirectory();
  Run();
  // Others have moved something to the same place, and given up, or were there before.
  const auto records = journal->List();
  ASSERT_TRUE(records);
  for (auto record : *records) {
    record.last_objects.reset();
    record.id = "ffffffffffffffff";
    record.updated = "2999-01-01T00:00:00Z";
    record.status = transfer::TransferStatus::kCancelled;
    ASSERT_TRUE(journal->PutTransfer(record));
    record.id = "fffffffffffffffe";
    record.updated = "1999-01-01T00:00:00Z";
    record.status = transfer::TransferStatus::kCommitted;
    ASSERT_TRUE(journal->PutTransfer(record));
  }
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
