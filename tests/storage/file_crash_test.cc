// Stop a bucket directory at its k-th change, for every k: the old or the new content, never a
// part of it, and nothing that was acknowledged is lost.

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "storage/file_backend.h"
#include "tests/fakes/failing_io.h"
#include "tests/fakes/scratch_dir.h"
#include "tests/fakes/synced_dirs.h"

namespace stateferry::storage {
namespace {

using fakes::FailingIo;
using fakes::ScratchDir;

const std::string kOld = "old content";
const std::string kNew = "the new content, which is longer";

struct Work {
  std::string name;
  /// True when the work was acknowledged.
  std::function<bool(Backend&)> run;
};

Result<void> UploadNew(Backend& backend, std::string_view key) {
  SF_TRY(auto upload, backend.StartUpload(key, {.size_bytes = kNew.size(), .part_bytes = 10}));
  for (std::uint32_t i = 0; i * 10 < kNew.size(); ++i)
    SF_TRY(upload->PutPart(i, AsBytes(std::string_view(kNew).substr(i * 10, 10))));
  SF_TRY(upload->Complete());
  return backend.Flush();
}

std::vector<Work> Works() {
  return {
      {"put", [](Backend& b) { return b.Put("dir/k", AsBytes(kNew), {}).has_value(); }},
      {"upload", [](Backend& b) { return UploadNew(b, "dir/k").has_value(); }},
      {"upload into a new directory",
       [](Backend& b) { return UploadNew(b, "new/dir/k").has_value(); }},
      {"copy",
       [](Backend& b) { return b.Copy("from", "dir/k", {}).has_value() && b.Flush().has_value(); }},
  };
}

/// A bucket with an old object.
void Prepare(const ScratchDir& dir) {
  auto backend = OpenFileBackend(FileIo(), dir.File("bucket"));
  ASSERT_TRUE(backend && (*backend)->Put("dir/k", AsBytes(kOld), {}) &&
              (*backend)->Put("from", AsBytes(kNew), {}));
}

/// Key to content of everything in the bucket, as a later process sees it.
std::map<std::string, std::string> Objects(const ScratchDir& dir) {
  auto backend = OpenFileBackend(FileIo(), dir.File("bucket"));
  EXPECT_TRUE(backend);
  std::map<std::string, std::string> objects;
  auto listed = (*backend)->List("", [&](const ObjectMeta& meta) -> Result<void> {
    SF_TRY(objects[meta.key], ReadAll(**backend, meta.key, 1000));
    return {};
  });
  EXPECT_TRUE(listed) << listed.error().message();
  return objects;
}

std::uint64_t CountChanges(const Work& work) {
  ScratchDir dir;
  Prepare(dir);
  FailingIo counting;
  auto backend = OpenFileBackend(FileIo(&counting), dir.File("bucket"));
  EXPECT_TRUE(backend && work.run(**backend));
  return counting.changes();
}

void StopAtEveryChange(const Work& work, FailingIo::Mode mode) {
  const std::uint64_t changes = CountChanges(work);
  ASSERT_GT(changes, 4u);
  for (std::uint64_t k = 1; k <= changes; ++k) {
    SCOPED_TRACE(work.name + " stopped at change " + std::to_string(k));
    ScratchDir dir;
    Prepare(dir);
    bool acknowledged = false;
    {
      FailingIo failing({.at = k, .mode = mode});
      auto backend = OpenFileBackend(FileIo(&failing), dir.File("bucket"));
      ASSERT_TRUE(backend);
      acknowledged = work.run(**backend);
      EXPECT_TRUE(failing.fired());
    }
    const auto objects = Objects(dir);
    EXPECT_EQ(objects.at("from"), kNew);
    const std::string& old_or_new = objects.at("dir/k");
    EXPECT_TRUE(old_or_new == kOld || old_or_new == kNew) << old_or_new;
    if (objects.contains("new/dir/k")) {
      EXPECT_EQ(objects.at("new/dir/k"), kNew);
    }
    EXPECT_LE(objects.size(), 3u) << "something else became visible";
    if (acknowledged) {
      EXPECT_TRUE(old_or_new == kNew || objects.contains("new/dir/k")) << "acknowledged and lost";
    }
    // Running it again finishes it.
    auto backend = OpenFileBackend(FileIo(), dir.File("bucket"));
    EXPECT_TRUE(work.run(**backend));
  }
}

TEST(FileBackendCrash, LeavesOldOrNewAtEveryChange) {
  for (const auto& work : Works()) StopAtEveryChange(work, FailingIo::Mode::kCrash);
}

TEST(FileBackendCrash, LeavesOldOrNewWhenOneChangeFails) {
  for (const auto& work : Works()) StopAtEveryChange(work, FailingIo::Mode::kOnce);
}

TEST(FileBackendCrash, LeavesOldOrNewOnAFullDisk) {
  for (const auto& work : Works()) StopAtEveryChange(work, FailingIo::Mode::kSticky);
}

TEST(FileBackendCrash, NothingIsAcknowledgedWhenAnySyncFails) {
  // A flush that reports success although one of its syncs failed would lie.
  for (const auto& work : Works()) {
    for (const IoOp op : {IoOp::kSync, IoOp::kSyncDir}) {
      for (std::uint64_t k = 1;; ++k) {
        ScratchDir dir;
        Prepare(dir);
        FailingIo failing({.at = k, .ops = {op}});
        auto backend = OpenFileBackend(FileIo(&failing), dir.File("bucket"));
        const bool acknowledged = work.run(**backend);
        if (!failing.fired()) break;
        EXPECT_FALSE(acknowledged) << work.name << ", sync " << k;
      }
    }
  }
}

TEST(FileBackendCrash, ContentIsSyncedBeforeItsNameAndTheDirectoryAfterIt) {
  class Order final : public IoHooks {
   public:
    Result<void> Before(IoOp op, std::string_view path) override {
      if (op == IoOp::kWrite) text += 'w';
      if (op == IoOp::kSync) text += 's';
      if (op == IoOp::kRename) text += 'r';
      if (op == IoOp::kSyncDir && path.ends_with("/dir")) text += 'd';
      return {};
    }
    std::string text;
  };
  const std::map<std::string, std::string> expected = {
      {"put", "wwsrd"},
      {"upload", "wwwwwsrd"},
      {"copy", "wwsrd"}};  // the first write makes the file
  for (const auto& work : Works()) {
    if (!expected.contains(work.name)) continue;
    ScratchDir dir;
    Prepare(dir);
    Order order;
    auto backend = OpenFileBackend(FileIo(&order), dir.File("bucket"));
    ASSERT_TRUE(work.run(**backend));
    EXPECT_EQ(order.text, expected.at(work.name)) << work.name;
  }
}

/// Syncs the directory that names it, and those above, even when an earlier process made them.
TEST(FileBackendCrash, SyncsDirectoriesThatAKilledProcessMade) {
  ScratchDir dir;
  ASSERT_TRUE(FileIo().MakeDirsDurably(dir.File("bucket/a/b")));
  fakes::SyncedDirs hooks;
  auto backend = OpenFileBackend(FileIo(&hooks), dir.File("bucket"));
  ASSERT_TRUE((*backend)->Put("a/b/k", AsBytes("x"), {}));
  for (const char* name : {"bucket/a/b", "bucket/a", "bucket"})
    EXPECT_TRUE(hooks.synced.contains(dir.File(name))) << name;
  EXPECT_TRUE(hooks.synced.contains(ParentDir(dir.File("bucket")))) << "which names the bucket";
}

/// What another thread makes in a directory that was synced before is synced by whoever finds it.
TEST(FileBackendCrash, SyncsTheNameOfADirectoryThatAppearedInAKnownOne) {
  ScratchDir dir;
  fakes::SyncedDirs hooks;
  auto backend = OpenFileBackend(FileIo(&hooks), dir.File("bucket"));
  ASSERT_TRUE((*backend)->Put("a/k", AsBytes("x"), {}));
  ASSERT_TRUE(FileIo().MakeDirsDurably(dir.File("bucket/a/b")));
  hooks.synced.clear();
  ASSERT_TRUE((*backend)->Put("a/b/k", AsBytes("x"), {}));
  EXPECT_TRUE(hooks.synced.contains(dir.File("bucket/a")));
}

}  // namespace
}  // namespace stateferry::storage
