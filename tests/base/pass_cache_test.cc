// Files that are written and read past the page cache.

#include <gtest/gtest.h>

#include <algorithm>

#include "base/buffer_pool.h"
#include "base/file_io.h"
#include "tests/fakes/cache_passes.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry {
namespace {

constexpr std::size_t kPages = kPassCacheFrom + 3 * kPageBytes;

class PassCacheTest : public testing::Test {
 protected:
  using Sizes = fakes::CachePasses::Sizes;

  void SetUp() override {
    if (!fakes::CanPassCache(dir_.path())) GTEST_SKIP() << "this file system has no O_DIRECT";
    Open();
  }
  void Open() {
    auto opened = FileIo(&passes_).Open(dir_.File("f"), OpenMode::kCreateOrOpen);
    ASSERT_TRUE(opened) << opened.error().message();
    file_ = std::move(*opened);
    file_.PassPageCache();
  }
  /// Aligned, and different for each seed.
  ByteSpan Content(std::size_t size, unsigned seed = 1) {
    const auto bytes = lease_.first(size);
    unsigned state = seed;
    for (auto& byte : bytes) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<std::byte>(state >> 24);
    }
    return bytes;
  }
  /// In the ordinary way.
  std::string Stored() {
    auto text = FileIo().ReadSmall(dir_.File("f"), 64u << 20);
    return text ? *text : "error: " + text.error().message();
  }
  void ExpectStored(ByteSpan bytes) { EXPECT_TRUE(Stored() == AsText(bytes)); }

  fakes::ScratchDir dir_;
  fakes::CachePasses passes_;
  BufferPool pool_{8u << 20, 16u << 20};
  BufferPool::Lease lease_ = *pool_.Acquire();
  File file_;
};

TEST_F(PassCacheTest, WholePagesPassAndTheTailDoesNot) {
  const auto bytes = Content(kPages + 123);
  ASSERT_TRUE(file_.WriteAt(0, bytes));
  ASSERT_TRUE(file_.Sync());
  EXPECT_EQ(passes_.writes(), Sizes{kPages});
  ExpectStored(bytes);
}

TEST_F(PassCacheTest, WhatIsSmallOrBeginsWithinAPageDoesNot) {
  const auto bytes = Content(kPages);
  ASSERT_TRUE(file_.WriteAt(0, bytes.first(kPassCacheFrom - 1)));
  ASSERT_TRUE(file_.WriteAt(512, bytes.subspan(512, kPassCacheFrom)));
  ASSERT_TRUE(file_.WriteAt(kPageBytes, bytes.subspan(kPageBytes + 1, kPassCacheFrom)))
      << "not aligned in memory";
  ASSERT_TRUE(file_.WriteAt(0, bytes.first(kPageBytes)));
  ASSERT_TRUE(file_.WriteAt(kPageBytes, bytes.subspan(kPageBytes, kPassCacheFrom)));
  EXPECT_EQ(passes_.writes(), Sizes{kPassCacheFrom}) << "the last one";
  ExpectStored(bytes.first(kPageBytes + kPassCacheFrom));
}

TEST_F(PassCacheTest, AFileThatWasNotAskedToDoesNot) {
  auto file = FileIo(&passes_).Open(dir_.File("f"), OpenMode::kReadWrite);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->WriteAt(0, Content(kPages)));
  EXPECT_EQ(passes_.writes(), Sizes{});
}

TEST_F(PassCacheTest, ShortWritesGoOn) {
  const auto bytes = Content(4 * kPassCacheFrom + 77);
  for (const std::size_t at_most : {std::size_t{kPageBytes}, std::size_t{kPassCacheFrom}}) {
    passes_.Allow([&](std::size_t) { return at_most; });
    ASSERT_TRUE(file_.Truncate(0));
    ASSERT_TRUE(file_.WriteAt(0, bytes));
    ExpectStored(bytes);
  }
  EXPECT_GT(passes_.writes().size(), 4u);
}

TEST_F(PassCacheTest, AShortWriteThatEndsWithinAPageGoesOn) {
  const auto bytes = Content(4 * kPassCacheFrom);
  passes_.Allow([](std::size_t) { return 512 * 3; });  // also where the disk has larger sectors
  ASSERT_TRUE(file_.WriteAt(0, bytes));
  ExpectStored(bytes);
}

TEST_F(PassCacheTest, WhereItIsRefusedTheOrdinaryWayIsTaken) {
  const auto bytes = Content(2 * kPages);
  passes_.Allow([](std::size_t) { return std::nullopt; });
  ASSERT_TRUE(file_.WriteAt(0, bytes.first(kPages)));
  ASSERT_TRUE(file_.WriteAt(kPages, bytes.subspan(kPages)));
  EXPECT_EQ(passes_.writes(), Sizes{kPages}) << "tried once";
  Bytes read(2 * kPages);
  EXPECT_EQ(*file_.ReadAt(0, read), read.size());
  EXPECT_EQ(passes_.reads(), Sizes{});
  ExpectStored(bytes);
}

TEST_F(PassCacheTest, RefusedInTheMiddleOfAWriteTheRestGoesTheOrdinaryWay) {
  const auto bytes = Content(4 * kPassCacheFrom);
  int calls = 0;
  passes_.Allow([&](std::size_t) {
    return ++calls == 1 ? std::optional<std::size_t>(kPageBytes) : std::nullopt;
  });
  ASSERT_TRUE(file_.WriteAt(0, bytes));
  EXPECT_EQ(calls, 2);
  ExpectStored(bytes);
}

TEST_F(PassCacheTest, BothWaysSeeWhatTheOtherHasWritten) {
  auto ordinary = FileIo().Open(dir_.File("f"), OpenMode::kReadWrite);
  ASSERT_TRUE(ordinary);
  ASSERT_TRUE(ordinary->WriteAt(0, Content(kPages + 9, 1)));  // never synced
  ASSERT_TRUE(file_.WriteAt(0, Content(kPages + 9, 2)));
  ExpectStored(Content(kPages + 9, 2));
  ASSERT_TRUE(ordinary->WriteAt(0, Content(kPages + 9, 3)));
  const auto expected = std::string(AsText(Content(kPages + 9, 3)));
  const auto out = lease_.first(kPages + 9);
  std::fill(out.begin(), out.end(), std::byte{});
  EXPECT_EQ(*file_.ReadAt(0, out), out.size());
  EXPECT_EQ(passes_.reads(), Sizes{kPages});
  EXPECT_TRUE(AsText(out) == expected);
}

TEST_F(PassCacheTest, ReadsEndWithTheFile) {
  const auto expected = std::string(AsText(Content(kPages + 9)));
  ASSERT_TRUE(file_.WriteAt(0, AsBytes(expected)));
  const auto out = lease_.first(4 * kPages);
  EXPECT_EQ(*file_.ReadAt(0, out), expected.size());
  EXPECT_TRUE(AsText(out.first(expected.size())) == expected);
  EXPECT_EQ(*file_.ReadAt(8 * kPages, out), 0u);
}

TEST_F(PassCacheTest, AReadThatIsRefusedIsDoneInTheOrdinaryWay) {
  const auto expected = std::string(AsText(Content(kPages + 9)));
  ASSERT_TRUE(file_.WriteAt(0, AsBytes(expected)));
  passes_.Allow([](std::size_t) { return std::nullopt; });
  const auto out = lease_.first(expected.size());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(*file_.ReadAt(0, out), expected.size());
  EXPECT_TRUE(AsText(out) == expected);
  EXPECT_EQ(passes_.reads(), Sizes{kPages}) << "tried once";
}

TEST_F(PassCacheTest, AFileOpenForReadingOnlyIsRead) {
  ASSERT_TRUE(file_.WriteAt(0, Content(kPages)));
  auto file = FileIo(&passes_).Open(dir_.File("f"), OpenMode::kRead);
  ASSERT_TRUE(file);
  file->PassPageCache();
  EXPECT_EQ(*file->ReadAt(0, lease_.first(kPages)), kPages);
  EXPECT_EQ(passes_.reads(), Sizes{kPages});
}

}  // namespace
}  // namespace stateferry
