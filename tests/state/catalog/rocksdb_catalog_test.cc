#include "state/catalog/rocksdb_catalog.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/record_frame.h"
#include "state/catalog/catalog_records.h"
#include "storage/rocksdb_tables.h"
#include "tests/fakes/failing_rocksdb_env.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scratch_dir.h"
#include "tests/fakes/synced_dirs.h"
#include "transfer/home_lock.h"

namespace stateferry::state::catalog {
namespace {

using ::testing::HasSubstr;

class RocksDbCatalog : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Catalog>> Open(rocksdb::Env* env = nullptr, const FileIo& io = FileIo()) {
    if (!lock_) {
      SF_TRY(io.MakeDirsDurably(home()));
      SF_TRY(lock_, transfer::HomeLock::Take(io, clock_, home()));
    }
    return OpenCatalog(io, clock_, home(), *lock_, env);
  }
  Result<std::unique_ptr<Catalog>> OpenToRead() {
    return OpenCatalogToRead(FileIo(), clock_, home());
  }
  std::string home() const { return dir_.File("h"); }

  static Change Put(const std::string& name, const Json& body = Json::object()) {
    return {.scope = "ws/p", .entity = {{"deployment", name}, body}};
  }
  /// Writes a raw row behind the catalog's back.
  void Plant(const std::string& key, const std::string& value) {
    auto tables = storage::RocksTables::OpenToWrite(
        FileIo(), {.dir = home() + "/catalog", .name = "catalog", .tables = {"entities"}});
    ASSERT_TRUE(tables) << tables.error().message();
    storage::RocksTables::Batch batch(**tables);
    batch.Put(0, key, value);
    ASSERT_TRUE((*tables)->Write(batch, true, "planting"));
  }

  fakes::ScratchDir dir_;
  fakes::FakeClock clock_;
  std::optional<transfer::HomeLock> lock_;
};

TEST_F(RocksDbCatalog, KeepsEveryFieldWhenItIsOpenedAgain) {
  const Json body = Json::parse(R"({"z": [1, -2, 0.5, null, true], "a": {"ü": "\u0001\n"}})");
  Change change = Put("orders", body);
  change.phase = Phase::kInitializing;
  change.made_by = "clone-7";
  {
    const std::vector<Change> changes{change};
    ASSERT_TRUE((*Open())->Apply(changes));
  }
  auto catalog = Open();
  const auto record = Get(**catalog, "ws/p", {"deployment", "orders"});
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(DumpJson(record->entity.body), DumpJson(body)) << "also the order of its fields";
  EXPECT_EQ(record->phase, Phase::kInitializing);
  EXPECT_EQ(record->made_by, "clone-7");
  EXPECT_EQ(record->created, FormatTime(clock_.Now()));
}

TEST_F(RocksDbCatalog, ReadersWorkBesideAWriterAndCannotWrite) {
  auto writer = Open();
  const std::vector<Change> changes{Put("orders")};
  ASSERT_TRUE((*writer)->Apply(changes));
  auto reader = OpenToRead();
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_EQ(ListAll(**reader, "ws/p", "")->size(), 1u);
  EXPECT_EQ((*reader)->Apply(changes).error().code(), ErrorCode::kRefused);
}

TEST_F(RocksDbCatalog, AHomeWithoutACatalogReadsAsEmptyAndStaysUntouched) {
  auto reader = OpenToRead();
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_TRUE(ListAll(**reader, "", "")->empty());
  EXPECT_FALSE(*(*reader)->Find("ws/p", {"deployment", "orders"}));
  const std::vector<Change> changes{Put("orders")};
  EXPECT_EQ((*reader)->Apply(changes).error().code(), ErrorCode::kRefused);
  EXPECT_FALSE(std::filesystem::exists(home()));
}

TEST_F(RocksDbCatalog, ItsNameIsDurable) {
  fakes::SyncedDirs hooks;
  ASSERT_TRUE(Open(nullptr, FileIo(&hooks)));
  for (const auto& name : {home() + "/catalog", home(), ParentDir(home())})
    EXPECT_TRUE(hooks.synced.contains(name)) << name;
}

TEST_F(RocksDbCatalog, ABadRecordIsNamed) {
  ASSERT_TRUE(Open());
  std::string bad = *EncodeRecord({.entity = {{"deployment", "orders"}}, .version = 1});
  bad[20] ^= 1;
  Plant(RecordKey("ws/p", "deployment", "orders"), bad);
  auto catalog = Open();
  for (const auto& error : {ListAll(**catalog, "ws/p", "").error(),
                            (*catalog)->Find("ws/p", {"deployment", "orders"}).error()}) {
    EXPECT_EQ(error.code(), ErrorCode::kCorruption);
    EXPECT_THAT(error.message(), HasSubstr("deployment 'orders' in 'ws/p'"));
  }
}

TEST_F(RocksDbCatalog, AGarbledDatabaseGivesOneClearError) {
  ASSERT_TRUE(Open());
  std::ofstream(home() + "/catalog/CURRENT") << "garbage";
  auto catalog = Open();
  ASSERT_FALSE(catalog);
  EXPECT_THAT(catalog.error().message(), HasSubstr(home() + "/catalog"));
  EXPECT_THAT(catalog.error().hint(), HasSubstr("imported again"));
}

TEST_F(RocksDbCatalog, AnEntityThatIsTooLargeChangesNothing) {
  auto catalog = Open();
  const std::vector<Change> changes{Put("a"),
                                    Put("b", Json{{"text", std::string(kMaxFramedBytes, 'x')}})};
  const auto refused = (*catalog)->Apply(changes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(refused.error().message(), HasSubstr("deployment 'b'"));
  EXPECT_TRUE(ListAll(**catalog, "", "")->empty());
}

TEST_F(RocksDbCatalog, ABatchIsThereWhollyOrNotAtAllWhereverTheDiskStops) {
  std::vector<Change> before, batch;
  for (int i = 0; i < 20; ++i) before.push_back(Put("old-" + std::to_string(i)));
  for (int i = 0; i < 40; ++i)
    batch.push_back(Put((i < 20 ? "old-" : "new-") + std::to_string(i), {{"n", i}}));
  std::uint64_t k = 1;
  int not_at_all = 0;
  for (;; ++k) {
    SCOPED_TRACE("stops at change " + std::to_string(k));
    std::filesystem::remove_all(home());
    ASSERT_TRUE((*Open())->Apply(before));
    fakes::FailingRocksDbEnv disk(k);
    bool acknowledged = false;
    {
      auto catalog = Open(disk.env());
      acknowledged = catalog && (*catalog)->Apply(batch);
    }
    auto catalog = Open();
    ASSERT_TRUE(catalog) << catalog.error().message();
    const auto records = ListAll(**catalog, "ws/p", "");
    ASSERT_TRUE(records) << records.error().message();
    const bool applied = records->size() == 40;
    ASSERT_EQ(records->size(), applied ? 40u : 20u);
    for (const Record& record : *records)
      EXPECT_EQ(record.entity.body.contains("n"), applied) << record.entity.key.name;
    EXPECT_TRUE(applied || !acknowledged);
    not_at_all += applied ? 0 : 1;
    if (!disk.fired() || HasFailure()) break;
  }
  EXPECT_GT(k, 5u);
  EXPECT_GT(not_at_all, 2);
}

TEST(CatalogRecords, EveryFlippedBitAndEveryTruncationIsFound) {
  const std::string good = *EncodeRecord({.entity = {{"region", "r"}, {{"description", "d"}}},
                                          .version = 3,
                                          .made_by = "clone-1",
                                          .created = "2026-01-01T00:00:00Z"});
  ASSERT_TRUE(DecodeRecord({"region", "r"}, good));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeRecord({"region", "r"}, bad)) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(DecodeRecord({"region", "r"}, good.substr(0, size))) << size;
}

TEST(CatalogRecords, ARecordOfANewerProgramIsRefused) {
  const auto newer = DecodeRecord({"region", "r"}, FrameRecord(2, "anything"));
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code(), ErrorCode::kRefused);
}

}  // namespace
}  // namespace stateferry::state::catalog
