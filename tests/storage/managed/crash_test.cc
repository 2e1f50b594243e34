// Stops at the k-th change of a file, for every k, and looks at what is left.

#include "tests/fakes/failing_io.h"
#include "tests/fakes/synced_dirs.h"
#include "tests/storage/managed/store_fixture.h"

namespace stateferry::storage::managed {
namespace {

using fakes::FailingIo;
using Files = std::map<std::string, std::string>;

FailingIo::Plan CrashAt(std::uint64_t change) {
  FailingIo::Plan plan;
  plan.at = change;
  plan.mode = FailingIo::Mode::kCrash;
  return plan;
}

/// What was acknowledged, and what may or may not be there.
struct Outside {
  Files sure;   ///< by successful Flush or Forget
  Files maybe;  ///< after the change under way
  bool in_between = false;

  void Begin(Files next) {
    maybe = std::move(next);
    in_between = true;
  }
  void Acknowledge() {
    sure = maybe;
    in_between = false;
  }
};

/// Puts, overwrites, deletes, forgets, collects garbage; stops at the first error.
Result<void> Workload(const std::string& dir, IoHooks* hooks, Outside& outside) {
  SF_TRY(auto store, Store::Open(FileIo(hooks), SystemClock(), dir, Uncompressed()));
  SF_TRY(auto project, store->Project("jobs"));
  auto put_all = [&](const Files& files) -> Result<void> {
    Files next = outside.sure;
    for (const auto& [key, text] : files) next[key] = text;
    outside.Begin(next);
    for (const auto& [key, text] : files) SF_TRY(TryPut(*project, key, text, 30'000));
    SF_TRY(project->Flush());
    outside.Acknowledge();
    return {};
  };
  SF_TRY(put_all({{"chk-1/a", RandomText(70'000, 1)}, {"chk-1/_metadata", "one"}}));
  SF_TRY(put_all({{"chk-2/a", RandomText(70'000, 1)}, {"chk-2/b", RandomText(50'000, 2)}}));
  SF_TRY(put_all({{"chk-1/_metadata", "one, again"}}));
  Files without = outside.sure;
  std::erase_if(without, [](const auto& file) { return file.first.starts_with("chk-1/"); });
  outside.Begin(without);
  SF_TRY(store->Forget("jobs", "chk-1"));
  outside.Acknowledge();
  SF_TRY(store->Gc({}, {}, {}));
  SF_TRY(put_all({{"chk-3/a", RandomText(20'000, 3)}}));
  SF_TRY(store->Gc({}, {}, {}));
  return {};
}

/// Opens what a crash left and holds it against the outside record.
void LookAfter(const std::string& dir, const Outside& outside, const std::string& where) {
  auto store = Store::Open(FileIo(), SystemClock(), dir, {});
  ASSERT_TRUE(store) << where << ": " << store.error().message();
  auto project = Must((*store)->Project("jobs"));
  const Files found = ReadEverything(*project);
  // One flush is one batch: all of it or nothing.
  EXPECT_TRUE(found == outside.sure || (outside.in_between && found == outside.maybe)) << where;
  const auto report = Must((*store)->Check(CheckLevel::kDeep, {}, {}));
  EXPECT_TRUE(report.damages.empty()) << where << ": " << report.damages.front().what;
}

TEST(ManagedCrash, AtEveryChangeOfAFile) {
  // Packs have random names, and two with the same first letters share a directory: how many
  // changes there are differs by a few from run to run.
  for (std::uint64_t k = 1;; ++k) {
    const std::string where = "crash at change " + std::to_string(k);
    TempDir temp;
    const std::string dir = temp.path() + "/s";
    Must(Store::Init(FileIo(), SystemClock(), dir));
    FailingIo io(CrashAt(k));
    Outside outside;
    // A change that only tidies up may fail unnoticed.
    const auto worked = Workload(dir, &io, outside);
    LookAfter(dir, outside, where);
    if (!io.fired()) {
      EXPECT_TRUE(worked) << worked.error().message();
      EXPECT_GT(k, 50u);
      return;
    }
    // The packs alone give the same files.
    Must(RebuildIndex(FileIo(), SystemClock(), dir, {}, {}));
    LookAfter(dir, outside, where + ", rebuilt");
    Outside again;
    again.sure = ReadEverything(*Must(OpenStore(dir)->Project("jobs")));
    Must(Workload(dir, nullptr, again));
    LookAfter(dir, again, where + ", repeated");
    if (HasFailure()) return;
  }
}

TEST(ManagedCrash, OneFailedChangeIsReportedAndTheStoreGoesOn) {
  for (const auto code : {ErrorCode::kNoSpace, ErrorCode::kIo}) {
    for (std::uint64_t k = 1;; ++k) {
      const std::string where = "failure at change " + std::to_string(k);
      TempDir temp;
      const std::string dir = temp.path() + "/s";
      Must(Store::Init(FileIo(), SystemClock(), dir));
      FailingIo::Plan plan;
      plan.at = k;
      plan.path_contains = ".pack";
      plan.error = Error(code, "no more");
      FailingIo io(plan);
      auto store = OpenStore(dir, Uncompressed(), &io);
      auto project = Must(store->Project("jobs"));
      const std::string first = RandomText(80'000, 1), second = RandomText(90'000, 2);
      auto put = [&](const std::string& key, const std::string& text) -> Result<void> {
        auto accepted = TryPut(*project, key, text, 30'000);
        auto flushed = project->Flush();
        return accepted ? flushed : accepted;
      };
      for (const auto& [key, text] : {std::pair("first", first), std::pair("second", second)}) {
        auto done = put(key, text);
        if (!done) {
          EXPECT_EQ(done.error().code(), code) << where << ": " << done.error().message();
          done = put(key, text);
        }
        ASSERT_TRUE(done) << where << ": " << done.error().message();
      }
      EXPECT_EQ(ReadEverything(*project), (Files{{"first", first}, {"second", second}})) << where;
      EXPECT_TRUE(Must(store->Check(CheckLevel::kDeep, {}, {})).damages.empty()) << where;
      if (!io.fired()) break;
      ASSERT_LT(k, 200u);
    }
  }
}

TEST(ManagedCrash, SyncsDirectoriesThatAKilledProcessMade) {
  TempDir temp;
  const std::string dir = temp.path() + "/s";
  std::filesystem::create_directory(dir);
  fakes::SyncedDirs init;
  Must(Store::Init(FileIo(&init), SystemClock(), dir));
  EXPECT_TRUE(init.synced.contains(temp.path()));
  for (const char* shard = "0123456789abcdef"; *shard; ++shard)
    for (const char* second = "0123456789abcdef"; *second; ++second)
      std::filesystem::create_directories(dir + "/packs/jobs/" + *shard + *second);
  fakes::SyncedDirs put;
  auto store = OpenStore(dir, {}, &put);
  auto project = Must(store->Project("jobs"));
  Must(project->Put("a", AsBytes("b"), {}));
  EXPECT_TRUE(put.synced.contains(dir + "/packs/jobs"));
  EXPECT_TRUE(put.synced.contains(dir + "/packs"));
}

TEST(ManagedCrash, AfterAFailedSyncOfADirectoryTheStoreTakesNoMore) {
  TempDir temp;
  const std::string dir = temp.path() + "/s";
  Must(Store::Init(FileIo(), SystemClock(), dir));
  FailingIo::Plan plan;
  plan.at = 1;
  plan.path_contains = "/packs/";
  plan.ops = {IoOp::kSyncDir};
  FailingIo io(plan);
  auto store = OpenStore(dir, {}, &io);
  auto project = Must(store->Project("jobs"));
  EXPECT_FALSE(project->Put("a", AsBytes("b"), {}));
  EXPECT_FALSE(project->Put("a", AsBytes("b"), {}));
  store.reset();
  EXPECT_TRUE(Must(OpenStore(dir)->Project("jobs"))->Put("a", AsBytes("b"), {}));
}

TEST(ManagedCrash, InitAtEveryChange) {
  FailingIo counting;
  {
    TempDir temp;
    Must(Store::Init(FileIo(&counting), SystemClock(), temp.path() + "/deep/s"));
  }
  for (std::uint64_t k = 1; k <= counting.changes(); ++k) {
    TempDir temp;
    const std::string dir = temp.path() + "/deep/s";
    FailingIo io(CrashAt(k));
    EXPECT_FALSE(Store::Init(FileIo(&io), SystemClock(), dir)) << k;
    auto again = Store::Init(FileIo(), SystemClock(), dir);
    // The last step is the sync of a STORE file that is in its place already.
    ASSERT_TRUE(again || again.error().code() == ErrorCode::kConflict)
        << k << again.error().message();
    auto store = OpenStore(dir);
    Must(TryPut(*Must(store->Project("jobs")), "a", "b"));
  }
}

TEST(ManagedCrash, TwoKilledRebuilds) {
  TempDir temp;
  const std::string dir = temp.path() + "/s", saved = temp.path() + "/saved";
  Must(Store::Init(FileIo(), SystemClock(), dir));
  Outside outside;
  Must(Workload(dir, nullptr, outside));
  // As the first leaves it between its last two renames.
  std::filesystem::rename(dir + "/index", dir + "/index.new");
  {
    auto reader = Store::Open(FileIo(), SystemClock(), dir, ReadOnly());
    ASSERT_TRUE(reader) << reader.error().message();
    EXPECT_EQ(ReadEverything(*Must((*reader)->Project("jobs"))), outside.sure);
  }
  std::filesystem::copy(dir, saved, std::filesystem::copy_options::recursive);
  for (std::uint64_t k = 1;; ++k) {
    std::filesystem::remove_all(dir);
    std::filesystem::copy(saved, dir, std::filesystem::copy_options::recursive);
    FailingIo io(CrashAt(k));
    (void)RebuildIndex(FileIo(&io), SystemClock(), dir, {}, {});
    LookAfter(dir, outside, "second crash at change " + std::to_string(k));
    if (!io.fired() || HasFailure()) return;
  }
}

TEST(ManagedCrash, RebuildAtEveryChange) {
  TempDir temp;
  const std::string dir = temp.path() + "/s";
  Must(Store::Init(FileIo(), SystemClock(), dir));
  Outside outside;
  Must(Workload(dir, nullptr, outside));
  FailingIo counting;
  Must(RebuildIndex(FileIo(&counting), SystemClock(), dir, {}, {}));
  for (std::uint64_t k = 1; k <= counting.changes(); ++k) {
    FailingIo io(CrashAt(k));
    (void)RebuildIndex(FileIo(&io), SystemClock(), dir, {}, {});
    LookAfter(dir, outside, "crash of a rebuild at change " + std::to_string(k));
  }
}

}  // namespace
}  // namespace stateferry::storage::managed
