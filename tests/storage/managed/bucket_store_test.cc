#include <fmt/format.h>

#include "tests/fakes/faulty_backend.h"
#include "tests/storage/managed/bucket_fixture.h"

namespace stateferry::storage::managed {
namespace {

TEST_F(BucketStoreTest, AnotherMachineReadsWhatOneHasWritten) {
  const std::string text = RecordText(3'000'000, 1);
  {
    auto store = Open("one");
    auto project = Must(store->Project("p"));
    Must(TryPut(*project, "chk-1/a", text, 1u << 20, "origin of a"));
    Must(TryPut(*project, "chk-1/b", "small"));
    Must(project->Flush());
    EXPECT_EQ(Read(*project, "chk-1/a"), text);
  }
  auto store = Open("two", ReadOnly());
  auto project = Must(store->Project("p"));
  EXPECT_EQ(project->Describe(), "managed+mem://b/at/store/p");
  EXPECT_EQ(ReadEverything(*project), (Content{{"chk-1/a", text}, {"chk-1/b", "small"}}));
  EXPECT_EQ(Must(project->FindByOrigin("origin of a"))->key, "chk-1/a");
  EXPECT_TRUE(Must(store->Check(CheckLevel::kDeep, {}, {})).damages.empty());
}

TEST_F(BucketStoreTest, ALostIndexIsMadeAgainFromTheBucket) {
  Content files;
  StoreInfo before;
  {
    auto store = Open("one");
    auto project = Must(store->Project("p"));
    Must(TryPut(*project, "gone", "x"));
    Must(TryPut(*project, "changed", "old"));
    Must(project->Flush());
    Must(project->Delete("gone"));
    Must(TryPut(*project, "changed", RandomText(200'000, 3)));
    Must(project->Copy("changed", "copy", {}));
    Must(project->Flush());
    files = ReadEverything(*project);
    before = Must(store->Info());
  }
  std::filesystem::remove_all(Home("one"));
  const auto rebuilt =
      Must(RebuildIndexOfBucket(FileIo(), clock_, Place(), Home("one"), {}, {})).info;
  EXPECT_EQ(rebuilt.files, before.files);
  EXPECT_EQ(rebuilt.chunks, before.chunks);
  EXPECT_EQ(rebuilt.pack_bytes, before.pack_bytes);
  EXPECT_EQ(Files("one"), files);
  auto store = Open("one");
  Commit(*store, "changed", "newest");
  EXPECT_EQ(Read(*Must(store->Project("p")), "changed"), "newest") << "sequence numbers go on";
}

TEST_F(BucketStoreTest, ADamagedIndexIsNamedAndRebuilt) {
  Commit(*Open("one"), "a", "text");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Home("one")))
    if (entry.path().filename() == "CURRENT") std::ofstream(entry.path()) << "nothing";
  const auto opened = TryOpen("one");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kCorruption);
  EXPECT_NE(opened.error().hint().find("rebuild-index"), std::string::npos);
  Must(RebuildIndexOfBucket(FileIo(), clock_, Place(), Home("one"), {}, {}));
  EXPECT_EQ(Files("one"), (Content{{"a", "text"}}));
}

TEST_F(BucketStoreTest, RebuildingReadsFootersAndRecordsAndNoChunks) {
  const std::string text = RandomText(20'000'000, 4);
  {
    auto store = Open("one", Uncompressed());
    Commit(*store, "large", text);
    Commit(*store, "small", "text");
  }
  class Counting final : public ForwardingBackend {
   public:
    using ForwardingBackend::ForwardingBackend;
    Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                  MutableByteSpan out) override {
      ++reads;
      auto read = inner().ReadRange(key, offset, out);
      bytes += read.value();
      return read;
    }
    std::atomic<std::uint64_t> reads = 0, bytes = 0;
  };
  const auto counting = std::make_shared<Counting>(bucket_);
  Must(RebuildIndexOfBucket(FileIo(), clock_, Place(counting), Home("two"), {}, {}));
  EXPECT_LE(counting->reads, 2u + 2 + 1) << "STORE and its end; head and tail; all of a small one";
  EXPECT_LT(counting->bytes, 300'000u);
  EXPECT_EQ(Files("two"), (Content{{"large", text}, {"small", "text"}}));
}

TEST_F(BucketStoreTest, TwoOpenWritersCommitAndEachSeesBothWhenItOpensAgain) {
  const std::string shared = RandomText(500'000, 5);
  {
    auto one = Open("one");
    auto two = Open("two");
    Commit(*one, "chk-1/state", shared + "1");
    Commit(*two, "chk-2/state", shared + "2");
    Commit(*one, "chk-1/_metadata", "m1");
    Commit(*two, "chk-2/_metadata", "m2");
  }
  const Content both = {{"chk-1/_metadata", "m1"},
                        {"chk-1/state", shared + "1"},
                        {"chk-2/_metadata", "m2"},
                        {"chk-2/state", shared + "2"}};
  for (const char* machine : {"one", "two", "three"}) {
    EXPECT_EQ(Files(machine), both) << machine;
    auto store = Open(machine);
    EXPECT_TRUE(Must(store->Check(CheckLevel::kDeep, {}, {})).damages.empty()) << machine;
  }
}

TEST_F(BucketStoreTest, NoObjectIsEverWrittenTwice) {
  auto one = Open("one");
  Commit(*one, "a", "1");
  const auto before = Objects();
  auto two = Open("two");
  Commit(*two, "b", "2");
  Commit(*one, "a", "3");
  Must(one->Forget("p", "a"));
  const auto after = Objects();
  EXPECT_GT(after.size(), before.size());
  for (const auto& [key, etag] : before)
    EXPECT_EQ(after.contains(key) ? after.at(key) : "none", etag) << key;
}

TEST_F(BucketStoreTest, AllMachinesAgreeWhoseChangeOfAKeyCounts) {
  {
    auto one = OpenBlind("one");
    auto two = OpenBlind("two");
    Commit(*one, "tie", "of one");  // both have sequence 1
    Commit(*two, "tie", "of two");
    Commit(*one, "later", "of one");  // 2
    Commit(*two, "x", "x");           // 2
    Commit(*two, "later", "of two");  // 3
  }
  const auto files = Files("one");
  EXPECT_EQ(Files("two"), files);
  EXPECT_EQ(Files("three"), files);
  EXPECT_EQ(files.at("later"), "of two");
  EXPECT_EQ(files.at("x"), "x");
  auto store = Open("one", ReadOnly());
  EXPECT_TRUE(Must(store->Check(CheckLevel::kDeep, {}, {})).damages.empty());
}

TEST_F(BucketStoreTest, AnOlderRecordThatIsHeardOfLaterDoesNotUndoADeletion) {
  Commit(*Open("one"), "a", "first");  // 1
  auto late = OpenBlind("late");
  {
    auto one = Open("one");
    Commit(*one, "other", "x");   // 2
    Must(one->Forget("p", "a"));  // 3
  }
  Commit(*late, "a", "written without knowing");  // 2
  late.reset();
  const Content files = {{"other", "x"}};
  EXPECT_EQ(Files("one"), files) << "knew the deletion before the record";
  EXPECT_EQ(Files("late"), files) << "knew the record before the deletion";
  EXPECT_EQ(Files("fresh"), files);
}

/// Machines that open, change and close in any order come to the same files.
TEST_F(BucketStoreTest, AnyOrderOfCommitsConverges) {
  int conflicts = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::map<std::string, std::shared_ptr<BlindBackend>> buckets;
    std::map<std::string, std::unique_ptr<Store>> open;
    for (int step = 0; step < 25; ++step) {
      const std::string machine(1, static_cast<char>('a' + random() % 3));
      auto& bucket = buckets[machine];
      auto& store = open[machine];
      if (!store || random() % 4 == 0) {
        store.reset();
        bucket = std::make_shared<BlindBackend>(bucket_);
        store = Must(TryOpen(machine, {}, bucket));
      }
      random() % 2 == 0 ? bucket->Freeze() : bucket->Thaw();
      auto project = Must(store->Project("p"));
      const std::string key = "k" + std::to_string(random() % 4);
      if (random() % 3 == 0)
        Must(project->Delete(key));
      else
        Must(TryPut(*project, key, "by " + machine + " at " + std::to_string(step)));
      const auto flushed = project->Flush();
      if (flushed) continue;
      ASSERT_EQ(flushed.error().code(), ErrorCode::kConflict) << flushed.error().message();
      ++conflicts;
    }
    open.clear();
    const auto files = Files("a");
    EXPECT_EQ(Files("b"), files) << "seed " << seed;
    EXPECT_EQ(Files("c"), files) << "seed " << seed;
    EXPECT_EQ(Files("fresh " + std::to_string(seed)), files) << "seed " << seed;
  }
  EXPECT_GT(conflicts, 0);
}

TEST_F(BucketStoreTest, AKeyThatAnotherMachineHasChangedIsNotChangedUnknowingly) {
  auto one = Open("one");
  auto two = Open("two");
  Commit(*one, "chk-1/a", "of one");
  auto project = Must(two->Project("p"));
  Must(TryPut(*project, "chk-1/a", "of two"));
  Must(TryPut(*project, "chk-1/_metadata", "of two"));
  const auto objects = Objects();
  const auto refused = project->Flush();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
  EXPECT_NE(refused.error().message().find("store/p/chk-1/a"), std::string::npos)
      << refused.error().message();
  EXPECT_EQ(Objects(), objects) << "nothing was put";
  EXPECT_EQ(ReadEverything(*project), (Content{{"chk-1/a", "of one"}})) << "it is known now";
  Must(TryPut(*project, "chk-1/a", "knowingly"));
  Must(project->Flush());
  EXPECT_EQ(Files("three"), (Content{{"chk-1/a", "knowingly"}}));
}

TEST_F(BucketStoreTest, AnOpenStoreHearsOfTheOthersWhenItCommits) {
  auto one = Open("one");
  Commit(*Open("two"), "b", "of two");
  Commit(*one, "a", "of one");
  EXPECT_EQ(ReadEverything(*Must(one->Project("p"))), (Content{{"a", "of one"}, {"b", "of two"}}));
}

TEST_F(BucketStoreTest, AWriterKilledAtAnyRequestLeavesAllOrNothingOfACommit) {
  Commit(*Open("one"), "old", "stays");
  const std::string text = RandomText(100'000, 6);
  std::uint64_t acknowledged = 0, nothing = 0, all = 0;
  for (const bool after : {false, true}) {
    for (std::uint64_t k = 1;; ++k) {
      const std::string name = "new" + std::to_string(k) + (after ? "b" : "a");
      const auto fate = std::make_shared<DyingBackend::Fate>();
      fate->die_at = k;
      fate->after = after;
      Result<void> done;
      {
        auto store = Must(TryOpen("dies", {}, std::make_shared<DyingBackend>(bucket_, fate)));
        auto project = Must(store->Project("p"));
        done = [&]() -> Result<void> {
          SF_TRY(auto upload, project->StartUpload(name, {.size_bytes = 2 * text.size(),
                                                          .part_bytes = text.size()}));
          SF_TRY(upload->PutPart(0, AsBytes(text + "")));
          SF_TRY(project->Flush());  // a pack of chunks alone
          SF_TRY(upload->PutPart(1, AsBytes(name + text.substr(name.size()))));
          SF_TRY(upload->Complete());
          SF_TRY(TryPut(*project, name + ".2", "beside it"));
          return project->Flush();
        }();
      }
      for (const std::string machine : {"dies", "other"}) {
        const auto files = Files(machine);
        EXPECT_EQ(files.at("old"), "stays");
        EXPECT_EQ(files.contains(name), files.contains(name + ".2")) << k;
        EXPECT_TRUE(!done || files.contains(name)) << k;
        if (files.contains(name)) {
          EXPECT_EQ(files.at(name), text + name + text.substr(name.size())) << k;
        }
        if (machine == "dies") ++(done ? acknowledged : files.contains(name) ? all : nothing);
      }
      if (done) break;
    }
  }
  EXPECT_EQ(acknowledged, 2u);
  EXPECT_GE(nothing, 6u);
  EXPECT_EQ(all, 1u) << "only the lost answer to the last Complete";
  auto store = Open("fresh");
  EXPECT_TRUE(Must(store->Check(CheckLevel::kDeep, {}, {})).damages.empty());
}

TEST_F(BucketStoreTest, AfterAFailedCommitTheStoreIsOpenedAgainAndGoesOn) {
  const auto faulty = std::make_shared<fakes::FaultyBackend>(bucket_);
  {
    auto store = Must(TryOpen("one", {}, faulty));
    auto project = Must(store->Project("p"));
    Must(TryPut(*project, "a", "text"));
    faulty->Fail({.op = fakes::BackendOp::kComplete, .after = true});
    EXPECT_FALSE(project->Flush());
    EXPECT_FALSE(TryPut(*project, "b", "text")) << "nobody knows what is there";
  }
  EXPECT_EQ(Files("one"), (Content{{"a", "text"}})) << "the answer was lost, the commit was not";
  Commit(*Open("one"), "b", "text");
}

TEST_F(BucketStoreTest, APackThatCannotBePutIsNamed) {
  const auto faulty = std::make_shared<fakes::FaultyBackend>(bucket_);
  auto store = Must(TryOpen("one", {}, faulty));
  auto project = Must(store->Project("p"));
  Must(TryPut(*project, "a", "text"));
  faulty->Fail({.op = fakes::BackendOp::kPutPart});
  const auto failed = project->Flush();
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().message().starts_with("putting managed+mem://b/at/store/packs/p/"))
      << failed.error().message();
}

TEST_F(BucketStoreTest, AListingThatFailsEndsACommitAndNotTheStore) {
  const auto faulty = std::make_shared<fakes::FaultyBackend>(bucket_);
  auto store = Must(TryOpen("one", {}, faulty));
  auto project = Must(store->Project("p"));
  Must(TryPut(*project, "a", "text"));
  faulty->Fail({.op = fakes::BackendOp::kList,
                .error = Error(ErrorCode::kUnavailable, "the service is away")});
  EXPECT_EQ(project->Flush().error().code(), ErrorCode::kUnavailable);
  Commit(*store, "b", "text");
  EXPECT_EQ(Files("two"), (Content{{"b", "text"}}))
      << "what was put before is lost, as it was said";
}

TEST_F(BucketStoreTest, AnAnswerThatSaysConflictIsThePackItself) {
  const auto faulty = std::make_shared<fakes::FaultyBackend>(bucket_);
  // As a retry of a Complete whose first answer was lost.
  faulty->Fail({.op = fakes::BackendOp::kComplete,
                .error = Error(ErrorCode::kConflict, "exists already"),
                .after = true});
  auto store = Must(TryOpen("one", {}, faulty));
  Commit(*store, "a", "text");
  EXPECT_EQ(Files("two"), (Content{{"a", "text"}}));
}

TEST_F(BucketStoreTest, APackThatIsListedBeforeWhatItNeedsIsTakenInWithIt) {
  /// Hides what was there at first from the first listing, as one that began earlier.
  class Late final : public ForwardingBackend {
   public:
    using ForwardingBackend::ForwardingBackend;
    Result<void> List(std::string_view prefix,
                      const std::function<Result<void>(const ObjectMeta&)>& visit) override {
      const std::string hidden = std::exchange(hide, "");
      return inner().List(prefix, [&](const ObjectMeta& meta) -> Result<void> {
        return meta.key == hidden ? Result<void>() : visit(meta);
      });
    }
    std::string hide;
  };
  const auto late = std::make_shared<Late>(bucket_);
  const std::string text = RandomText(100'000, 7);
  {
    auto store = Open("one");
    auto project = Must(store->Project("p"));
    auto upload =
        Must(project->StartUpload("a", {.size_bytes = text.size(), .part_bytes = text.size()}));
    Must(upload->PutPart(0, AsBytes(text)));
    Must(project->Flush());
    for (const auto& [key, etag] : Objects())
      if (key.ends_with(".pack")) late->hide = key;
    Must(upload->Complete());
    Must(project->Flush());
  }
  ASSERT_FALSE(late->hide.empty());
  auto store = Must(TryOpen("two", ReadOnly(), late));
  EXPECT_TRUE(late->hide.empty());
  EXPECT_EQ(Read(*Must(store->Project("p")), "a"), text);
}

TEST_F(BucketStoreTest, AReaderLooksBesideAWriterOfTheSameMachine) {
  auto writer = Open("one");
  Commit(*writer, "a", "text");
  EXPECT_EQ(Files("one"), (Content{{"a", "text"}}));
  const auto second = TryOpen("one");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::kLocked);
  EXPECT_NE(second.error().message().find("managed+mem://b/at/store"), std::string::npos);
}

TEST_F(BucketStoreTest, InitTakesOnlyAnEmptyPrefixOutsideOfOtherStores) {
  auto init = [&](const std::string& prefix) {
    return InitBucket(clock_, {.backend = bucket_, .prefix = prefix, .uri = "managed+mem://b/x"});
  };
  EXPECT_EQ(init("at/store").error().code(), ErrorCode::kConflict);
  EXPECT_EQ(init("at/store/inside").error().code(), ErrorCode::kRefused);
  Must(bucket_->Put("used/object", AsBytes("x"), {}));
  EXPECT_EQ(init("used").error().code(), ErrorCode::kConflict);
  Must(init("use"));  // of "used" only a part of its name
  EXPECT_EQ(init("").error().code(), ErrorCode::kConflict);
}

TEST_F(BucketStoreTest, APathIsTakenApartAtTheNearestStore) {
  auto at = Must(ResolveBucketStore(*bucket_, "at/store/p/chk/1", "u"));
  EXPECT_EQ(at.prefix, "at/store");
  EXPECT_EQ(at.project, "p");
  EXPECT_EQ(at.key, "chk/1");
  at = Must(ResolveBucketStore(*bucket_, "at/store", "u"));
  EXPECT_EQ(at.project, "");
  EXPECT_EQ(ResolveBucketStore(*bucket_, "at", "u").error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace stateferry::storage::managed
