#include "state/snapshot/flink_path.h"

#include <gtest/gtest.h>

#include <string>

namespace stateferry::state::snapshot {
namespace {

std::string Normal(std::string_view text) {
  auto path = ParseFlinkPath(text);
  return path ? path->Text() : "error: " + path.error().message();
}

TEST(FlinkPath, SplitsSchemeAuthorityAndPath) {
  auto path = ParseFlinkPath("s3://key:secret@bucket/a b/%20?x#y");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->scheme, "s3");
  EXPECT_EQ(path->authority, "key:secret@bucket");
  EXPECT_EQ(path->path, "/a b/%20?x#y");
  EXPECT_TRUE(path->IsAbsolute());
}

TEST(FlinkPath, NormalisesAsFlinkDoes) {
  EXPECT_EQ(Normal("file:///x/y"), "file:/x/y");
  EXPECT_EQ(Normal("file:/x//y/./z/../w/"), "file:/x/y/w");
  EXPECT_EQ(Normal("file:/x\\y"), "file:/x/y");
  EXPECT_EQ(Normal("s3://b/../x"), "s3://b/../x");
  EXPECT_EQ(Normal("s3://b"), "s3://b/");
  EXPECT_EQ(Normal("  /x "), "/x");
  EXPECT_EQ(Normal("/x/a:b"), "/x/a:b");
  EXPECT_EQ(Normal("C:/x"), "/C:/x");
  EXPECT_EQ(Normal("a/b"), "a/b");
}

TEST(FlinkPath, RefusesWhatFlinkRefuses) {
  EXPECT_FALSE(ParseFlinkPath(""));
  EXPECT_FALSE(ParseFlinkPath("  "));
  EXPECT_FALSE(ParseFlinkPath("s3:x"));
  EXPECT_FALSE(ParseFlinkPath("1s:/x"));
  EXPECT_FALSE(ParseFlinkPath(":/x"));
  EXPECT_FALSE(ParseFlinkPath("s3:"));
  EXPECT_FALSE(ParseFlinkPath(std::string_view("/a\0b", 4)));
}

TEST(NormalRelativePath, AllowsPlainNamesAndFolders) {
  EXPECT_EQ(*NormalRelativePath("0dd13806-22b4-4333-b050-b6d000000000"),
            "0dd13806-22b4-4333-b050-b6d000000000");
  EXPECT_EQ(*NormalRelativePath("a//b/./c"), "a/b/c");
  EXPECT_EQ(*NormalRelativePath("a/b:c"), "a/b:c");
  EXPECT_EQ(*NormalRelativePath("..x"), "..x");
}

TEST(NormalRelativePath, RefusesWhatLeavesTheDirectory) {
  for (const char* text : {"", " ", ".", "..", "../x", "a/../b", "a/..", "/x", "\\x",
                           "a\\..\\..\\x", "s3://b/x", "a:b", "file:x", "./a:b", "./ a"}) {
    auto path = NormalRelativePath(text);
    ASSERT_FALSE(path) << text;
    EXPECT_EQ(path.error().code(), ErrorCode::kRefused);
  }
}

TEST(PlainFileName, HasNoPathInIt) {
  EXPECT_TRUE(IsPlainFileName("000011.sst"));
  EXPECT_TRUE(IsPlainFileName("..."));
  for (const char* name : {"", ".", "..", "a/b", "/a", "a\\b"}) {
    EXPECT_FALSE(IsPlainFileName(name)) << name;
  }
  EXPECT_FALSE(IsPlainFileName(std::string_view("a\0b", 3)));
}

TEST(PrintablePath, HidesCredentials) {
  EXPECT_EQ(PrintablePath("s3://key:secret@b/x"), "s3://***@b/x");
  EXPECT_EQ(PrintablePath("file:/x\ny"), "file:/x\\ny");
}

}  // namespace
}  // namespace stateferry::state::snapshot
