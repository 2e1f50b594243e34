#include "state/snapshot/modified_utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace stateferry::state::snapshot {
namespace {

using std::string_literals::operator""s;

TEST(ModifiedUtf8, AcceptsWhatJavaWrites) {
  EXPECT_FALSE(FindBadModifiedUtf8(""));
  EXPECT_FALSE(FindBadModifiedUtf8("plain"));
  EXPECT_FALSE(FindBadModifiedUtf8("\xc0\x80"));                  // NUL
  EXPECT_FALSE(FindBadModifiedUtf8("\xc3\xa9\xe2\x82\xac"));      // two and three bytes
  EXPECT_FALSE(FindBadModifiedUtf8("\xed\xa0\xbd\xed\xb8\x80"));  // a surrogate pair
  EXPECT_FALSE(FindBadModifiedUtf8("\xed\xa0\xbd"));              // half of one
}

TEST(ModifiedUtf8, FindsTheFirstBadByte) {
  EXPECT_EQ(FindBadModifiedUtf8("ab\x80"), 2U);            // stray continuation
  EXPECT_EQ(FindBadModifiedUtf8("\xf0\x9f\x98\x80"), 0U);  // four bytes
  EXPECT_EQ(FindBadModifiedUtf8("a\xc3"), 1U);             // cut off
  EXPECT_EQ(FindBadModifiedUtf8("a\xe2\x82"), 1U);         // cut off
  EXPECT_EQ(FindBadModifiedUtf8("a\xe2\x82z"), 1U);        // no continuation
  EXPECT_EQ(FindBadModifiedUtf8("\xff"), 0U);
}

TEST(ModifiedUtf8, ConvertsBothWays) {
  const std::string modified = "a\xc0\x80\xc3\xa9\xe2\x82\xac\xed\xa0\xbd\xed\xb8\x80"s;
  const std::string utf8 = "a\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"s;
  EXPECT_EQ(ModifiedToUtf8(modified), utf8);
  EXPECT_EQ(Utf8ToModified(utf8), modified);
}

TEST(ModifiedUtf8, ReplacesLoneSurrogates) {
  EXPECT_EQ(ModifiedToUtf8("\xed\xa0\xbdx\xed\xb8\x80\xed\xa0\xbd"),
            "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(ModifiedUtf8, RefusesTextThatIsNotUtf8) {
  EXPECT_FALSE(Utf8ToModified("\xff"));
  EXPECT_FALSE(Utf8ToModified("\xc0\x80"));          // overlong
  EXPECT_FALSE(Utf8ToModified("\xed\xa0\xbd"));      // surrogate
  EXPECT_FALSE(Utf8ToModified("\xf4\x90\x80\x80"));  // above U+10FFFF
}

TEST(PrintableText, EscapesWhatHarmsATerminal) {
  EXPECT_EQ(PrintableText("plain \xc3\xa9"), "plain \xc3\xa9");
  EXPECT_EQ(PrintableText("a\n\r\t\x1b[31m\x7f"), "a\\n\\r\\t\\x1b[31m\\x7f");
  EXPECT_EQ(PrintableText("\0"s), "\\x00");
  EXPECT_EQ(PrintableText("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(PrintableText("\xc2\x9b"), "\\x9b");        // C1 control
  EXPECT_EQ(PrintableText("\xe2\x80\xae"), "\\u202e");  // right-to-left override
}

TEST(PrintableText, CutsLongTexts) {
  EXPECT_EQ(PrintableText("12345", 5), "12345");
  EXPECT_EQ(PrintableText("123456", 5), "12345...");
}

}  // namespace
}  // namespace stateferry::state::snapshot
