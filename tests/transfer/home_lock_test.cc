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
