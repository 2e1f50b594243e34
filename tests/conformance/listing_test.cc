// Listing: bytewise key order across what may be directories.

#include <algorithm>

#include "tests/conformance/conformance.h"

namespace stateferry::storage {
namespace {

using Strings = std::vector<std::string>;

TEST_P(BackendConformance, ListsInKeyOrderAcrossDirectories) {
  // '-' and '.' sort before '/', '0' after it: a directory is not in the place of its name.
  Strings keys = {"a-b", "a.b", "a/b", "a/b-c", "a/bc/d", "a0", "b/x", "b0/x"};
  for (auto it = keys.rbegin(); it != keys.rend(); ++it) Put(*it, "x");
  EXPECT_EQ(Keys(""), keys);
  Reopen();
  EXPECT_EQ(Keys(""), keys);
}

TEST_P(BackendConformance, ObjectBesideObjectsBelowItsName) {
  Put("a", "x");
  auto below = backend().Put("a/b", AsBytes("y"), {});
  if (GetParam().keys_are_paths) {
    EXPECT_EQ(CodeOf(below), ErrorCode::kConflict);
    EXPECT_EQ(Keys(""), Strings{"a"});
    Put("c/d", "z");
    EXPECT_EQ(CodeOf(backend().Put("c", AsBytes("y"), {})), ErrorCode::kConflict);
    EXPECT_EQ(Get("c/d"), "z");
    Flush();
    return;
  }
  ASSERT_TRUE(below) << below.error().message();
  Put("a-b", "z");
  EXPECT_EQ(Keys("a"), (Strings{"a", "a-b", "a/b"}));
  EXPECT_EQ(Get("a"), "x");
  EXPECT_EQ(Get("a/b"), "y");
}

TEST_P(BackendConformance, PrefixIsTextNotADirectory) {
  for (const char* key : {"a-b", "a/b", "a/bc", "a/b-c/d", "a0", "chk-1/x", "chk-10/x"})
    Put(key, "x");
  EXPECT_EQ(Keys("a"), (Strings{"a-b", "a/b", "a/b-c/d", "a/bc", "a0"}));
  EXPECT_EQ(Keys("a/"), (Strings{"a/b", "a/b-c/d", "a/bc"}));
  EXPECT_EQ(Keys("a/b"), (Strings{"a/b", "a/b-c/d", "a/bc"}));
  EXPECT_EQ(Keys("a/b-c/"), Strings{"a/b-c/d"});
  EXPECT_EQ(Keys("chk-1"), (Strings{"chk-1/x", "chk-10/x"}));
  EXPECT_EQ(Keys("chk-1/"), Strings{"chk-1/x"});
  EXPECT_EQ(Keys("a0"), Strings{"a0"});
}

TEST_P(BackendConformance, NoSuchPrefixIsAnEmptyListing) {
  EXPECT_EQ(Keys(""), Strings());
  EXPECT_EQ(Keys("nothing/here"), Strings());
  Put("a/b", "x");
  for (const char* prefix : {"b", "a/c", "a/b/", "a/b/c", "nothing/here/"})
    EXPECT_EQ(Keys(prefix), Strings()) << prefix;
}

TEST_P(BackendConformance, ListingTellsWhatStatTells) {
  Put("dir/k", "12345");
  std::vector<ObjectMeta> listed;
  ASSERT_TRUE(backend().List("", [&](const ObjectMeta& meta) -> Result<void> {
    listed.push_back(meta);
    return {};
  }));
  const auto stat = backend().Stat("dir/k");
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].key, stat->key);
  EXPECT_EQ(listed[0].size_bytes, stat->size_bytes);
  EXPECT_EQ(listed[0].etag, stat->etag);
  EXPECT_EQ(listed[0].mtime_ns, stat->mtime_ns);
}

TEST_P(BackendConformance, AnErrorOfTheVisitorEndsTheListing) {
  for (const char* key : {"a/1", "a/2", "b/1"}) Put(key, "x");
  int visits = 0;
  auto listed = backend().List("", [&](const ObjectMeta&) -> Result<void> {
    if (++visits == 2) return Error(ErrorCode::kCancelled, "enough");
    return {};
  });
  EXPECT_EQ(CodeOf(listed), ErrorCode::kCancelled);
  EXPECT_EQ(visits, 2);
}

TEST_P(BackendConformance, TheVisitorMayUseTheBackend) {
  for (const char* key : {"a/1", "a/2", "b/1"}) Put(key, std::string("content of ") + key);
  ASSERT_TRUE(backend().List("", [&](const ObjectMeta& meta) -> Result<void> {
    EXPECT_EQ(Get(meta.key), "content of " + meta.key);
    return backend().Delete(meta.key);
  }));
  EXPECT_EQ(Keys(""), Strings());
}

TEST_P(BackendConformance, ListsManyObjects) {
  Strings keys;
  for (int i = 0; i < 300; ++i) {
    const std::string key = "dir-" + std::to_string(i % 7) + "/" + std::to_string(i);
    auto upload = Start(key, {.size_bytes = 1, .part_bytes = 1});
    ASSERT_TRUE(upload && upload->PutPart(0, AsBytes("x")) && upload->Complete());
    keys.push_back(key);
  }
  Flush();
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(Keys(""), keys);
  Reopen();
  EXPECT_EQ(Keys("dir-"), keys);
}

}  // namespace
}  // namespace stateferry::storage
