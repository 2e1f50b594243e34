#include "tests/storage/managed/store_fixture.h"

namespace stateferry::storage::managed {
namespace {

using RebuildTest = StoreTest;

TEST_F(RebuildTest, PacksAloneGiveTheLostIndexBack) {
  std::map<std::string, std::string> files;
  StoreInfo before;
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    auto other = Must(store->Project("white space &c."));
    Must(TryPut(*project, "chk-1/a", RandomText(100'000, 1), 1u << 20, "origin of a"));
    Must(TryPut(*project, "chk-1/gone", RandomText(5'000, 2)));
    Must(TryPut(*project, "chk-1/changed", "old"));
    Must(project->Flush());
    Must(project->Delete("chk-1/gone"));
    Must(TryPut(*project, "chk-1/changed", "new"));
    Must(project->Copy("chk-1/a", "chk-2/a", {}));
    Must(TryPut(*other, "in another project", RandomText(100'000, 1)));
    Must(project->Flush());
    files = ReadEverything(*project);
    before = Must(store->Info());
  }
  EXPECT_EQ(files.size(), 3u);
  std::filesystem::remove_all(dir() + "/index");
  const auto lost = Store::Open(FileIo(), SystemClock(), dir(), {});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), ErrorCode::kCorruption);
  EXPECT_NE(lost.error().hint().find("rebuild-index"), std::string::npos);

  const auto after = Must(RebuildIndex(FileIo(), SystemClock(), dir(), {}, {})).info;
  EXPECT_EQ(after.files, before.files);
  EXPECT_EQ(after.chunks, before.chunks);
  EXPECT_EQ(after.chunk_stored_bytes, before.chunk_stored_bytes);
  EXPECT_EQ(after.pack_bytes, before.pack_bytes);
  EXPECT_EQ(after.projects, before.projects);
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  EXPECT_EQ(ReadEverything(*project), files);
  EXPECT_TRUE(Must(store->Check(CheckLevel::kDeep, {}, {})).damages.empty());
  const auto known = Must(project->FindByOrigin("origin of a"));
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->key == "chk-1/a" || known->key == "chk-2/a") << known->key;
  Must(TryPut(*project, "chk-1/changed", "newest"));
  Must(project->Flush());
  EXPECT_EQ(Read(*project, "chk-1/changed"), "newest") << "sequence numbers go on";
}

TEST_F(RebuildTest, IsRefusedWhileAWriterHasTheStore) {
  auto store = OpenStore(dir());
  const auto refused = RebuildIndex(FileIo(), SystemClock(), dir(), {}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kLocked);
}

TEST_F(RebuildTest, ADamagedPackDoesNotHideTheOthers) {
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    for (const char* key : {"a", "b"}) {
      Must(TryPut(*project, key, RandomText(1000, unsigned(key[0]))));
      Must(project->Flush());
    }
  }
  std::filesystem::resize_file(PackPaths()[0], 100);
  const auto report = Must(RebuildIndex(FileIo(), SystemClock(), dir(), {}, {}));
  EXPECT_EQ(report.info.files, 1u);
  EXPECT_EQ(report.packs_left_out, 1u);
  auto store = OpenStore(dir());
  EXPECT_FALSE(Must(store->Check(CheckLevel::kQuick, {}, {})).damages.empty());
}

TEST_F(RebuildTest, ADamagedRecordDoesNotHideThoseBehindIt) {
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    for (const char* key : {"file a", "file b", "file c"}) Must(TryPut(*project, key, key));
    Must(project->Flush());
    Must(project->Delete("file c"));
    Must(project->Flush());
  }
  DamageText(PackPaths(), std::string("\6\0\0\0file b", 10));
  const auto report = Must(RebuildIndex(FileIo(), SystemClock(), dir(), {}, {}));
  EXPECT_EQ(report.info.files, 1u);
  EXPECT_EQ(report.records_left_out, 1u);
  EXPECT_EQ(report.packs_left_out, 0u);
}

}  // namespace
}  // namespace stateferry::storage::managed
