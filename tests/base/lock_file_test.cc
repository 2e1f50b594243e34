#include "base/lock_file.h"

#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/fakes/at_sleep.h"
#include "tests/fakes/failing_io.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry {
namespace {

using ::testing::HasSubstr;

const LockBusy kBusy{.busy = "the barn is in use", .hint = "wait"};

TEST(LockFile, TheSecondIsToldWhoIsTheFirst) {
  fakes::ScratchDir dir;
  auto first = TakeLockFile(FileIo(), SystemClock(), dir.File("LOCK"), kBusy);
  ASSERT_TRUE(first) << first.error().message();
  auto second = TakeLockFile(FileIo(), SystemClock(), dir.File("LOCK"), kBusy);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::kLocked);
  EXPECT_THAT(second.error().message(),
              HasSubstr("the barn is in use by pid " + std::to_string(::getpid())));
  EXPECT_THAT(second.error().message(), HasSubstr("base_test"));
  EXPECT_EQ(CheckLockFileFree(FileIo(), dir.File("LOCK"), kBusy).error().code(),
            ErrorCode::kLocked);
  first->Close();
  EXPECT_TRUE(CheckLockFileFree(FileIo(), dir.File("LOCK"), kBusy));
  EXPECT_TRUE(TakeLockFile(FileIo(), SystemClock(), dir.File("LOCK"), kBusy));
}

TEST(LockFile, SomebodyWhoOnlyLooksAndIsSlowKeepsNobodyFromTakingIt) {
  fakes::ScratchDir dir;
  ASSERT_TRUE(TakeLockFile(FileIo(), SystemClock(), dir.File("LOCK"), kBusy));
  auto looker = FileIo().Open(dir.File("LOCK"), OpenMode::kRead);
  ASSERT_TRUE(looker);
  ASSERT_EQ(::flock(looker->fd(), LOCK_SH), 0);
  fakes::AtSleep clock(100, [&] { looker->Close(); });
  const auto taken = TakeLockFile(FileIo(), clock, dir.File("LOCK"), kBusy);
  EXPECT_TRUE(taken) << taken.error().message();
}

TEST(LockFile, OneThatIsOnlyEverLookedAtIsGivenUpInTheEnd) {
  fakes::ScratchDir dir;
  ASSERT_TRUE(TakeLockFile(FileIo(), SystemClock(), dir.File("LOCK"), kBusy));
  auto looker = FileIo().Open(dir.File("LOCK"), OpenMode::kRead);
  ASSERT_TRUE(looker);
  ASSERT_EQ(::flock(looker->fd(), LOCK_SH), 0);
  fakes::AtSleep clock(0, [] {});
  const auto taken = TakeLockFile(FileIo(), clock, dir.File("LOCK"), kBusy);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), ErrorCode::kLocked);
}

TEST(LockFile, NoFileIsNoLock) {
  fakes::ScratchDir dir;
  EXPECT_TRUE(CheckLockFileFree(FileIo(), dir.File("LOCK"), kBusy));
  EXPECT_FALSE(*FileIo().Exists(dir.File("LOCK")));
}

TEST(LockFile, OnAFullDiskTheLockHoldsAllTheSame) {
  fakes::ScratchDir dir;
  fakes::FailingIo full({.at = 1,
                         .mode = fakes::FailingIo::Mode::kSticky,
                         .ops = {IoOp::kWrite},
                         .error = Error(ErrorCode::kNoSpace, "No space left on device")});
  auto lock = TakeLockFile(FileIo(&full), SystemClock(), dir.File("LOCK"), kBusy);
  ASSERT_TRUE(lock) << lock.error().message();
  EXPECT_TRUE(full.fired());
  auto second = TakeLockFile(FileIo(), SystemClock(), dir.File("LOCK"), kBusy);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), HasSubstr("by another process"));
}

}  // namespace
}  // namespace stateferry
