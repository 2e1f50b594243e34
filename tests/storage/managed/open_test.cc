#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "storage/managed/store_files.h"
#include "tests/fakes/synced_dirs.h"
#include "tests/storage/managed/store_fixture.h"

namespace stateferry::storage::managed {
namespace {

using OpenTest = StoreTest;

constexpr char kDirOfHolder[] = "SF_TEST_HELD_STORE";

/// Not a test of its own: the other process of the next one.
TEST(OpenTestHolder, DISABLED_HoldsAStoreUntilItsInputEnds) {
  const char* dir = std::getenv(kDirOfHolder);
  ASSERT_NE(dir, nullptr);
  auto store = Store::Open(FileIo(), SystemClock(), dir, {});
  char byte = store ? 'y' : 'n';
  (void)!::write(STDERR_FILENO, &byte, 1);
  (void)!::read(STDIN_FILENO, &byte, 1);
  ::_exit(0);  // without closing anything: the kernel gives the lock up
}

/// A process that holds the store in `dir` open.  It is this program again, not a fork of it: the
/// threads that RocksDB needs cannot be started in the fork of a process that has threads already.
class Holder {
 public:
  explicit Holder(const std::string& dir) {
    int ready[2], go[2];
    EXPECT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(go, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, go[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ready[1], STDERR_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::setenv(kDirOfHolder, dir.c_str(), 1);
    std::string self = "managed_test", all = "--gtest_also_run_disabled_tests",
                filter = "--gtest_filter=OpenTestHolder.*";
    char* const argv[] = {self.data(), all.data(), filter.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::unsetenv(kDirOfHolder);
    ::close(ready[1]);
    ::close(go[0]);
    ready_ = ready[0];
    go_ = go[1];
  }
  ~Holder() { Release(); }

  /// Waits until it has tried.
  bool HasOpened() const {
    char byte = 0;
    return ::read(ready_, &byte, 1) == 1 && byte == 'y';
  }
  pid_t pid() const { return pid_; }
  void Release() {
    if (pid_ <= 0) return;
    ::close(go_);
    ::close(ready_);
    EXPECT_EQ(::waitpid(pid_, nullptr, 0), pid_);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  int ready_ = -1, go_ = -1;
};

TEST_F(OpenTest, TheSecondWriterIsToldWhoTheFirstIs) {
  Holder first(dir());
  ASSERT_TRUE(first.HasOpened());
  const auto second = Store::Open(FileIo(), SystemClock(), dir(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::kLocked);
  EXPECT_NE(second.error().message().find("pid " + std::to_string(first.pid())), std::string::npos)
      << second.error().message();
  EXPECT_NE(second.error().message().find("managed_test"), std::string::npos)
      << second.error().message();
  EXPECT_TRUE(Store::Open(FileIo(), SystemClock(), dir(), ReadOnly())) << "readers may";
  first.Release();
  EXPECT_TRUE(Store::Open(FileIo(), SystemClock(), dir(), {}));
}

TEST_F(OpenTest, AReaderWorksBesideAWriterThatCollectsGarbage) {
  auto writer = OpenStore(dir());
  auto project = Must(writer->Project("jobs"));
  const std::string keep = RandomText(300'000, 1);
  Must(TryPut(*project, "keep", keep));
  Must(TryPut(*project, "drop", RandomText(3'000'000, 2)));
  Must(project->Flush());
  auto reader = OpenStore(dir(), ReadOnly());
  auto view = Must(reader->Project("jobs"));
  Must(project->Delete("drop"));
  Must(project->Flush());
  (void)Must(writer->Gc({}, {}, {}));  // moves "keep" to another pack
  EXPECT_TRUE(Read(*view, "keep") == keep);
  EXPECT_TRUE(Must(reader->Check(CheckLevel::kDeep, {}, {})).damages.empty());
  const auto put = view->Put("new", AsBytes("x"), {});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code(), ErrorCode::kRefused);
}

TEST_F(OpenTest, AReadOutlivesSeveralStepsOfGc) {
  auto writer = OpenStore(dir());
  auto project = Must(writer->Project("jobs"));
  std::string text;
  for (unsigned i = 0; i < 3; ++i) {  // a part in each of three packs
    text += RandomText(100'000, i);
    Must(TryPut(*project, "part " + std::to_string(i), text.substr(i * 100'000)));
    Must(project->Flush());
  }
  Must(TryPut(*project, "whole", text, 100'000));
  Must(project->Flush());
  BeforePackOpens gc(4, [&] {
    Must(TryPut(*project, "more", RandomText(1000, 9)));
    Must(project->Flush());
    Must(writer->Gc({}, {}, {}));
  });
  auto reader = OpenStore(dir(), ReadOnly(), &gc);
  EXPECT_TRUE(Read(*Must(reader->Project("jobs")), "whole") == text);
}

TEST_F(OpenTest, AFileWhosePackIsLostIsThereButDamaged) {
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    Must(TryPut(*project, "a", "b"));
    Must(project->Flush());
  }
  std::filesystem::remove(PackPaths().at(0));
  for (const bool read_only : {true, false}) {
    auto store = OpenStore(dir(), read_only ? ReadOnly() : StoreOptions());
    const auto read = ReadAll(*Must(store->Project("jobs")), "a", 100);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), ErrorCode::kCorruption) << read.error().message();
  }
}

TEST_F(OpenTest, APackIsTakenInOnlyWithADurableName) {
  namespace fs = std::filesystem;
  const std::string index = dir() + "/index", aside = temp_.path() + "/index";
  fs::copy(index, aside, fs::copy_options::recursive);
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    Must(TryPut(*project, "a", "text"));
    Must(project->Flush());
  }
  const std::string shard = ParentDir(PackPaths().at(0));
  auto forget_the_pack = [&] {  // as if the process had been killed right after the rename
    fs::remove_all(index);
    fs::copy(aside, index, fs::copy_options::recursive);
  };
  auto expect_synced = [&](const fakes::SyncedDirs& synced) {
    for (const auto& name : {shard, ParentDir(shard), dir() + "/packs"})
      EXPECT_TRUE(synced.synced.contains(name)) << name;
  };
  forget_the_pack();
  fakes::SyncedDirs opened, rebuilt;
  {
    auto store = OpenStore(dir(), {}, &opened);
    EXPECT_EQ(Read(*Must(store->Project("jobs")), "a"), "text");
  }
  expect_synced(opened);
  forget_the_pack();
  (void)Must(RebuildIndex(FileIo(&rebuilt), SystemClock(), dir(), {}, {}));
  expect_synced(rebuilt);
}

TEST_F(OpenTest, WhateverLiesUnderTmpIsRemoved) {
  std::filesystem::create_directories(dir() + "/tmp/x/y");
  std::ofstream(dir() + "/tmp/x/y/file") << "x";
  std::ofstream(dir() + "/tmp/0.pack") << "x";
  EXPECT_TRUE(Store::Open(FileIo(), SystemClock(), dir(), {}));
  EXPECT_TRUE(std::filesystem::is_empty(dir() + "/tmp"));
}

TEST_F(OpenTest, ReadersOpenWhileAWriterIsBusy) {
  auto writer = OpenStore(dir());
  auto project = Must(writer->Project("jobs"));
  for (unsigned i = 0; i < 30; ++i) {
    Must(TryPut(*project, "f" + std::to_string(i), RandomText(2000, i)));
    Must(project->Flush());
    auto reader = OpenStore(dir(), ReadOnly());
    EXPECT_EQ(Read(*Must(reader->Project("jobs")), "f" + std::to_string(i)), RandomText(2000, i));
  }
}

TEST_F(OpenTest, RefusesANewerFormatAndAnotherHash) {
  const std::string file = dir() + "/STORE";
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto open_with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    std::ofstream(file) << changed;
    return Store::Open(FileIo(), SystemClock(), dir(), {});
  };
  EXPECT_EQ(open_with("\"format\":1", "\"format\":2").error().code(), ErrorCode::kRefused);
  EXPECT_EQ(open_with("xxh3-128", "blake3").error().code(), ErrorCode::kRefused);
  EXPECT_EQ(open_with("{", "").error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(Store::Open(FileIo(), SystemClock(), dir() + "/nowhere", {}).error().code(),
            ErrorCode::kNotFound);
}

TEST_F(OpenTest, InitRefusesWhatIsNotEmptyAndNestedStores) {
  auto code = [](const std::string& path) {
    auto made = Store::Init(FileIo(), SystemClock(), path);
    return made ? ErrorCode::kInternal : made.error().code();
  };
  EXPECT_EQ(code(dir()), ErrorCode::kConflict);
  EXPECT_EQ(code(dir() + "/"), ErrorCode::kConflict);
  EXPECT_EQ(code(dir() + "/packs/inner"), ErrorCode::kRefused);
  const std::string used = temp_.path() + "/used";
  std::filesystem::create_directory(used);
  std::ofstream(used + "/file") << "x";
  EXPECT_EQ(code(used), ErrorCode::kConflict);
  EXPECT_EQ(code(used + "/file"), ErrorCode::kConflict);
  EXPECT_TRUE(std::filesystem::exists(used + "/file"));
}

TEST_F(OpenTest, InitTakesNothingForItsOwnThatIsNot) {
  const std::string foreign = temp_.path() + "/foreign";
  for (const char* name : {"/index", "/tmp", "/lost+found"})
    std::filesystem::create_directories(foreign + name);
  EXPECT_FALSE(Store::Init(FileIo(), SystemClock(), foreign)) << "index without packs";
  std::filesystem::create_directory(foreign + "/packs");
  std::ofstream(foreign + "/index/page.html") << "x";
  EXPECT_FALSE(Store::Init(FileIo(), SystemClock(), foreign)) << "not of RocksDB";
  std::filesystem::rename(foreign + "/index/page.html", foreign + "/index/000004.log");
  std::filesystem::create_directory(temp_.path() + "/elsewhere");
  std::ofstream(temp_.path() + "/elsewhere/precious") << "x";
  std::filesystem::create_directory_symlink(temp_.path() + "/elsewhere",
                                            foreign + "/index/MANIFEST-1");
  Must(Store::Init(FileIo(), SystemClock(), foreign));
  EXPECT_TRUE(std::filesystem::exists(temp_.path() + "/elsewhere/precious"));
}

TEST_F(OpenTest, ResolvesStoreProjectAndKey) {
  auto resolve = [](const std::string& path) { return ResolveStorePath(FileIo(), path); };
  const auto whole = Must(resolve(dir() + "/jobs/chk-1/_metadata"));
  EXPECT_EQ(whole.store_dir, dir());
  EXPECT_EQ(whole.project, "jobs");
  EXPECT_EQ(whole.key, "chk-1/_metadata");
  EXPECT_EQ(Must(resolve(dir())).project, "");
  EXPECT_EQ(Must(resolve(dir() + "/jobs/")).project, "jobs");
  EXPECT_EQ(Must(resolve(dir() + "/jobs")).key, "");
  EXPECT_EQ(resolve(temp_.path() + "/jobs").error().code(), ErrorCode::kNotFound);
}

TEST_F(OpenTest, ProjectNamesAreBytesWithinBounds) {
  auto store = OpenStore(dir());
  for (const std::string& bad : {std::string(), std::string("."), std::string(".."),
                                 std::string("a/b"), std::string("a\0b", 3), std::string(256, 'x')})
    EXPECT_FALSE(store->Project(bad)) << bad;
  for (const std::string& good : {std::string("..."), std::string("%41"), std::string(255, 'x'),
                                  std::string("\xff\n *"), std::string("STORE")}) {
    auto project = Must(store->Project(good));
    Must(TryPut(*project, "key", good));
    Must(project->Flush());
    EXPECT_EQ(Read(*project, "key"), good);
  }
  EXPECT_EQ(Must(store->Info()).projects.size(), 5u);
  EXPECT_TRUE(Must(store->Check(CheckLevel::kDeep, {}, {})).damages.empty());
}

}  // namespace
}  // namespace stateferry::storage::managed
