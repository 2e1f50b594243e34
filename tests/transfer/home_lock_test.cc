#include "transfer/home_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry::transfer {
namespace {

class HomeLockTest : public ::testing::Test {
 protected:
  Result<HomeLock> Take() { return HomeLock::Take(FileIo(), clock, home.path()); }

  fakes::ScratchDir home;
  fakes::FakeClock clock;
};

TEST_F(HomeLockTest, AnInheritedLockHoldsWhenItsGiverIsGone) {
  std::optional<HomeLock> heir;
  {
    auto giver = Take();
    ASSERT_TRUE(giver) << giver.error().message();
    auto inherited = HomeLock::Inherit(FileIo(), clock, home.path(), dup(giver->fd()));
    ASSERT_TRUE(inherited) << inherited.error().message();
    heir = std::move(*inherited);
  }
  const auto other = Take();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), ErrorCode::kLocked);
  heir.reset();
  EXPECT_TRUE(Take());
}

TEST_F(HomeLockTest, AnInheritedLockIsHeldForTheSameWorkSinceTheSameTime) {
  auto giver = HomeLock::Take(FileIo(), clock, home.path(), "clone-1");
  ASSERT_TRUE(giver) << giver.error().message();
  const LockLook before = HomeLock::Look(FileIo(), home.path());
  ASSERT_TRUE(before.held && before.holder);
  EXPECT_EQ(before.holder->work, "clone-1");
  clock.Advance(std::chrono::seconds(9));
  const auto heir = HomeLock::Inherit(FileIo(), clock, home.path(), dup(giver->fd()));
  ASSERT_TRUE(heir) << heir.error().message();
  EXPECT_EQ(HomeLock::Look(FileIo(), home.path()), before);
}

TEST_F(HomeLockTest, ALookDoesNotKeepAnybodyOut) {
  EXPECT_FALSE(HomeLock::Look(FileIo(), home.path()).held);
  ASSERT_TRUE(Take());
  const LockLook free = HomeLock::Look(FileIo(), home.path());
  EXPECT_FALSE(free.held);
  ASSERT_TRUE(free.holder);
  EXPECT_EQ(free.holder->work, "");
  EXPECT_TRUE(Take());
}

TEST_F(HomeLockTest, AnotherFileIsNoInheritance) {
  ASSERT_TRUE(Take());
  const int fd = open("/dev/null", O_RDONLY);
  const auto inherited = HomeLock::Inherit(FileIo(), clock, home.path(), fd);
  ASSERT_FALSE(inherited);
  EXPECT_EQ(inherited.error().code(), ErrorCode::kLocked);
  close(fd);
}

}  // namespace
}  // namespace stateferry::transfer
