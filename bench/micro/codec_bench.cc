#include <benchmark/benchmark.h>

#include "base/codec.h"
#include "bench/micro/content.h"

namespace stateferry::bench {
namespace {

constexpr std::size_t kChunk = 2u << 20;

void Compress(benchmark::State& state, ZstdCompressor& zstd) {
  const ByteSpan content = SstBytes(16u << 20);
  Bytes out;
  std::size_t plain = 0, stored = 0;
  for (auto _ : state) {
    const ByteSpan chunk = content.subspan(plain % content.size(), kChunk);
    SF_ASSERT(zstd.Compress(chunk, out));
    plain += chunk.size();
    stored += out.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(plain));
  state.counters["ratio"] = static_cast<double>(stored) / static_cast<double>(plain);
}

void CompressSstAtLevel(benchmark::State& state) {
  ZstdCompressor zstd(static_cast<int>(state.range(0)));
  Compress(state, zstd);
}
BENCHMARK(CompressSstAtLevel)->Arg(-5)->Arg(-1)->Arg(1)->Arg(2)->Arg(3);

void CompressSstForStateFiles(benchmark::State& state) {
  ZstdCompressor zstd = ZstdCompressor::ForStateFiles();
  Compress(state, zstd);
}
BENCHMARK(CompressSstForStateFiles);

void DecompressSst(benchmark::State& state) {
  const ByteSpan chunk = SstBytes(kChunk);
  ZstdCompressor zstd = ZstdCompressor::ForStateFiles();
  ZstdDecompressor unzip;
  Bytes frame, plain(kChunk);
  SF_ASSERT(zstd.Compress(chunk, frame));
  for (auto _ : state) SF_ASSERT(unzip.Decompress(frame, plain));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kChunk));
}
BENCHMARK(DecompressSst);

}  // namespace
}  // namespace stateferry::bench
