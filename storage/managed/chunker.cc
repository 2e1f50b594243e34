#include "storage/managed/chunker.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace stateferry::storage::managed {

namespace {

/// SplitMix64 (Steele, Lea, Flood 2014) from a fixed seed: the gear table is part of the format in
/// so far as another table would cut other chunks and find nothing again.
constexpr std::array<std::uint64_t, 256> MakeGear() {
  std::array<std::uint64_t, 256> gear{};
  std::uint64_t state = 0x5f46657272793031;  // "_Ferry01"
  for (auto& value : gear) {
    state += 0x9e3779b97f4a7c15;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    value = z ^ (z >> 31);
  }
  return gear;
}
constexpr auto kGear = MakeGear();

/// The top bits of a gear hash depend on the last 64 bytes, the low ones on few.
constexpr std::uint64_t TopBits(int count) { return ~std::uint64_t{0} << (64 - count); }
constexpr std::uint64_t kHardMask = TopBits(18);
constexpr std::uint64_t kEasyMask = TopBits(14);

/// FastCDC (Xia et al., ATC 2016), with normalised chunking: hard to cut before the normal length,
/// easy behind it, so that lengths stay near it.
std::size_t CutOnce(const std::uint8_t* bytes, std::size_t size) {
  if (size <= kMinCutBytes) return size;
  const std::size_t normal = std::min(size, kNormalCutBytes);
  const std::size_t longest = std::min(size, kMaxCutBytes);
  std::uint64_t hash = 0;
  std::size_t i = kMinCutBytes;
  for (; i < normal; ++i) {
    hash = (hash << 1) + kGear[bytes[i]];
    if ((hash & kHardMask) == 0) return i + 1;
  }
  for (; i < longest; ++i) {
    hash = (hash << 1) + kGear[bytes[i]];
    if ((hash & kEasyMask) == 0) return i + 1;
  }
  return longest;
}

/// RocksDB's block-based table magic (table/block_based/block_based_table_builder.cc), the last
/// eight bytes of an SST.
bool EndsLikeSst(ByteSpan part) {
  constexpr std::uint64_t kBlockBasedTableMagic = 0x88e241b785f4cff7;
  return part.size() >= 8 &&
         LoadLittle<std::uint64_t>(part.data() + part.size() - 8) == kBlockBasedTableMagic;
}

/// Order-0 entropy in bits per byte of samples spread over the part.
double SampledEntropy(ByteSpan part) {
  constexpr std::size_t kSamples = 16;
  constexpr std::size_t kSampleBytes = 4096;
  std::array<std::uint32_t, 256> counts{};
  std::size_t total = 0;
  for (std::size_t i = 0; i < kSamples; ++i) {
    const std::size_t at = (part.size() - kSampleBytes) / (kSamples - 1) * i;
    for (std::byte b : part.subspan(at, kSampleBytes)) ++counts[std::to_integer<std::size_t>(b)];
    total += kSampleBytes;
  }
  double bits = 0;
  for (auto count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(total);
    bits -= share * std::log2(share);
  }
  return bits;
}

}  // namespace

Chunking ChooseChunking(ByteSpan part) {
  if (part.size() <= kWholePartBytes) return Chunking::kWhole;
  if (EndsLikeSst(part)) return Chunking::kFixed;
  // Snappy and LZ4 blocks of real state lie above 6.5 bits a byte, zstd and deflate near 8, plain
  // serialised state below 6.
  constexpr double kCompressedBits = 6.5;
  return SampledEntropy(part) >= kCompressedBits ? Chunking::kFixed : Chunking::kContentDefined;
}

std::vector<std::uint32_t> CutChunks(ByteSpan part, Chunking chunking) {
  std::vector<std::uint32_t> lengths;
  std::size_t at = 0;
  while (at < part.size()) {
    const std::size_t rest = part.size() - at;
    std::size_t length = std::min(rest, kFixedChunkBytes);
    if (chunking == Chunking::kContentDefined)
      length = CutOnce(reinterpret_cast<const std::uint8_t*>(part.data()) + at, rest);
    lengths.push_back(static_cast<std::uint32_t>(length));
    at += length;
  }
  return lengths;
}

}  // namespace stateferry::storage::managed
