#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command.h"

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

}  // namespace
}  // namespace stateferry::cli
