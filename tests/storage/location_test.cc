#include "storage/location.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <climits>

namespace stateferry::storage {
namespace {

struct Parsed {
  const char* text;
  const char* scheme;
  const char* authority;
  const char* path;
  const char* printed;
};

TEST(Location, ReadsWhatFlinkAndPeopleWrite) {
  const Parsed table[] = {
      {"/a/b", "file", "", "/a/b", "file:/a/b"},
      {"/", "file", "", "/", "file:/"},
      {"file:/a/b", "file", "", "/a/b", "file:/a/b"},
      {"file:///a/b", "file", "", "/a/b", "file:/a/b"},
      {"file://localhost/a/b", "file", "", "/a/b", "file:/a/b"},
      {"FILE:/a", "file", "", "/a", "file:/a"},
      {"/a//b/./c/../d/", "file", "", "/a/b/d", "file:/a/b/d"},
      {"file:////a", "file", "", "/a", "file:/a"},
      {"/a%20b/c?d#e", "file", "", "/a%20b/c?d#e", "file:/a%20b/c?d#e"},
      {"/a?b=c", "file", "", "/a?b=c", "file:/a?b=c"},
      {"file:/a?b=c&d=e", "file", "", "/a?b=c&d=e", "file:/a?b=c&d=e"},
      {"/a\\b", "file", "", "/a\\b", "file:/a\\b"},
      {"/a:b", "file", "", "/a:b", "file:/a:b"},
      {"/grö ße/日本", "file", "", "/grö ße/日本", "file:/grö ße/日本"},
      {"managed:///store/project/key", "managed", "", "/store/project/key",
       "managed:///store/project/key"},
      {"managed:/store/project", "managed", "", "/store/project", "managed:///store/project"},
      {"managed://backup/project/key", "managed", "backup", "/project/key",
       "managed://backup/project/key"},
      {"mem://name/key", "mem", "name", "/key", "mem://name/key"},
      {"s3://bucket/a/b/", "s3", "bucket", "/a/b", "s3://bucket/a/b"},
      {"s3a://bucket/a", "s3", "bucket", "/a", "s3://bucket/a"},
      {"s3p://bucket", "s3", "bucket", "/", "s3://bucket/"},
      {"oss://bucket/a", "oss", "bucket", "/a", "oss://bucket/a"},
      {"managed+s3://bucket/store/p/k", "managed+s3", "bucket", "/store/p/k",
       "managed+s3://bucket/store/p/k"},
      {"MANAGED+S3A://bucket/store/", "managed+s3", "bucket", "/store",
       "managed+s3://bucket/store"},
      {"managed+oss://bucket", "managed+oss", "bucket", "/", "managed+oss://bucket/"},
      {"s3://key:secret@bucket/a", "s3", "key:secret@bucket", "/a", "s3://***@bucket/a"},
  };
  for (const auto& row : table) {
    auto location = ParseLocation(row.text);
    ASSERT_TRUE(location) << row.text << ": " << location.error().message();
    EXPECT_EQ(location->scheme, row.scheme) << row.text;
    EXPECT_EQ(location->authority, row.authority) << row.text;
    EXPECT_EQ(location->path, row.path) << row.text;
    EXPECT_TRUE(location->options.empty()) << row.text;
    EXPECT_EQ(location->ToString(), row.printed);
    if (location->authority.find('@') == std::string::npos) {
      EXPECT_EQ(*ParseLocation(location->ToString()), *location)
          << "printing and reading " << row.text;
    }
  }
}

TEST(Location, ARelativePathStartsAtTheWorkingDirectory) {
  char cwd[PATH_MAX];
  ASSERT_TRUE(::getcwd(cwd, sizeof(cwd)));
  EXPECT_EQ(ParseLocation("cp/job")->path, std::string(cwd) + "/cp/job");
  EXPECT_EQ(ParseLocation("./a:b")->path, std::string(cwd) + "/a:b");
  EXPECT_EQ(ParseLocation("dir/a:b")->path, std::string(cwd) + "/dir/a:b");
  EXPECT_EQ(ParseLocation(".")->path, std::string(cwd));
}

TEST(Location, OptionsBelongToServices) {
  auto location = ParseLocation("oss://bucket/a?b/c?region=cn&endpoint=x/y?z");
  ASSERT_TRUE(location);
  EXPECT_EQ(location->path, "/a?b/c?region=cn&endpoint=x/y?z")
      << "the last '?' is not followed by options, so all of it is path";
  location = ParseLocation("oss://bucket/a?b/c?region=cn&profile=");
  ASSERT_TRUE(location);
  EXPECT_EQ(location->path, "/a?b/c");
  EXPECT_EQ(location->options,
            (std::map<std::string, std::string>{{"profile", ""}, {"region", "cn"}}));
  EXPECT_EQ(ParseLocation("s3://b/a?")->path, "/a?");
  EXPECT_EQ(ParseLocation("s3://b/a?x")->path, "/a?x");
}

TEST(Location, RefusesWhatNamesNoPlace) {
  const std::string nul("/a\0b", 4);
  for (const std::string& text :
       {std::string(), nul, std::string("file:"), std::string("file:a/b"), std::string("file://"),
        std::string("file://host/a"), std::string("/.."), std::string("/a/../.."),
        std::string("s3://b/../x"), std::string("s3:"), std::string("s3:a"), std::string("s3://"),
        std::string("managed:store"), std::string("s3://b/a//c"), std::string("oss://b//c")}) {
    auto location = ParseLocation(text);
    ASSERT_FALSE(location) << text << " was read as " << location->ToString();
    EXPECT_EQ(location.error().code(), ErrorCode::kInvalidArgument) << text;
  }
}

TEST(Location, NoMessageShowsAPassword) {
  for (const char* text :
       {"s3://b/x?endpoint=https://user:SECRET@host", "s3://KEY:SECRET/SECRET@b/x",
        "s3://KEY:SECRET@b/../x", "oss://KEY:SECRET/b", "file://user:SECRET@host/x",
        "s3://b/x?endpoint=https://user:SEC&SECRET@host", "s3:x@SECRET",
        "s3://b/x?endpoint=https://user:SECRET?x=1@host"}) {
    auto location = ParseLocation(text);
    ASSERT_FALSE(location) << text << " was read as " << location->ToUri();
    EXPECT_EQ(location.error().message().find("SECRET"), std::string::npos)
        << location.error().message();
  }
  EXPECT_TRUE(ParseLocation("s3://b/user@host/x?profile=me@corp"));
  EXPECT_TRUE(ParseLocation("s3://Legacy_Bucket.name/x"));
}

TEST(Location, AnUnknownSchemeIsToldTheKnownOnes) {
  for (const char* text : {"flink://host:8081/job", "k8s://context/ns", "hdfs://nn/x", "http://x",
                           "project:p", "a:b", "C:\\x", "ftp://user:secret@host/x"}) {
    auto location = ParseLocation(text);
    ASSERT_FALSE(location) << text;
    EXPECT_EQ(location.error().code(), ErrorCode::kInvalidArgument);
    const std::string& message = location.error().message();
    for (const char* known : {"file", "managed", "mem", "s3", "oss"})
      EXPECT_NE(message.find(known), std::string::npos) << message;
    EXPECT_EQ(message.find("secret"), std::string::npos) << message;
  }
}

TEST(Location, ChildrenAndParents) {
  const Location root = *ParseLocation("s3://b");
  const Location place = *ParseLocation("s3://b/a/b");
  EXPECT_EQ(root.Child("a/b"), place);
  EXPECT_EQ(place.Parent(), root.Child("a"));
  EXPECT_EQ(place.Parent().Parent(), root);
  EXPECT_EQ(root.Parent(), root);
  EXPECT_EQ(place.Name(), "b");
  EXPECT_EQ(root.Name(), "");
  EXPECT_EQ(place.Child(""), place);
}

TEST(Location, TheUriBringsTheOptionsBack) {
  for (const char* text :
       {"s3://b/a/b", "s3://b/a?x=1?endpoint=http://h:1&region=r", "oss://b/?region=cn-hangzhou"}) {
    const Location location = *ParseLocation(text);
    EXPECT_EQ(location.ToUri(), text);
    EXPECT_EQ(*ParseLocation(location.ToUri()), location);
  }
  EXPECT_EQ(ParseLocation("/a/b")->ToUri(), "file:/a/b");
}

TEST(Location, BucketsOfTwoEndpointsAreTwo) {
  const Location one = *ParseLocation("s3://b/a?endpoint=http://one");
  EXPECT_TRUE(IsWithin(*ParseLocation("s3://b/a/b?endpoint=http://one&profile=p"), one));
  EXPECT_TRUE(IsWithin(*ParseLocation("s3://b/a/b"), one)) << "as metadata names it";
  EXPECT_FALSE(IsWithin(*ParseLocation("s3://b/a/b?endpoint=http://other"), one));
}

TEST(Location, WithinGoesByComponents) {
  const auto at = [](const char* text) { return *ParseLocation(text); };
  EXPECT_TRUE(IsWithin(at("/a/b"), at("/a/b")));
  EXPECT_TRUE(IsWithin(at("/a/b/c"), at("/a/b")));
  EXPECT_TRUE(IsWithin(at("/a"), at("/")));
  EXPECT_FALSE(IsWithin(at("/a/bc"), at("/a/b")));
  EXPECT_FALSE(IsWithin(at("/a"), at("/a/b")));
  EXPECT_FALSE(IsWithin(at("s3://x/a"), at("s3://y/a")));
  EXPECT_FALSE(IsWithin(at("s3://x/a"), at("oss://x/a")));
  EXPECT_TRUE(IsWithin(at("s3a://x/a/b"), at("s3://x/a")));
  EXPECT_EQ(RelativeTo(at("/a/b/c"), at("/a")), "b/c");
  EXPECT_EQ(RelativeTo(at("/a"), at("/a")), "");
  EXPECT_EQ(RelativeTo(at("/a/b"), at("/")), "a/b");
}

TEST(Location, AStoreInABucketHasTheBucketBehindIt) {
  const auto store = ParseLocation("managed+s3://b/store/p/k?endpoint=http://h:1&style=path");
  ASSERT_TRUE(store);
  EXPECT_TRUE(IsManaged(*store));
  EXPECT_EQ(store->options.at("style"), "path");
  EXPECT_EQ(*BucketBehind(*store),
            *ParseLocation("s3://b/store/p/k?endpoint=http://h:1&style=path"));
  EXPECT_TRUE(IsManaged(*ParseLocation("managed:///store/p")));
  EXPECT_FALSE(BucketBehind(*ParseLocation("managed:///store/p")));
  EXPECT_FALSE(IsManaged(*ParseLocation("s3://b/k")));
  EXPECT_FALSE(ParseLocation("managed+file:///store"));
  EXPECT_FALSE(ParseLocation("managed+s3://b/a//b"));
  EXPECT_FALSE(ParseLocation("managed+s3://b/a?endpoint=http://user:word@h"));
}

}  // namespace
}  // namespace stateferry::storage
