#include "storage/managed/chunker.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "base/hash.h"
#include "tests/storage/managed/store_fixture.h"

namespace stateferry::storage::managed {
namespace {

std::set<std::string_view> Pieces(const std::string& text, Chunking chunking) {
  std::set<std::string_view> pieces;
  std::size_t at = 0;
  for (auto length : CutChunks(AsBytes(text), chunking)) {
    pieces.insert(std::string_view(text).substr(at, length));
    at += length;
  }
  EXPECT_EQ(at, text.size());
  return pieces;
}

TEST(Chunker, ChoosesByContent) {
  EXPECT_EQ(ChooseChunking(AsBytes(RecordText(kWholePartBytes, 1))), Chunking::kWhole);
  EXPECT_EQ(ChooseChunking(AsBytes(RecordText(1'000'000, 1))), Chunking::kContentDefined);
  EXPECT_EQ(ChooseChunking(AsBytes(RandomText(1'000'000, 1))), Chunking::kFixed);
  std::string sst = RecordText(1'000'000, 1);
  AppendLittle<std::uint64_t>(sst, 0x88e241b785f4cff7);
  EXPECT_EQ(ChooseChunking(AsBytes(sst)), Chunking::kFixed);
}

TEST(Chunker, KeepsToItsBounds) {
  const std::string text = RecordText(20'000'000, 2);
  const auto lengths = CutChunks(AsBytes(text), Chunking::kContentDefined);
  for (std::size_t i = 0; i + 1 < lengths.size(); ++i) {
    EXPECT_GE(lengths[i], kMinCutBytes);
    EXPECT_LE(lengths[i], kMaxCutBytes);
  }
  const auto average = text.size() / lengths.size();
  EXPECT_GE(average, 48u << 10);
  EXPECT_LE(average, 128u << 10);
  EXPECT_TRUE(CutChunks({}, Chunking::kFixed).empty());
  EXPECT_EQ(CutChunks(AsBytes(text), Chunking::kFixed).front(), kFixedChunkBytes);
  // A long run without a cut is cut at the longest length.
  EXPECT_EQ(CutChunks(AsBytes(std::string(2'000'000, 'a')), Chunking::kContentDefined).front(),
            kMaxCutBytes);
}

TEST(Chunker, FindsContentAgainBehindAnInsertion) {
  const std::string text = RecordText(10'000'000, 3);
  std::string changed = text;
  changed.insert(1'000'000, "one more record");
  const auto before = Pieces(text, Chunking::kContentDefined);
  std::size_t found = 0;
  for (const auto& piece : Pieces(changed, Chunking::kContentDefined))
    if (before.contains(piece)) found += piece.size();
  EXPECT_GT(found, text.size() * 95 / 100);
}

TEST(Chunker, CutsAreFixedForEver) {
  // Another gear table or mask would find nothing again of what older versions stored.
  const auto lengths = CutChunks(AsBytes(RecordText(1'000'000, 4)), Chunking::kContentDefined);
  std::string joined;
  for (auto length : lengths) joined += std::to_string(length) + " ";
  EXPECT_EQ(ToHex(AsBytes(Xxh3_128(AsBytes(joined)).raw())), "00ee4677fde5d4679ab131b93538470b")
      << joined;
}

}  // namespace
}  // namespace stateferry::storage::managed
