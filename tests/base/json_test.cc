#include "base/json.h"

#include <gtest/gtest.h>

namespace stateferry {
namespace {

TEST(Json, ParsesAndKeepsTheOrder) {
  auto json = ParseJson(R"({"z":1,"a":{"n":[1,2]},"s":"ü"})");
  ASSERT_TRUE(json);
  EXPECT_EQ(DumpJson(*json), R"({"z":1,"a":{"n":[1,2]},"s":"ü"})");
}

TEST(Json, BadTextIsAnErrorWithItsPosition) {
  for (const char* text :
       {"", "{", "{\"a\":}", "[1,]", "nul", "\"\\x\"", "{} {}", "1e999999", "\xff"}) {
    auto json = ParseJson(text);
    ASSERT_FALSE(json) << text;
    EXPECT_EQ(json.error().code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_NE(ParseJson("[1,]").error().message().find("column 4"), std::string::npos)
      << ParseJson("[1,]").error().message();
}

TEST(Json, DeepNestingDoesNotCrash) {
  auto json = ParseJson(std::string(100'000, '['));
  EXPECT_FALSE(json);
}

TEST(Json, BytesThatAreNotUtf8AreReplacedNotFailed) {
  EXPECT_EQ(DumpJson(Json{{"k",
                           "a\xff"
                           "b"}}),
            "{\"k\":\"a\xef\xbf\xbd"
            "b\"}");
}

TEST(Json, FieldsOfAnotherTypeAreAbsent) {
  auto json = *ParseJson(R"({"s":"x","n":5,"neg":-5,"float":1.5,"null":null})");
  EXPECT_EQ(JsonString(json, "s"), "x");
  EXPECT_EQ(JsonString(json, "n"), std::nullopt);
  EXPECT_EQ(JsonString(json, "absent"), std::nullopt);
  EXPECT_EQ(JsonUint(json, "n"), 5u);
  for (const char* field : {"s", "neg", "float", "null", "absent"})
    EXPECT_EQ(JsonUint(json, field), std::nullopt) << field;
  EXPECT_EQ(JsonString(Json::array(), "s"), std::nullopt);
}

}  // namespace
}  // namespace stateferry
