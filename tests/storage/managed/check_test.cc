#include "storage/managed/file_table.h"
#include "tests/storage/managed/store_fixture.h"

namespace stateferry::storage::managed {
namespace {

CheckReport Check(Store& store, CheckLevel level = CheckLevel::kDeep) {
  return Must(store.Check(level, {}, {}));
}

class CheckTest : public StoreTest {
 protected:
  void PutSnapshot(Backend& project, const std::string& snapshot, unsigned seed) {
    Must(TryPut(project, snapshot + "/state", RecordText(1200, seed)));
    Must(TryPut(project, snapshot + "/raw", RandomText(300, seed + 1)));
    Must(TryPut(project, snapshot + "/_metadata", RecordText(100, seed + 2)));
    Must(project.Flush());
  }
};

TEST_F(CheckTest, AWholeStoreIsClean) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  PutSnapshot(*project, "chk-1", 1);
  Must(TryPut(*project, "chk-2/stream", RecordText(3'000'000, 9)));
  Must(project->Delete("chk-1/raw"));
  const auto report = Check(*store);
  EXPECT_TRUE(report.damages.empty()) << report.damages.front().what;
  EXPECT_EQ(report.files, 3u);
  EXPECT_EQ(report.packs, 2u);
  EXPECT_GT(report.bytes_read, 100'000u);
}

TEST_F(CheckTest, FindsEveryFlippedBitOfAPack) {
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    Must(TryPut(*project, "gone", "x"));
    Must(project->Flush());
    Must(project->Delete("gone"));  // so that the pack below holds a tombstone too
    PutSnapshot(*project, "chk-1", 1);
  }
  const auto packs = PackPaths();
  ASSERT_EQ(packs.size(), 2u);
  auto store = OpenStore(dir());
  ASSERT_TRUE(Check(*store).damages.empty());
  for (const auto& path : packs) {
    const auto size = std::filesystem::file_size(path);
    for (std::uint64_t at = 0; at < size; ++at) {
      const int bit = static_cast<int>(at * 5 % 8);
      FlipBit(path, at, bit);
      EXPECT_FALSE(Check(*store).damages.empty()) << path << " byte " << at << " bit " << bit;
      FlipBit(path, at, bit);
    }
  }
  EXPECT_TRUE(Check(*store).damages.empty());
}

TEST_F(CheckTest, NamesFilesAndSnapshotsOfADamage) {
  auto store = OpenStore(dir(), Uncompressed());
  auto project = Must(store->Project("jobs"));
  const std::string shared = RandomText(5000, 77);
  for (const std::string chk : {"chk-1", "chk-2"}) {
    PutSnapshot(*project, chk, 1);
    Must(TryPut(*project, chk + "/shared/sst", shared));
  }
  PutSnapshot(*project, "chk-3", 40);
  Must(TryPut(*project, "loose", shared));
  Must(project->Flush());
  DamageText(PackPaths(), shared.substr(0, 100));
  const auto report = Check(*store);
  ASSERT_EQ(report.damages.size(), 1u);
  EXPECT_EQ(
      report.damages[0].files,
      (std::vector<std::string>{"jobs/chk-1/shared/sst", "jobs/chk-2/shared/sst", "jobs/loose"}));
  EXPECT_EQ(report.damages[0].snapshots,
            (std::vector<std::string>{"jobs/chk-1", "jobs/chk-2", "jobs/loose"}));
  const auto read = ReadAll(*project, "chk-1/shared/sst", 1u << 20);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
  EXPECT_NE(read.error().message().find("chk-1/shared/sst"), std::string::npos);
  EXPECT_TRUE(Check(*store, CheckLevel::kQuick).damages.empty()) << "quick reads no content";
}

TEST_F(CheckTest, QuickFindsLostAndCutPacks) {
  {
    auto store = OpenStore(dir());
    PutSnapshot(*Must(store->Project("jobs")), "chk-1", 1);
  }
  const auto path = PackPaths().at(0);
  const auto size = std::filesystem::file_size(path);
  const std::string content = ReadFile(path);
  for (const std::uint64_t cut : {std::uint64_t{0}, std::uint64_t{10}, size / 2, size - 1}) {
    std::filesystem::resize_file(path, cut);
    auto store = OpenStore(dir());
    const auto report = Check(*store, CheckLevel::kQuick);
    ASSERT_EQ(report.damages.size(), 1u) << cut;
    EXPECT_EQ(report.damages[0].snapshots, std::vector<std::string>{"jobs/chk-1"});
    EXPECT_FALSE(ReadAll(*Must(store->Project("jobs")), "chk-1/state", 1u << 20));
  }
  std::ofstream(path, std::ios::binary) << content;
  EXPECT_TRUE(Check(*OpenStore(dir()), CheckLevel::kQuick).damages.empty());
  std::filesystem::remove(path);
  EXPECT_EQ(Check(*OpenStore(dir()), CheckLevel::kQuick).damages.size(), 1u);
}

TEST_F(CheckTest, APackWithNothingButRecordsNamesTheSnapshotsItHits) {
  {
    auto store = OpenStore(dir());
    PutSnapshot(*Must(store->Project("jobs")), "chk-1", 1);
  }
  const auto first = PackPaths();
  auto store = OpenStore(dir());
  PutSnapshot(*Must(store->Project("jobs")), "chk-2", 1);
  for (const auto& path : PackPaths())
    if (path != first[0]) FlipBit(path, std::filesystem::file_size(path) - 60, 1);
  for (const auto level : {CheckLevel::kQuick, CheckLevel::kDeep}) {
    const auto report = Check(*store, level);
    ASSERT_EQ(report.damages.size(), 1u);
    EXPECT_EQ(report.damages[0].snapshots, std::vector<std::string>{"jobs/chk-2"});
  }
}

TEST_F(CheckTest, DeepFindsFilesThatTheIndexHasLost) {
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    PutSnapshot(*project, "chk-1", 1);
    Must(project->Delete("chk-1/raw"));
    Must(project->Flush());
  }
  EXPECT_TRUE(Check(*OpenStore(dir(), ReadOnly())).damages.empty());
  {
    auto index = Must(IndexDb::Open(FileIo(), dir() + "/index", IndexDb::Mode::kReadWrite));
    auto batch = index->NewBatch();
    batch->Delete(Family::kFiles, FileKey("jobs", "chk-1/state"));
    Must(index->Commit(*batch));
  }
  const auto report = Check(*OpenStore(dir(), ReadOnly()));
  ASSERT_EQ(report.damages.size(), 1u);
  EXPECT_EQ(report.damages[0].snapshots, std::vector<std::string>{"jobs/chk-1"});
}

TEST_F(CheckTest, DeepReadsPacksThatTheIndexDoesNotKnowYet) {
  const std::string text = RandomText(1000, 5);
  std::filesystem::copy(dir() + "/index", dir() + "/before",
                        std::filesystem::copy_options::recursive);
  Must([&]() -> Result<void> {
    auto store = OpenStore(dir(), Uncompressed());
    auto project = Must(store->Project("jobs"));
    SF_TRY(TryPut(*project, "a", text));
    return project->Flush();
  }());
  std::filesystem::remove_all(dir() + "/index");
  std::filesystem::rename(dir() + "/before", dir() + "/index");
  auto store = OpenStore(dir(), ReadOnly());
  EXPECT_TRUE(Check(*store).damages.empty());
  DamageText(PackPaths(), text.substr(100, 20));
  EXPECT_EQ(Check(*store).damages.size(), 1u);
}

TEST_F(CheckTest, IsCleanBesideGcAndReadsNothingTwice) {
  auto writer = OpenStore(dir(), Uncompressed());
  auto project = Must(writer->Project("jobs"));
  PutSnapshot(*project, "chk-1", 1);
  unsigned seed = 100;
  BeforePackOpens gc(3, [&] {
    PutSnapshot(*project, "chk-" + std::to_string(seed), seed);
    ++seed;
    Must(writer->Gc({}, {}, {}));
  });
  auto reader = OpenStore(dir(), ReadOnly(), &gc);
  EXPECT_TRUE(Check(*reader).damages.empty());
  EXPECT_GT(seed, 102u);
  Must(TryPut(*project, "lost", RandomText(500'000, 3)));
  Must(project->Flush());
  for (const auto& path : PackPaths())
    if (std::filesystem::file_size(path) < 500'000) std::filesystem::remove(path);
  const auto report = Check(*reader);
  EXPECT_EQ(report.damages.size(), 1u);
  EXPECT_LT(report.bytes_read, 600'000u);
}

TEST_F(CheckTest, AStoppedCheckIsNeverClean) {
  auto store = OpenStore(dir());
  PutSnapshot(*Must(store->Project("jobs")), "chk-1", 1);
  std::stop_source stop;
  // The progress is told after the last pack, when only files are left to look at.
  const auto report = store->Check(
      CheckLevel::kQuick, [&](std::uint64_t, std::uint64_t) { stop.request_stop(); },
      stop.get_token());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace stateferry::storage::managed
