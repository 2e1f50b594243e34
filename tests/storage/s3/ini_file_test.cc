#include "storage/s3/ini_file.h"

#include <gtest/gtest.h>

namespace stateferry::storage::s3 {
namespace {

IniFile Parsed(std::string_view text, IniNames names = IniNames::kAws) {
  auto file = IniFile::Parse(text, names);
  EXPECT_TRUE(file.has_value());
  return file ? *std::move(file) : IniFile();
}

TEST(IniFile, ReadsSectionsKeysAndComments) {
  const IniFile file = Parsed(
      "# comment\n; another\n\n[default]\r\nRegion = eu-west-1 \r\naws_secret_access_key=a=b#c;d\n"
      "[profile  dev  ] # behind\nempty =\n");
  ASSERT_NE(file.Find("default"), nullptr);
  EXPECT_EQ(file.Find("default")->Text("region"), "eu-west-1");
  EXPECT_EQ(file.Find("default")->Text("aws_secret_access_key"), "a=b#c;d");
  EXPECT_FALSE(file.Find("default")->Has("absent"));
  EXPECT_EQ(file.Find("absent"), nullptr);
  ASSERT_NE(file.FindProfile("dev"), nullptr);
  EXPECT_TRUE(file.FindProfile("dev")->Has("empty"));
  EXPECT_EQ(file.FindProfile("dev")->Text("empty"), "");
  EXPECT_EQ(file.FindProfile("default"), file.Find("default"));
}

TEST(IniFile, ReadsNestedMaps) {
  const IniFile file = Parsed("[default]\ns3 =\n  max_queue = 1\n\tstyle=path\nregion=r\n");
  EXPECT_EQ(file.Find("default")->Text("s3.max_queue"), "1");
  EXPECT_EQ(file.Find("default")->Text("s3.style"), "path");
  EXPECT_EQ(file.Find("default")->Text("region"), "r");
  EXPECT_FALSE(file.Find("default")->Has("max_queue"));
}

TEST(IniFile, DeeperLinesGoOnWithAValue) {
  const IniFile file = Parsed("[a]\n  x = one\n    two = 2\n  y=3\n[b]\nz=1\n");
  EXPECT_EQ(file.Find("a")->Text("x"), "one\ntwo = 2");
  EXPECT_EQ(file.Find("a")->Text("y"), "3");  // as deep as x, so a key of its own
  EXPECT_FALSE(file.Find("a")->Has("two"));
  EXPECT_EQ(file.Find("b")->Text("z"), "1");
}

TEST(IniFile, MergesWhatComesAgainTheLaterWins) {
  const IniFile file = Parsed("[a]\nx=1\ny=1\n[b]\nx=2\n[a]\nx=3\n");
  EXPECT_EQ(file.Find("a")->Text("x"), "3");
  EXPECT_EQ(file.Find("a")->Text("y"), "1");
}

TEST(IniFile, OssutilNamesHaveManySpellings) {
  for (const char* spelling : {"accesskeyid", "accessKeyId", "access-key-id", "access_key_id"}) {
    const IniFile file = Parsed("[Default]\n" + std::string(spelling) + "=x\n", IniNames::kOssutil);
    ASSERT_NE(file.Find("default"), nullptr);
    EXPECT_EQ(file.Find("default")->Text("accesskeyid"), "x") << spelling;
  }
  EXPECT_FALSE(Parsed("[d]\naccess-key-id=x\n").Find("d")->Has("accesskeyid"));
}

TEST(IniFile, NamesTheBrokenLineButNotItsText) {
  for (const auto& [text, line] : {std::pair{"[a]\nSECRET\n", "line 2"},
                                   {"SECRET=x\n", "line 1"},
                                   {"[a\nx=1\n", "line 1"},
                                   {"[]\n", "line 1"},
                                   {"[a]\n=SECRET\n", "line 2"},
                                   {"[a] SECRET\n", "line 1"}}) {
    const auto file = IniFile::Parse(text, IniNames::kAws);
    ASSERT_FALSE(file.has_value()) << text;
    EXPECT_EQ(file.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(file.error().message().find(line), std::string::npos) << file.error().message();
    EXPECT_EQ(file.error().message().find("SECRET"), std::string::npos);
  }
}

TEST(IniFile, RefusesHugeFilesAndTakesEmptyOnes) {
  EXPECT_EQ(IniFile::Parse(std::string((1 << 20) + 1, '#'), IniNames::kAws).error().code(),
            ErrorCode::kRefused);
  EXPECT_TRUE(IniFile::Parse(std::string(1 << 20, '#'), IniNames::kAws).has_value());
  EXPECT_TRUE(IniFile::Parse("", IniNames::kAws).has_value());
  EXPECT_TRUE(IniFile::Parse("\xef\xbb\xbf[a]\nx=1", IniNames::kAws)->Find("a")->Has("x"));
}

}  // namespace
}  // namespace stateferry::storage::s3
