#include "base/bytes.h"

#include <gtest/gtest.h>

namespace stateferry {
namespace {

TEST(Bytes, LittleAndBigAreWhatTheySay) {
  std::string out;
  AppendLittle<std::uint32_t>(out, 0x01020304);
  AppendBig<std::uint32_t>(out, 0x01020304);
  AppendBig<std::uint64_t>(out, 1);
  EXPECT_EQ(out, std::string("\x04\x03\x02\x01\x01\x02\x03\x04\0\0\0\0\0\0\0\x01", 16));
  EXPECT_EQ(LoadLittle<std::uint32_t>(out.data()), 0x01020304u);
  EXPECT_EQ(LoadBig<std::uint32_t>(out.data() + 4), 0x01020304u);
  EXPECT_EQ(LoadBig<std::uint16_t>(out.data() + 4), 0x0102u);
}

TEST(LittleReader, ReadsWhatWasAppended) {
  std::string out;
  AppendLittle<std::uint64_t>(out, 1u);
  AppendLengthPrefixed(out, "name");
  AppendLengthPrefixed(out, "");
  AppendLittle<std::uint8_t>(out, 255);
  LittleReader reader(out);
  EXPECT_EQ(reader.Read<std::uint64_t>(), 1u);
  EXPECT_EQ(reader.ReadLengthPrefixed(), "name");
  EXPECT_EQ(reader.ReadLengthPrefixed(), "");
  EXPECT_FALSE(reader.AtEnd());
  EXPECT_EQ(reader.Read<std::uint8_t>(), 255);
  EXPECT_TRUE(reader.AtEnd());
}

TEST(LittleReader, NeverReadsPastTheEnd) {
  std::string out;
  AppendLengthPrefixed(out, "name");
  for (std::size_t size = 0; size < out.size(); ++size) {
    LittleReader reader(std::string_view(out).substr(0, size));
    EXPECT_EQ(reader.ReadLengthPrefixed(), "");
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.Read<std::uint8_t>(), 0) << "after a short read nothing more is given";
    EXPECT_FALSE(reader.AtEnd());
  }
  LittleReader huge(
      std::string_view("\xff\xff\xff\xff"
                       "abc"));
  EXPECT_EQ(huge.ReadLengthPrefixed(), "");
  EXPECT_FALSE(huge.ok());
}

}  // namespace
}  // namespace stateferry
