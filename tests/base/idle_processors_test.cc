#include "base/idle_processors.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/fakes/scratch_dir.h"

namespace stateferry {
namespace {

class IdleProcessorsTest : public ::testing::Test {
 protected:
  void Say(const std::string& text) const { std::ofstream(stat_) << text; }

  const fakes::ScratchDir dir_;
  const std::string stat_ = dir_.File("stat");
  IdleProcessors idle_{stat_};
};

TEST_F(IdleProcessorsTest, TellsTheShareSinceTheLastCall) {
  Say("cpu  10 0 10 80 0 0 0 0 5 0\ncpu0 1 1 1 1\n");
  EXPECT_DOUBLE_EQ(idle_().value(), 0.8);
  // Of 100 ticks 25 were idle, and 30 waited for a disk.
  Say("cpu  20 5 20 105 30 5 10 5 9 0\n");
  EXPECT_DOUBLE_EQ(idle_().value(), 0.25);
}

TEST_F(IdleProcessorsTest, NothingCountedIsUnknown) {
  Say("cpu  10 0 10 80 0 0 0 0 0 0\n");
  EXPECT_TRUE(idle_());
  EXPECT_FALSE(idle_());
  // Idle time that the kernel took back.
  Say("cpu  90 0 90 70 0 0 0 0 0 0\n");
  EXPECT_FALSE(idle_());
}

TEST_F(IdleProcessorsTest, AnotherFormatIsUnknown) {
  EXPECT_FALSE(idle_());
  for (const char* text : {"", "cpu  1 2 3", "cpu0 1 2 3 4 5 6 7 8", "cpu  a b c d e f g h"}) {
    Say(text);
    EXPECT_FALSE(idle_()) << text;
  }
}

TEST(IdleProcessorsOfThisMachine, AreAShare) {
  const auto share = IdleProcessors()();
  ASSERT_TRUE(share);
  EXPECT_GE(*share, 0);
  EXPECT_LE(*share, 1);
}

}  // namespace
}  // namespace stateferry
