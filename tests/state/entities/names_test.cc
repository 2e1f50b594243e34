#include "state/entities/names.h"

#include <gtest/gtest.h>

namespace stateferry::state::entities {
namespace {

TEST(Names, OfScopesAreLowerCase) {
  for (const char* good : {"a", "ws-1", "a0"}) EXPECT_TRUE(CheckName(kScopeName, good)) << good;
  for (const char* bad : {"A", "1a", "a-", "-a", "a_b", "a.b", "é"})
    EXPECT_FALSE(CheckName(kScopeName, bad)) << bad;
}

TEST(Names, OfProjectsHaveTwoParts) {
  EXPECT_TRUE(CheckName(kProjectName, "ws/p"));
  for (const char* bad : {"p", "a/b/c", "ws/", "/p", "ws/P"})
    EXPECT_FALSE(CheckName(kProjectName, bad)) << bad;
}

TEST(Names, OfVariablesAreNoKeywords) {
  EXPECT_TRUE(CheckName(kIdentifier, "table_name"));
  EXPECT_FALSE(CheckName(kIdentifier, "table"));
  EXPECT_FALSE(CheckName(kIdentifier, "SELECT"));
}

TEST(Names, OfJobsMayBeInAnyLanguage) {
  EXPECT_TRUE(CheckName(kJobName, "订单-每日"));
  EXPECT_TRUE(CheckName(kJobName, "zürich"));
  for (const char* bad :
       {"a\xc2\x85z", "a\xed\xa0\x80z", "a\xc0\xafz", "a\xf4\x90\x80\x80z", "\xe8\xae"})
    EXPECT_FALSE(CheckName(kJobName, bad)) << bad;
}

TEST(Names, AreShortenedBetweenCharacters) {
  std::string name;
  while (name.size() + 3 <= kJobName.max_bytes) name += "订";
  const std::string numbered = NumberedName(kJobName, name, 1);
  EXPECT_TRUE(CheckName(kJobName, numbered)) << numbered;
  EXPECT_TRUE(numbered.ends_with("-clone-1"));
}

TEST(Names, OfIdentifiersAreJoinedByUnderscores) {
  EXPECT_EQ(NumberedName(kIdentifier, "hash_it", 2), "hash_it_clone_2");
  EXPECT_EQ(NumberedName(kPathName, "a/b", 1), "a/b-clone-1");
}

TEST(Names, OfFilesKeepTheirExtension) {
  EXPECT_EQ(NumberedName(kFileName, "lib/udf.jar", 1), "lib/udf-clone-1.jar");
  EXPECT_EQ(NumberedName(kFileName, "env.tar.gz", 2), "env-clone-2.tar.gz");
  EXPECT_EQ(NumberedName(kFileName, "lib.d/README", 1), "lib.d/README-clone-1");
  EXPECT_EQ(NumberedName(kFileName, ".profile", 1), ".profile-clone-1");
  EXPECT_EQ(NumberedName(kFileName, "x.no extension at all", 1), "x.no extension at all-clone-1");
  const std::string longest = std::string(kFileName.max_bytes - 4, 'a') + ".jar";
  const std::string numbered = NumberedName(kFileName, longest, 1);
  EXPECT_TRUE(CheckName(kFileName, numbered)) << numbered;
  EXPECT_TRUE(numbered.ends_with("a-clone-1.jar"));
}

}  // namespace
}  // namespace stateferry::state::entities
