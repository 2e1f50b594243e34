#include "storage/managed/compress_choice.h"

#include <algorithm>

namespace stateferry::storage::managed {

namespace {
constexpr int kAutoLevel = 1;
constexpr std::size_t kSampleBytes = 32u << 10;
constexpr std::size_t kSamples = 4;
/// Below this gain the bytes are stored raw.
constexpr double kLeastGain = 0.03;
}  // namespace

std::unique_ptr<ZstdCompressor> MakeCompressor(const CompressPolicy& policy) {
  if (policy.mode == CompressPolicy::Mode::kZstd)
    return std::make_unique<ZstdCompressor>(policy.zstd_level);
  return std::make_unique<ZstdCompressor>(ZstdCompressor::ForStateFiles());
}

int ChooseZstdLevel(const CompressPolicy& policy, ByteSpan part, ZstdCompressor& probe) {
  if (policy.mode == CompressPolicy::Mode::kNone) return 0;
  if (policy.mode == CompressPolicy::Mode::kZstd) return policy.zstd_level;
  // A part not longer than the samples is cheaper to compress than to sample.
  if (part.size() <= kSamples * kSampleBytes) return kAutoLevel;
  std::size_t plain = 0, stored = 0;
  Bytes frame;
  for (std::size_t i = 0; i < kSamples; ++i) {
    const std::size_t at = (part.size() - kSampleBytes) / (kSamples - 1) * i;
    if (!probe.Compress(part.subspan(at, kSampleBytes), frame)) return 0;
    plain += kSampleBytes;
    stored += std::min(frame.size(), kSampleBytes);
  }
  const double gain = 1.0 - static_cast<double>(stored) / static_cast<double>(plain);
  return gain >= kLeastGain ? kAutoLevel : 0;
}

}  // namespace stateferry::storage::managed
