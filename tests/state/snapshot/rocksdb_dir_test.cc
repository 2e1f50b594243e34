#include "state/snapshot/rocksdb_dir.h"

#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>

#include "tests/state/snapshot/snapshot_rig.h"

namespace stateferry::state::snapshot {
namespace {

class RocksDbDir : public SnapshotRig {
 protected:
  /// A checkpoint with two column families and some SSTs.
  void SetUp() override {
    rocksdb::Options rocksdb_options;
    rocksdb_options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb_options, Path("db").string(), &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    rocksdb::ColumnFamilyHandle* other = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily({}, "other", &other).ok());
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 200; ++i) {
        const std::string key = std::to_string(round * 1000 + i);
        ASSERT_TRUE(db->Put({}, key, transfer::Content(100, static_cast<unsigned>(i))).ok());
        ASSERT_TRUE(db->Put({}, other, key, "v").ok());
      }
      ASSERT_TRUE(db->Flush({}).ok() && db->Flush({}, other).ok());
    }
    rocksdb::Checkpoint* checkpoint = nullptr;
    ASSERT_TRUE(rocksdb::Checkpoint::Create(db.get(), &checkpoint).ok());
    const std::unique_ptr<rocksdb::Checkpoint> owned(checkpoint);
    ASSERT_TRUE(checkpoint->CreateCheckpoint(Path("store").string()).ok());
    ASSERT_TRUE(db->DestroyColumnFamilyHandle(other).ok());
  }

  std::set<std::string> FilesIn(const std::string& name) {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(Path(name)))
      if (entry.is_regular_file()) files.insert(entry.path().filename().string());
    return files;
  }
  std::string AnSst() {
    for (const std::string& name : FilesIn("store"))
      if (name.ends_with(".sst")) return name;
    return "";
  }
  Snapshot Look() {
    auto snapshot = Inspect(*places, Scratch("store"), {.check_exists = true, .map = {}});
    EXPECT_TRUE(snapshot) << snapshot.error().message();
    return snapshot ? std::move(*snapshot) : Snapshot();
  }
  static std::vector<std::string> Problems(const Snapshot& snapshot) {
    std::vector<std::string> problems;
    for (const SnapshotFile& file : snapshot.files)
      if (!file.problem.empty()) problems.push_back(file.location.Name() + ": " + file.problem);
    return problems;
  }
};

TEST_F(RocksDbDir, IsRecognizedAndWhole) {
  const auto before = FilesIn("store");
  const Snapshot snapshot = Look();
  EXPECT_EQ(snapshot.kind, SnapshotKind::kRocksDbDir);
  EXPECT_EQ(Problems(snapshot), std::vector<std::string>());
  EXPECT_EQ(snapshot.files.size(), before.size());
  EXPECT_EQ(FilesIn("store"), before) << "looking must not write";
  auto content = ReadRocksDbDirectory(Path("store").string());
  ASSERT_TRUE(content);
  EXPECT_EQ(content->ssts.size(), 6u);
  EXPECT_EQ(content->column_families.size(), 2u);
}

TEST_F(RocksDbDir, MissingSstIsFound) {
  const std::string sst = AnSst();
  std::filesystem::remove(Path("store") / sst);
  const auto problems = Problems(Look());
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].find(sst), std::string::npos) << problems[0];
  auto report = Move(Scratch("store"), Scratch("out"), Layout::kPortable);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCorruption);
}

TEST_F(RocksDbDir, MissingManifestIsFound) {
  const Snapshot whole = Look();
  std::filesystem::remove(Path("store") / whole.metadata_name);
  EXPECT_EQ(Problems(Look()), std::vector<std::string>{whole.metadata_name + ": missing"});
}

TEST_F(RocksDbDir, TruncatedSstIsFound) {
  std::filesystem::resize_file(Path("store") / AnSst(), 100);
  EXPECT_EQ(Problems(Look()).size(), 1u);
}

TEST_F(RocksDbDir, DeepVerificationFindsAFlippedBit) {
  auto good = VerifySnapshot(*places, Scratch("store"), VerifyLevel::kDeep, {});
  ASSERT_TRUE(good);
  EXPECT_EQ(good->problems, std::vector<std::string>());
  const std::string sst = AnSst();
  std::string bytes = ReadFile(Path("store") / sst);
  bytes[100] = static_cast<char>(bytes[100] ^ 4);
  WriteFile(Path("store") / sst, bytes);

  auto hash = VerifySnapshot(*places, Scratch("store"), VerifyLevel::kHash, {});
  auto deep = VerifySnapshot(*places, Scratch("store"), VerifyLevel::kDeep, {});

  ASSERT_TRUE(hash && deep);
  EXPECT_EQ(hash->problems.size(), 0u) << "a bucket has no hashes to compare with";
  ASSERT_EQ(deep->problems.size(), 1u);
  EXPECT_NE(deep->problems[0].find(sst), std::string::npos);
}

TEST_F(RocksDbDir, IsCopiedSoThatItOpens) {
  auto report = Move(Scratch("store"), Scratch("out"), Layout::kPortable);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(FilesIn("out"), FilesIn("store"));
  auto content = ReadRocksDbDirectory(Path("out").string());
  ASSERT_TRUE(content);
  EXPECT_EQ(content->ssts.size(), 6u);
}

TEST_F(RocksDbDir, ADatabaseThatWentOnMeanwhileIsNotOpenedByItsCopy) {
  const std::string manifest = Look().metadata_name;
  const auto changes = {
      std::pair("another manifest",
                std::function([&] { WriteFile(Path("store/CURRENT"), "MANIFEST-000999\n"); })),
      std::pair("a manifest that was not listed",
                std::function([&] { std::filesystem::remove(Path("out") / manifest); }))};
  for (const auto& [what, change] : changes) {
    SCOPED_TRACE(what);
    std::filesystem::remove_all(Path("out"));
    BeforeCommit act(change);
    RelocateRequest request;
    request.from = Scratch("store");
    request.to = Scratch("out");
    auto report = Relocate(request, options, Env(act));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), ErrorCode::kConflict) << report.error().message();
    EXPECT_FALSE(std::filesystem::exists(Path("out/CURRENT")));
    WriteFile(Path("store/CURRENT"), manifest + "\n");
  }
}

TEST_F(RocksDbDir, CurrentComesLast) {
  // A directory in the way of an SST: the copy fails, and nothing must open what is there of it.
  std::filesystem::create_directories(Path("out") / AnSst() / "x");
  WriteFile(Path("out") / AnSst() / "x/y", "z");
  auto report = Move(Scratch("store"), Scratch("out"), Layout::kPortable);
  EXPECT_TRUE(!report || report->transfer.failures_total > 0);
  EXPECT_FALSE(std::filesystem::exists(Path("out/CURRENT")));
}

}  // namespace
}  // namespace stateferry::state::snapshot
