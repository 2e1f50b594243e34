#include <thread>
#include <utility>

#include "tests/fakes/fake_clock.h"
#include "tests/storage/managed/store_fixture.h"

namespace stateferry::storage::managed {
namespace {

GcReport Gc(Store& store, GcOptions options = {}) { return Must(store.Gc(options, {}, {})); }

void ExpectClean(Store& store) {
  const auto report = Must(store.Check(CheckLevel::kDeep, {}, {}));
  EXPECT_TRUE(report.damages.empty()) << report.damages.front().what;
}

using GcTest = StoreTest;

TEST_F(GcTest, FreesForgottenSnapshotsAndKeepsTheRest) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  const std::string shared = RandomText(900'000, 1), own = RandomText(3'000'000, 2);
  Must(TryPut(*project, "chk-1/shared", shared));
  Must(TryPut(*project, "chk-1/own", own));
  Must(TryPut(*project, "chk-10/shared", shared));
  Must(project->Flush());
  EXPECT_EQ(Must(store->Forget("jobs", "chk-1")), 2u) << "chk-10 is another snapshot";
  const auto before = Must(store->Info());
  const auto dry = Gc(*store, {.dry_run = true});
  EXPECT_GT(dry.bytes_freed, 2'900'000u);
  EXPECT_EQ(Must(store->Info()).pack_bytes, before.pack_bytes);
  const auto report = Gc(*store);
  EXPECT_GT(report.bytes_freed, 2'900'000u);
  EXPECT_EQ(Must(store->Info()).chunk_plain_bytes, 900'000u);
  EXPECT_LT(BytesOfPacks(), 1'000'000u);
  EXPECT_TRUE(Read(*project, "chk-10/shared") == shared);
  ExpectClean(*store);
}

TEST_F(GcTest, ForgettingEverythingLeavesNoPack) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  for (int i = 0; i < 3; ++i) {
    Must(TryPut(*project, "chk-" + std::to_string(i) + "/state", RandomText(100'000, 5)));
    Must(project->Flush());
  }
  for (int i = 0; i < 3; ++i) Must(store->Forget("jobs", "chk-" + std::to_string(i)));
  (void)Gc(*store);
  (void)Gc(*store);
  EXPECT_TRUE(PackPaths().empty());
  ExpectClean(*store);
}

TEST_F(GcTest, ADeletedFileStaysDeletedWhateverGcDropsFirst) {
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    // The record lies in a pack that stays because its other file lives.
    Must(TryPut(*project, "dead", RandomText(10'000, 1)));
    Must(TryPut(*project, "alive", RandomText(500'000, 2)));
    Must(project->Flush());
    Must(project->Delete("dead"));
    Must(project->Flush());
    (void)Gc(*store, {.min_live_fraction = 0.01});
    (void)Gc(*store, {.min_live_fraction = 0.01});
  }
  Must(RebuildIndex(FileIo(), SystemClock(), dir(), {}, {}));
  auto store = OpenStore(dir());
  EXPECT_EQ(Must(store->Info()).files, 1u);
  ExpectClean(*store);
}

TEST_F(GcTest, MergesSmallPacks) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  for (int i = 0; i < 20; ++i) {
    Must(TryPut(*project, "file-" + std::to_string(i), RandomText(1000, 50 + unsigned(i))));
    Must(project->Flush());
  }
  const auto files = ReadEverything(*project);
  const auto report = Gc(*store);
  EXPECT_EQ(report.packs_before, 20u);
  EXPECT_EQ(report.packs_after, 1u);
  EXPECT_EQ(PackPaths().size(), 1u);
  EXPECT_EQ(ReadEverything(*project), files);
  ExpectClean(*store);
  EXPECT_EQ(Gc(*store).packs_rewritten, 0u) << "a second gc finds nothing to do";
}

TEST_F(GcTest, KeepsWhatUnfinishedUploadsNeed) {
  std::string token;
  const std::string text = RandomText(2'000'000, 3);
  const std::string_view view = text;
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    auto upload =
        Must(project->StartUpload("big", {.size_bytes = 2'000'000, .part_bytes = 1'000'000}));
    Must(upload->PutPart(0, AsBytes(view.substr(0, 1'000'000))));
    (void)Gc(*store);  // the part is accepted, not flushed
    token = upload->ResumeToken();
  }
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  (void)Gc(*store);
  auto upload = Must(project->StartUpload(
      "big", {.size_bytes = 2'000'000, .part_bytes = 1'000'000, .resume_token = token}));
  EXPECT_EQ(Must(store->DropStaleUploads(-1)), 0u) << "it is in use";
  Must(upload->PutPart(1, AsBytes(view.substr(1'000'000))));
  Must(upload->Complete());
  Must(project->Flush());
  (void)Gc(*store);
  EXPECT_TRUE(Read(*project, "big") == text);
  ExpectClean(*store);
}

TEST_F(GcTest, DropsStaleUploadsAndThenTheirBytes) {
  fakes::FakeClock clock;
  auto store = Must(Store::Open(FileIo(), clock, dir(), {}));
  auto project = Must(store->Project("jobs"));
  std::string token;
  {
    auto upload = Must(project->StartUpload("big", {.size_bytes = 100'000, .part_bytes = 100'000}));
    Must(upload->PutPart(0, AsBytes(RandomText(100'000, 3))));
    Must(project->Flush());
    token = upload->ResumeToken();
  }
  clock.Advance(std::chrono::hours(2));
  EXPECT_EQ(Must(store->DropStaleUploads(3 * 3600)), 0u);
  EXPECT_EQ(Must(store->DropStaleUploads(3600)), 1u);
  (void)Gc(*store);
  EXPECT_TRUE(PackPaths().empty());
  auto gone = project->StartUpload(
      "big", {.size_bytes = 100'000, .part_bytes = 100'000, .resume_token = token});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code(), ErrorCode::kNotFound);
}

TEST_F(GcTest, UploadsThatEndedLeaveNothingToDrop) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  const UploadOptions two_parts{.size_bytes = 200'000, .part_bytes = 100'000};
  std::string resumed;
  {
    auto begun = Must(project->StartUpload("resumed", two_parts));
    Must(begun->PutPart(0, AsBytes(RandomText(100'000, 1))));
    Must(project->Flush());
    resumed = begun->ResumeToken();
  }
  {
    // The first of its parts is in the index when it ends; the put of the second hides that.
    auto across = Must(project->StartUpload("across a flush", two_parts));
    Must(across->PutPart(0, AsBytes(RandomText(100'000, 2))));
    Must(project->Flush());
    Must(across->PutPart(0, AsBytes(RandomText(100'000, 3))));
    Must(across->PutPart(1, AsBytes(RandomText(100'000, 4))));
    Must(across->Complete());
    auto aborted = Must(project->StartUpload("aborted", two_parts));
    Must(aborted->PutPart(0, AsBytes(RandomText(100'000, 5))));
    Must(project->Flush());
    Must(aborted->Abort());
    auto again = Must(project->StartUpload(
        "resumed", {.size_bytes = 200'000, .part_bytes = 100'000, .resume_token = resumed}));
    Must(again->PutPart(1, AsBytes(RandomText(100'000, 6))));
    Must(again->Complete());
    Must(project->Flush());
  }
  EXPECT_EQ(Must(store->DropStaleUploads(-1)), 0u);
}

TEST_F(GcTest, IsSafeBesideUploadsCopiesAndDeletions) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  constexpr int kRounds = 40;
  std::atomic<bool> done = false;
  // Each round puts content that the round before has just deleted: garbage that comes back.
  auto write = [&](unsigned thread) {
    const std::string name = "t" + std::to_string(thread);
    for (unsigned i = 0; i < kRounds; ++i) {
      const std::string text = RandomText(60'000 + 1000 * (i % 4), 100 + i % 4);
      Must(TryPut(*project, name + "/a", text));
      if (i % 3 == 0) Must(project->Flush());
      Must(project->Copy(name + "/a", name + "/b", {}));
      Must(project->Delete(name + "/a"));
      Must(project->Flush());
      ASSERT_TRUE(Read(*project, name + "/b") == text);
    }
  };
  std::jthread collector([&] {
    while (!done) (void)Gc(*store);
  });
  {
    std::jthread first([&] { write(1); });
    std::jthread second([&] { write(2); });
  }
  done = true;
  collector.join();
  ExpectClean(*store);
}

TEST_F(GcTest, KeepsGarbageThatIsNeededAgainAfterItWasMarked) {
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  const std::string put_again = RandomText(50'000, 1), copied = RandomText(50'000, 2);
  Must(TryPut(*project, "chk-1/a", put_again));
  Must(TryPut(*project, "chk-1/b", copied));
  Must(project->Flush());
  Must(project->Delete("chk-1/a"));
  Must(project->Flush());
  bool done = false;
  // Progress is told between the judgement of a pack and its removal.
  const auto report = Must(store->Gc({.min_live_fraction = 1.0},
                                     [&](std::uint64_t, std::uint64_t) {
                                       if (std::exchange(done, true)) return;
                                       Must(TryPut(*project, "chk-2/a", put_again));
                                       Must(project->Copy("chk-1/b", "chk-2/b", {}));
                                       Must(project->Delete("chk-1/b"));
                                       Must(project->Flush());
                                     },
                                     {}));
  ASSERT_TRUE(done);
  EXPECT_GT(report.packs_rewritten, 0u);
  EXPECT_EQ(store->write_stats().duplicate_bytes, 50'000u) << "the garbage was found and used";
  EXPECT_TRUE(Read(*project, "chk-2/a") == put_again);
  EXPECT_TRUE(Read(*project, "chk-2/b") == copied);
  ExpectClean(*store);
}

TEST_F(GcTest, ASecondOneWaitsForItsTurn) {
  auto store = OpenStore(dir());
  Must(Must(store->Project("jobs"))->Put("a", AsBytes("b"), {}));
  bool asked = false;
  Must(store->Gc({},
                 [&](std::uint64_t, std::uint64_t) {
                   const auto second = store->Gc({}, {}, {});
                   ASSERT_FALSE(second);
                   EXPECT_EQ(second.error().code(), ErrorCode::kLocked);
                   asked = true;
                 },
                 {}));
  EXPECT_TRUE(asked);
  EXPECT_TRUE(store->Gc({}, {}, {}));
}

TEST_F(GcTest, RefusesWhenARootCannotBeFollowed) {
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    Must(TryPut(*project, "a", RandomText(5000, 1)));
    Must(project->Flush());
    Must(TryPut(*project, "b", RandomText(5000, 2)));
    Must(project->Flush());
    Must(project->Delete("a"));
    Must(project->Flush());
  }
  const auto packs = PackPaths();
  std::filesystem::resize_file(packs[0], std::filesystem::file_size(packs[0]) - 1);
  auto store = OpenStore(dir());
  const auto refused = store->Gc({}, {}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(PackPaths(), packs) << "nothing was removed";
}

}  // namespace
}  // namespace stateferry::storage::managed
