#include "base/hash.h"

#include <gtest/gtest.h>

#include <numeric>

namespace stateferry {
namespace {

// Expected values: `printf ... | xxhsum -H2` of xxhsum 0.8.
TEST(Hash, Xxh3KnownVectors) {
  EXPECT_EQ(Xxh3_128({}).ToHex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(Xxh3_128(AsBytes("a")).ToHex(), "a96faf705af16834e6c632b61e964e1f");
  EXPECT_EQ(Xxh3_128(AsBytes("abc")).ToHex(), "06b05ab6733a618578af5f94892f3950");
  EXPECT_EQ(Xxh3_64({}), 0x2d06800538d394c2u);
}

TEST(Hash, AStreamHashesLikeOnePiece) {
  Bytes bytes(100'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
  Xxh3Stream stream;
  const ByteSpan all(bytes);
  for (std::size_t at = 0, size = 1; at < all.size(); at += size, size = size * 3 + 1) {
    size = std::min(size, all.size() - at);
    stream.Update(all.subspan(at, size));
  }
  EXPECT_EQ(stream.Digest(), Xxh3_128(bytes));
  stream.Reset();
  EXPECT_EQ(stream.Digest(), Xxh3_128({}));
}

TEST(Hash128, HexRoundTrip) {
  const Hash128 hash = Xxh3_128(AsBytes("x"));
  EXPECT_EQ(Hash128::FromHex(hash.ToHex()), hash);
  EXPECT_EQ(Hash128::FromRaw(hash.raw()), hash);
  EXPECT_EQ(Hash128::FromHex("99AA06D3014798D86001C324468D497F"), Xxh3_128({}));
}

TEST(Hash128, RefusesWhatIsNoHex) {
  for (const char* text :
       {"", "99", "99aa06d3014798d86001c324468d497", "99aa06d3014798d86001c324468d497f0",
        "99aa06d3014798d86001c324468d497g", "0x99aa06d3014798d86001c324468d49"})
    EXPECT_EQ(Hash128::FromHex(text), std::nullopt) << text;
}

}  // namespace
}  // namespace stateferry
