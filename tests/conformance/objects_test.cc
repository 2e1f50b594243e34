// What every backend does with single objects.

#include <algorithm>

#include "tests/conformance/conformance.h"

namespace stateferry::storage {
namespace {

TEST_P(BackendConformance, ReadsBackWhatWasPut) {
  Put("chk-7/_metadata", "some bytes");
  EXPECT_EQ(Get("chk-7/_metadata"), "some bytes");
  Reopen();
  EXPECT_EQ(Get("chk-7/_metadata"), "some bytes");
}

TEST_P(BackendConformance, StatTellsSizeAndIdentity) {
  auto put = backend().Put("k", AsBytes("12345"), {});
  ASSERT_TRUE(put) << put.error().message();
  auto stat = backend().Stat("k");
  ASSERT_TRUE(stat) << stat.error().message();
  EXPECT_EQ(stat->key, "k");
  EXPECT_EQ(stat->size_bytes, 5u);
  EXPECT_EQ(stat->etag, put->etag);
  EXPECT_EQ(backend().Stat("k")->etag, stat->etag) << "the etag changed without a write";
}

TEST_P(BackendConformance, EtagChangesWithContent) {
  Put("k", "12345");
  const auto before = backend().Stat("k");
  Put("k", "54321");
  EXPECT_NE(backend().Stat("k")->etag, before->etag);
}

TEST_P(BackendConformance, PutReplaces) {
  Put("k", "a longer first content");
  Put("k", "second");
  EXPECT_EQ(Get("k"), "second");
  Reopen();
  EXPECT_EQ(Get("k"), "second");
}

TEST_P(BackendConformance, PutWithoutOverwriteGivesConflict) {
  Put("k", "first");
  EXPECT_EQ(CodeOf(backend().Put("k", AsBytes("second"), {.overwrite = false})),
            ErrorCode::kConflict);
  EXPECT_EQ(Get("k"), "first");
  ASSERT_TRUE(backend().Put("new", AsBytes("second"), {.overwrite = false}));
  EXPECT_EQ(Get("new"), "second");
  Flush();
}

TEST_P(BackendConformance, HoldsEmptyObjects) {
  Put("dir/empty", "");
  EXPECT_EQ(backend().Stat("dir/empty")->size_bytes, 0u);
  EXPECT_EQ(Get("dir/empty"), "");
  std::byte one;
  EXPECT_EQ(*backend().ReadRange("dir/empty", 0, {&one, 1}), 0u);
  Reopen();
  EXPECT_EQ(Get("dir/empty"), "");
}

TEST_P(BackendConformance, ReadsRangesUpToTheEndAndPastIt) {
  Put("k", "0123456789");
  auto read = [&](std::uint64_t offset, std::size_t size) {
    std::string text(size, '*');
    auto count =
        backend().ReadRange("k", offset, {reinterpret_cast<std::byte*>(text.data()), text.size()});
    EXPECT_TRUE(count) << count.error().message();
    return text.substr(0, count ? *count : 0);
  };
  EXPECT_EQ(read(0, 10), "0123456789");
  EXPECT_EQ(read(3, 4), "3456");
  EXPECT_EQ(read(8, 10), "89");
  EXPECT_EQ(read(10, 1), "");
  EXPECT_EQ(read(11, 1), "");
  EXPECT_EQ(read(std::uint64_t{1} << 62, 1), "");
  EXPECT_EQ(read(5, 0), "");
}

TEST_P(BackendConformance, WhatIsNotThereIsNotFound) {
  Put("dir/there", "x");
  std::byte one;
  for (const char* key : {"absent", "dir", "dir/absent", "dir/there/below", "absent/below"}) {
    EXPECT_EQ(CodeOf(backend().Stat(key)), ErrorCode::kNotFound) << key;
    EXPECT_EQ(CodeOf(backend().ReadRange(key, 0, {&one, 1})), ErrorCode::kNotFound) << key;
  }
}

TEST_P(BackendConformance, DeletesAndForgivesDeletingNothing) {
  Put("dir/k", "x");
  for (const char* key : {"dir/k", "dir/k", "never", "never/below", "dir"}) {
    auto deleted = backend().Delete(key);
    EXPECT_TRUE(deleted) << key << ": " << deleted.error().message();
  }
  Flush();
  EXPECT_FALSE(Has("dir/k"));
  EXPECT_EQ(Keys(""), std::vector<std::string>());
  Reopen();
  EXPECT_FALSE(Has("dir/k"));
  Put("dir/k", "again");
  EXPECT_EQ(Get("dir/k"), "again");
}

TEST_P(BackendConformance, CopiesOrRefuses) {
  Put("from", "content");
  auto copied = backend().Copy("from", "dir/to", {});
  if (!backend().capabilities().server_side_copy) {
    EXPECT_EQ(CodeOf(copied), ErrorCode::kRefused);
    return;
  }
  ASSERT_TRUE(copied) << copied.error().message();
  Flush();
  EXPECT_EQ(Get("from"), "content");
  EXPECT_EQ(Get("dir/to"), "content");
  Reopen();
  EXPECT_EQ(Get("dir/to"), "content");

  Put("from", "later");
  EXPECT_EQ(Get("dir/to"), "content") << "the copy follows the original";
  auto again = backend().Copy("from", "dir/to", {.overwrite = false});
  if (again) again = backend().Flush();
  EXPECT_EQ(CodeOf(again), ErrorCode::kConflict);
  EXPECT_EQ(Get("dir/to"), "content");
  EXPECT_EQ(CodeOf(backend().Copy("absent", "to", {})), ErrorCode::kNotFound);
}

TEST_P(BackendConformance, RefusesBadKeysEverywhere) {
  const std::string nul("a\0b", 3);
  const std::string long_key = std::string(200, 'a') + "/" + std::string(200, 'b') + "/" +
                               std::string(200, 'c') + "/" + std::string(200, 'd') + "/" +
                               std::string(221, 'e');
  ASSERT_EQ(long_key.size(), 1025u);
  for (const std::string& key :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."),
        std::string(".."), std::string("../a"), std::string("a/../b"), std::string("a/./b"),
        std::string("a/.."), nul, long_key}) {
    std::byte one;
    EXPECT_EQ(CodeOf(backend().Stat(key)), ErrorCode::kInvalidArgument) << key;
    EXPECT_EQ(CodeOf(backend().ReadRange(key, 0, {&one, 1})), ErrorCode::kInvalidArgument) << key;
    EXPECT_EQ(CodeOf(backend().Put(key, AsBytes("x"), {})), ErrorCode::kInvalidArgument) << key;
    EXPECT_EQ(CodeOf(backend().StartUpload(key, {.size_bytes = 1, .part_bytes = 1})),
              ErrorCode::kInvalidArgument)
        << key;
    EXPECT_EQ(CodeOf(backend().Delete(key)), ErrorCode::kInvalidArgument) << key;
  }
  EXPECT_EQ(Keys(""), std::vector<std::string>());
}

TEST_P(BackendConformance, TakesTheLongestKey) {
  std::string key = std::string(255, 'a') + "/" + std::string(255, 'b') + "/" +
                    std::string(255, 'c') + "/" + std::string(256, 'd').replace(100, 1, "/");
  ASSERT_EQ(key.size(), 1024u);
  key.resize(GetParam().longest_key_bytes);
  Put(key, "x");
  EXPECT_EQ(Get(key), "x");
  EXPECT_EQ(Keys(""), std::vector<std::string>{key});
}

TEST_P(BackendConformance, KeysAreBytesWithoutMeaning) {
  std::vector<std::string> odd = {" leading and trailing ",
                                  "100%",
                                  "%2e%2e/%2F",
                                  "a b/c d",
                                  "back\\slash",
                                  "colon:and*star",
                                  "-rf",
                                  "größe/日本",
                                  "hash#1?x=1",
                                  "line\nbreak",
                                  "not utf-8 \xff\xfe",
                                  "~",
                                  "..hidden",
                                  "...",
                                  "u\xcc\x88",
                                  "\xc3\xbc"};
  for (const auto& key : GetParam().impossible_keys) ASSERT_EQ(std::erase(odd, key), 1u) << key;
  for (const auto& key : odd) Put(key, "content of " + key);
  Reopen();
  for (const auto& key : odd) EXPECT_EQ(Get(key), "content of " + key);
  auto sorted = odd;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(Keys(""), sorted);
}

TEST_P(BackendConformance, ADescriptionIsGiven) { EXPECT_FALSE(backend().Describe().empty()); }

}  // namespace
}  // namespace stateferry::storage
