#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/option_values.h"

namespace stateferry::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What was cloned is deleted by hand (C-19); there is nothing that would take it back.
TEST(CloneCommands, C_18_NoCommandUndoesAClone) {
  for (const Command& command : Commands())
    for (const char* word : {"undo", "rollback", "revert", "delete"})
      EXPECT_THAT(command.name, Not(HasSubstr(word)));
  ASSERT_NE(FindCommand("clone start"), nullptr);
  EXPECT_THAT(FindCommand("clone start")->details, HasSubstr("There is no rollback"));
}

TEST(CloneCommands, C_37_TheStrategiesHaveDefaultsThatAreShown) {
  const std::map<std::string, std::string> defaults = {{"state", "stateful"},
                                                       {"running", "skip"},
                                                       {"on-error", "continue"},
                                                       {"max-snapshot-age", "1h"}};
  for (const char* name : {"clone check", "clone start"}) {
    std::size_t shown = 0;
    for (const OptionSpec& spec : TableOf(FindCommand(name))) {
      const auto it = defaults.find(spec.name);
      if (it == defaults.end()) continue;
      EXPECT_THAT(OptionText(spec), HasSubstr("(default " + it->second + ")"));
      ++shown;
    }
    EXPECT_EQ(shown, defaults.size()) << name;
  }
}

TEST(CloneCommands, C_37_AWrongStrategyIsRefusedByItsRule) {
  const Command* command = FindCommand("clone start");
  ASSERT_NE(command, nullptr);
  for (const char* name : {"state", "running", "on-error", "max-snapshot-age"}) {
    const auto values = OptionValues::Resolve(TableOf(command), {{name, {"sometimes"}}}, {});
    ASSERT_FALSE(values) << name;
    EXPECT_EQ(values.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(values.error().rule(), "C-37") << name;
    EXPECT_EQ(values.error().category(), "usage") << name;
    EXPECT_THAT(values.error().message(), HasSubstr(std::string("--") + name));
  }
}

}  // namespace
}  // namespace stateferry::cli
