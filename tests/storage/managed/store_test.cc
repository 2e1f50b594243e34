#include "tests/storage/managed/store_fixture.h"

namespace stateferry::storage::managed {

using Files = std::map<std::string, std::string>;

TEST_F(StoreTest, GivesBackWhatWasPut) {
  const Files files = {{"chk-1/_metadata", RecordText(3000, 1)},
                       {"chk-1/empty", ""},
                       {"chk-1/large.sst", RandomText(5'000'000, 2)},
                       {"chk-1/stream", RecordText(3'000'000, 3)}};
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    for (const auto& [key, text] : files) Must(TryPut(*project, key, text));
    Must(project->Flush());
    EXPECT_EQ(ReadEverything(*project), files);
  }
  auto store = OpenStore(dir(), ReadOnly());
  auto project = Must(store->Project("jobs"));
  EXPECT_EQ(ReadEverything(*project), files);
  EXPECT_EQ(Must(project->Stat("chk-1/empty")).size_bytes, 0u);
}

TEST_F(StoreTest, ReadsAnyRange) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  const std::string text = RecordText(2'500'000, 7);
  Must(TryPut(*project, "file", text, 700'000));
  Must(project->Flush());
  std::mt19937 random(5);
  for (int i = 0; i < 300; ++i) {
    const std::size_t offset = random() % (text.size() + 1000);
    std::string out(random() % 400'000, '\0');
    const auto read = Must(
        project->ReadRange("file", offset, {reinterpret_cast<std::byte*>(out.data()), out.size()}));
    const auto expected = offset < text.size() ? text.substr(offset, out.size()) : "";
    ASSERT_EQ(read, expected.size());
    ASSERT_TRUE(out.substr(0, read) == expected) << "offset " << offset << " size " << out.size();
  }
}

TEST_F(StoreTest, StoresEqualContentOnce) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  const std::string sst = RandomText(4'000'000, 11);
  Must(TryPut(*project, "chk-1/a.sst", sst));
  Must(TryPut(*project, "chk-1/same-flush.sst", sst));
  Must(project->Flush());
  Must(TryPut(*project, "chk-2/a.sst", sst));
  Must(project->Flush());
  const auto stats = store->write_stats();
  EXPECT_EQ(stats.plain_bytes, 12'000'000u);
  EXPECT_EQ(stats.duplicate_bytes, 8'000'000u);
  EXPECT_EQ(stats.stored_bytes, 4'000'000u);
}

TEST_F(StoreTest, PartsMayBeLongerThanAnyObject) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  auto upload = Must(project->StartUpload("a", {.size_bytes = 3, .part_bytes = UINT64_MAX}));
  EXPECT_FALSE(upload->Complete());
  Must(upload->PutPart(0, AsBytes("abc")));
  Must(upload->Complete());
  EXPECT_EQ(Read(*project, "a"), "abc");
}

TEST_F(StoreTest, APutThatFailsLeavesNoUpload) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  Must(project->Put("a", AsBytes("1"), {}));
  EXPECT_FALSE(project->Put("a", AsBytes("2"), {.overwrite = false}));
  Must(project->Flush());
  EXPECT_EQ(Must(store->DropStaleUploads(-1)), 0u);
}

TEST_F(StoreTest, AnOriginOutlivesTheFirstOfTheFilesThatCameFromThere) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  auto found = [&] {
    const auto meta = Must(project->FindByOrigin("there"));
    return meta ? meta->key : std::string("(none)");
  };
  Must(TryPut(*project, "chk-1/a", "text", 1u << 20, "there"));
  Must(project->Flush());
  Must(project->Copy("chk-1/a", "chk-2/a", {}));
  Must(project->Flush());
  Must(project->Delete("chk-1/a"));
  Must(project->Flush());
  EXPECT_EQ(found(), "chk-2/a");
  // In one flush.
  Must(project->Copy("chk-2/a", "chk-3/a", {}));
  Must(project->Delete("chk-2/a"));
  Must(project->Flush());
  EXPECT_EQ(found(), "chk-3/a");
  Must(project->Delete("chk-3/a"));
  Must(project->Flush());
  EXPECT_EQ(found(), "(none)");
}

}  // namespace stateferry::storage::managed
