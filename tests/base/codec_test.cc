#include "base/codec.h"

#include <gtest/gtest.h>

#include <random>

namespace stateferry {
namespace {

Bytes Text(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>("state of keys "[i % 14]);
  return bytes;
}

TEST(Zstd, RoundTripsAtEveryLevel) {
  const Bytes plain = Text(100'000);
  ZstdDecompressor decompressor;
  for (int level : {-7, -1, 1, 3, 19}) {
    Bytes frame, back(plain.size());
    ASSERT_TRUE(ZstdCompressor(level).Compress(plain, frame));
    EXPECT_LT(frame.size(), plain.size());
    ASSERT_TRUE(decompressor.Decompress(frame, back));
    EXPECT_EQ(back, plain);
  }
}

TEST(Zstd, RoundTripsEmptyAndWithStateFileParameters) {
  ZstdCompressor compressor = ZstdCompressor::ForStateFiles();
  ZstdDecompressor decompressor;
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300'000}}) {
    const Bytes plain = Text(size);
    Bytes frame, back(size);
    ASSERT_TRUE(compressor.Compress(plain, frame));
    ASSERT_TRUE(decompressor.Decompress(frame, back));
    EXPECT_EQ(back, plain);
  }
}

TEST(Zstd, GarbageIsCorruption) {
  ZstdDecompressor decompressor;
  Bytes out(1000);
  for (const char* garbage : {"", "x", "(\xb5/\xfd", "this is no frame at all"}) {
    auto result = decompressor.Decompress(AsBytes(garbage), out);
    ASSERT_FALSE(result) << garbage;
    EXPECT_EQ(result.error().code(), ErrorCode::kCorruption);
  }
}

TEST(Zstd, AnotherLengthIsCorruption) {
  const Bytes plain = Text(1000);
  Bytes frame;
  ASSERT_TRUE(ZstdCompressor(1).Compress(plain, frame));
  ZstdDecompressor decompressor;
  for (std::size_t size : {0u, 999u, 1001u, 100'000u}) {
    Bytes out(size);
    auto result = decompressor.Decompress(frame, out);
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().code(), ErrorCode::kCorruption);
  }
  // Two frames, or a frame and garbage, are not one frame.
  Bytes twice = frame;
  twice.insert(twice.end(), frame.begin(), frame.end());
  Bytes out(2000);
  EXPECT_FALSE(decompressor.Decompress(twice, out));
  twice.resize(frame.size() + 1);
  out.resize(1000);
  EXPECT_FALSE(decompressor.Decompress(twice, out));
}

TEST(Zstd, TruncatedAndFlippedFramesNeverCrash) {
  const Bytes plain = Text(20'000);
  Bytes frame;
  ASSERT_TRUE(ZstdCompressor(3).Compress(plain, frame));
  ZstdDecompressor decompressor;
  Bytes out(plain.size());
  for (std::size_t size = 0; size < frame.size(); ++size)
    EXPECT_FALSE(decompressor.Decompress(ByteSpan(frame).first(size), out)) << size;
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    Bytes flipped = frame;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    // It may go unnoticed here: the caller has a hash.  It must not write outside or crash.
    (void)decompressor.Decompress(flipped, out);
  }
  ASSERT_TRUE(decompressor.Decompress(frame, out)) << "a failure must not linger";
  EXPECT_EQ(out, plain);
}

}  // namespace
}  // namespace stateferry
