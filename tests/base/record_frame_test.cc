#include "base/record_frame.h"

#include <gtest/gtest.h>

namespace stateferry {
namespace {

TEST(RecordFrame, GivesBackVersionAndPayload) {
  const std::string bytes = FrameRecord(2, "payload");
  const auto framed = UnframeRecord(bytes, 3);
  ASSERT_TRUE(framed) << framed.error().message();
  EXPECT_EQ(framed->version, 2);
  EXPECT_EQ(framed->payload, "payload");
}

TEST(RecordFrame, EveryFlippedBitIsFound) {
  const std::string bytes = FrameRecord(1, "payload");
  for (std::size_t at = 0; at < bytes.size() * 8; ++at) {
    std::string damaged = bytes;
    damaged[at / 8] = static_cast<char>(damaged[at / 8] ^ (1 << (at % 8)));
    const auto framed = UnframeRecord(damaged, 255);
    ASSERT_FALSE(framed) << "bit " << at;
    EXPECT_EQ(framed.error().code(), ErrorCode::kCorruption);
  }
}

TEST(RecordFrame, ANewerVersionIsRefusedAndNotCalledDamage) {
  const auto framed = UnframeRecord(FrameRecord(3, ""), 2);
  ASSERT_FALSE(framed);
  EXPECT_EQ(framed.error().code(), ErrorCode::kRefused);
}

}  // namespace
}  // namespace stateferry
