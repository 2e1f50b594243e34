// Large objects of a bucket directory are written and read back past the page cache.

#include <gtest/gtest.h>

#include "base/buffer_pool.h"
#include "storage/file_backend.h"
#include "tests/fakes/cache_passes.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry::storage {
namespace {

constexpr std::uint64_t kPart = 2u << 20;
constexpr std::uint64_t kTail = kPassCacheFrom + 2 * kPageBytes + 5;
constexpr std::uint64_t kSize = 2 * kPart + kTail;

class FileDirectTest : public testing::Test {
 protected:
  using Sizes = fakes::CachePasses::Sizes;

  void SetUp() override {
    if (!fakes::CanPassCache(dir_.path())) GTEST_SKIP() << "this file system has no O_DIRECT";
    Open();
  }
  void Open() {
    backend_.reset();
    auto opened = OpenFileBackend(FileIo(&passes_), dir_.File("bucket"));
    ASSERT_TRUE(opened) << opened.error().message();
    backend_ = *opened;
  }
  std::unique_ptr<Upload> Start(const UploadOptions& options) {
    auto upload = backend_->StartUpload("k", options);
    EXPECT_TRUE(upload) << upload.error().message();
    return upload ? std::move(*upload) : nullptr;
  }
  static std::string Content(std::uint64_t size, char seed = 1) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < text.size(); ++i)
      text[i] =
          static_cast<char>(seed * 31 + static_cast<char>(i % 251) + static_cast<char>(i >> 12));
    return text;
  }
  Result<void> Put(Upload& upload, std::uint32_t part, const std::string& whole,
                   std::uint64_t part_bytes = kPart) {
    const auto piece = std::string_view(whole).substr(part * part_bytes, part_bytes);
    const auto buffer = pool_.Acquire();
    std::memcpy(buffer->bytes().data(), piece.data(), piece.size());
    return upload.PutPart(part, buffer->first(piece.size()));
  }
  void Finish(Upload& upload) {
    auto completed = upload.Complete();
    ASSERT_TRUE(completed) << completed.error().message();
    auto flushed = backend_->Flush();
    ASSERT_TRUE(flushed) << flushed.error().message();
  }
  void ExpectStored(const std::string& whole) {
    auto text = FileIo().ReadSmall(dir_.File("bucket/k"), 64u << 20);
    ASSERT_TRUE(text) << text.error().message();
    EXPECT_TRUE(*text == whole);
  }

  fakes::ScratchDir dir_;
  fakes::CachePasses passes_;
  BufferPool pool_{4u << 20, 4u << 20};
  std::shared_ptr<Backend> backend_;
};

TEST_F(FileDirectTest, LargePartsPassThePageCache) {
  const auto whole = Content(kSize);
  const auto upload = Start({.size_bytes = kSize, .part_bytes = kPart});
  for (const std::uint32_t part : {2u, 0u, 1u}) ASSERT_TRUE(Put(*upload, part, whole));
  Finish(*upload);
  EXPECT_EQ(passes_.writes(), (Sizes{kTail - 5, kPart, kPart}));
  ExpectStored(whole);
}

TEST_F(FileDirectTest, SmallObjectsAndPartsThatDivideAPageDoNot) {
  const auto whole = Content(kSize);
  const auto small = Start({.size_bytes = 9, .part_bytes = kPart});
  ASSERT_TRUE(Put(*small, 0, whole.substr(0, 9)));
  Finish(*small);
  const auto odd = Start({.size_bytes = kSize, .part_bytes = kPart + 1});
  for (const std::uint32_t part : {0u, 1u, 2u}) ASSERT_TRUE(Put(*odd, part, whole, kPart + 1));
  Finish(*odd);
  EXPECT_EQ(passes_.writes(), Sizes{});
  ExpectStored(whole);
}

TEST_F(FileDirectTest, AResumedUploadGoesOnSoAndPartsAreReplaced) {
  const auto old = Content(kSize, 2), whole = Content(kSize, 3);
  UploadOptions options{.size_bytes = kSize, .part_bytes = kPart};
  auto upload = Start(options);
  // As if an earlier version had written it: through the page cache.
  passes_.Allow([](std::size_t) { return std::nullopt; });
  for (const std::uint32_t part : {0u, 2u}) ASSERT_TRUE(Put(*upload, part, old));
  options.resume_token = upload->ResumeToken();
  upload.reset();
  Open();
  passes_.Allow(nullptr);
  const auto before = passes_.writes().size();
  upload = Start(options);
  for (const std::uint32_t part : {0u, 1u, 2u}) ASSERT_TRUE(Put(*upload, part, whole));
  Finish(*upload);
  EXPECT_EQ(passes_.writes().size() - before, 3u);
  ExpectStored(whole);
}

TEST_F(FileDirectTest, AFileSystemThatRefusesGetsThemInTheOrdinaryWay) {
  passes_.Allow([](std::size_t) { return std::nullopt; });
  const auto whole = Content(kSize);
  const auto upload = Start({.size_bytes = kSize, .part_bytes = kPart});
  for (const std::uint32_t part : {0u, 1u, 2u}) ASSERT_TRUE(Put(*upload, part, whole));
  Finish(*upload);
  EXPECT_EQ(passes_.writes().size(), 1u);
  ExpectStored(whole);
}

TEST_F(FileDirectTest, OnlyWhatIsReadBackIsReadSo) {
  const auto whole = Content(kSize);
  const auto upload = Start({.size_bytes = kSize, .part_bytes = kPart});
  for (const std::uint32_t part : {0u, 1u, 2u}) ASSERT_TRUE(Put(*upload, part, whole));
  Finish(*upload);
  const auto buffer = pool_.Acquire();
  const auto out = buffer->first(kTail);
  EXPECT_EQ(*backend_->ReadRange("k", 2 * kPart, out), kTail);
  EXPECT_EQ(passes_.reads(), Sizes{});
  std::fill(out.begin(), out.end(), std::byte{});
  EXPECT_EQ(*backend_->ReadBack("k", 2 * kPart, out), kTail);
  EXPECT_EQ(passes_.reads(), Sizes{kTail - 5});
  EXPECT_TRUE(AsText(out) == whole.substr(2 * kPart));
  EXPECT_EQ(*backend_->ReadBack("k", kSize - 1, buffer->first(kPart)), 1u);
  EXPECT_FALSE(backend_->ReadBack("../k", 0, out));
}

}  // namespace
}  // namespace stateferry::storage
