#include "cli/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "cli/closest.h"

namespace stateferry::cli {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

TEST(ParseLine, TakesGlobalOptionsBeforeAndAfterTheCommand) {
  for (const Words& words : {Words{"--output", "json", "--home", "/h", "copy", "a", "b"},
                             Words{"copy", "a", "b", "--output=json", "--home=/h"},
                             Words{"--home", "/h", "copy", "--output", "json", "a", "b"}}) {
    const auto line = ParseLine(words);
    ASSERT_TRUE(line) << line.error().message();
    EXPECT_EQ(line->command->name, "copy");
    EXPECT_THAT(line->arguments, ElementsAre("a", "b"));
    EXPECT_THAT(line->flags.at("output"), ElementsAre("json"));
    EXPECT_THAT(line->flags.at("home"), ElementsAre("/h"));
  }
}

TEST(ParseLine, DoesNotTakeAnOptionsValueForTheCommand) {
  const auto line = ParseLine({"--home", "copy", "inspect", "x"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->command->name, "inspect");
  EXPECT_THAT(line->flags.at("home"), ElementsAre("copy"));
}

TEST(ParseLine, FindsCommandsOfTwoWordsAroundOptions) {
  const auto line =
      ParseLine({"-q", "store", "--output", "json", "check", "/s", "--level", "deep"});
  ASSERT_TRUE(line) << line.error().message();
  EXPECT_EQ(line->command->name, "store check");
  EXPECT_THAT(line->arguments, ElementsAre("/s"));
  EXPECT_TRUE(line->flags.contains("quiet"));
}

TEST(ParseLine, KeepsRepeatedValuesInOrder) {
  const auto line = ParseLine({"relocate", "--map", "/a=/b", "s", "d", "--map=/c=/d"});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->flags.at("map"), ElementsAre("/a=/b", "/c=/d"));
}

TEST(ParseLine, TakesEverythingBehindTwoDashesAsArguments) {
  const auto line = ParseLine({"copy", "--", "--odd", "-q"});
  ASSERT_TRUE(line) << line.error().message();
  EXPECT_THAT(line->arguments, ElementsAre("--odd", "-q"));
  EXPECT_FALSE(line->flags.contains("quiet"));
}

TEST(ParseLine, UnderstandsTheUsualWishForTheVersion) {
  EXPECT_EQ(ParseLine({"--version"})->command->name, "version");
}

TEST(ParseLine, FindsNoCommandInNothing) {
  EXPECT_EQ(ParseLine({})->command, nullptr);
  EXPECT_EQ(ParseLine({"--help"})->command, nullptr);
  EXPECT_EQ(ParseLine({"store", "--help"})->command, nullptr);
}

struct BadLine {
  Words words;
  const char* message;
  const char* hint;
};

TEST(ParseLine, ExplainsWhatIsWrong) {
  const BadLine cases[] = {
      {{"relocat", "a", "b"}, "'relocat' is not a command", "did you mean relocate?"},
      {{"rel"}, "'rel' is not a command", "did you mean relocate?"},
      {{"frobnicate"}, "'frobnicate' is not a command", "`stateferry help` lists the commands"},
      {{"store"}, "'store' needs one of init", ""},
      {{"store", "chek", "/s"}, "'store chek' is not a command", "did you mean check?"},
      {{"copy", "a", "b", "--transfer", "3"},
       "--transfer is not an option of copy",
       "did you mean --transfers?"},
      {{"copy", "a", "b", "--layot=tree"}, "--layot is not an option of copy", ""},
      {{"inspect", "a", "--bwlimit", "3"},
       "--bwlimit is not an option of inspect",
       "it is an option of copy"},
      {{"copy", "a", "b", "--part-size"}, "--part-size needs a value", ""},
      {{"copy", "a", "b", "--part-size="}, "--part-size needs a value", ""},
      {{"copy", "a", "b", "--paranoid=yes"}, "--paranoid takes no value", ""},
      {{"copy", "a", "b", "-Z"}, "-Z is not an option of copy", ""},
  };
  for (const BadLine& bad : cases) {
    const auto line = ParseLine(bad.words);
    ASSERT_FALSE(line) << bad.message;
    EXPECT_EQ(line.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(line.error().message(), testing::HasSubstr(bad.message));
    EXPECT_THAT(line.error().hint(), testing::HasSubstr(bad.hint)) << bad.message;
  }
}

TEST(CheckArguments, CountsThem) {
  const Command& copy = *FindCommand("copy");
  EXPECT_TRUE(CheckArguments(copy, {"a", "b"}));
  EXPECT_EQ(CheckArguments(copy, {"a"}).error().message(), "copy needs DST");
  EXPECT_EQ(CheckArguments(copy, {}).error().message(), "copy needs SRC");
  EXPECT_EQ(CheckArguments(copy, {"a", "b", "c"}).error().message(), "copy does not take 'c'");
  EXPECT_EQ(CheckArguments(copy, {"a", ""}).error().message(), "DST of copy is empty");
  EXPECT_TRUE(CheckArguments(*FindCommand("help"), {"store", "check"}));
}

TEST(WantsJson, SeesTheLastWish) {
  EXPECT_TRUE(WantsJson({"copy", "--output", "json", "--bad"}, false));
  EXPECT_TRUE(WantsJson({"--output=json"}, false));
  EXPECT_FALSE(WantsJson({"--output=json", "--output", "text"}, false));
  EXPECT_TRUE(WantsJson({"copy"}, true));
  EXPECT_FALSE(WantsJson({"copy", "--", "--output=json"}, false));
}

TEST(ClosestWord, OffersOnlyWhatIsNear) {
  const std::vector<std::string> known = {"copy", "relocate", "verify"};
  EXPECT_EQ(ClosestWord("cpoy", known), "copy");
  EXPECT_EQ(ClosestWord("verfiy", known), "verify");
  EXPECT_EQ(ClosestWord("rel", known), "relocate");
  EXPECT_EQ(ClosestWord("elephant", known), std::nullopt);
  EXPECT_EQ(ClosestWord("", known), std::nullopt);
  EXPECT_EQ(ClosestWord(std::string(10'000, 'x'), known), std::nullopt);
}

TEST(Commands, HaveHelpAndConsistentOptions) {
  std::map<std::string, const OptionSpec*> seen;
  std::set<std::string> names;
  for (const Command& command : Commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name << " is listed twice";
    EXPECT_FALSE(command.summary.empty()) << command.name;
    EXPECT_NE(command.run, nullptr) << command.name;
    for (const OptionSpec& spec : command.options) {
      EXPECT_FALSE(spec.help.empty()) << command.name << " --" << spec.name;
      EXPECT_FALSE(spec.help.ends_with('.')) << command.name << " --" << spec.name;
      EXPECT_EQ(spec.takes_value(), !spec.value_name.empty()) << command.name << " " << spec.name;
      if (!spec.default_text.empty()) {
        EXPECT_TRUE(CheckValue(spec, spec.default_text)) << command.name << " --" << spec.name;
      }
      // One name, one kind: a setting in a file is checked without knowing the command.
      const OptionSpec*& first = seen[spec.name];
      if (first == nullptr) first = &spec;
      EXPECT_EQ(first->kind, spec.kind) << spec.name;
      EXPECT_EQ(first->repeatable, spec.repeatable) << spec.name;
      for (const OptionSpec& global : GlobalOptions()) EXPECT_NE(global.name, spec.name);
    }
  }
}

}  // namespace
}  // namespace stateferry::cli
