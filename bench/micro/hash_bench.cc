#include <benchmark/benchmark.h>

#include "base/hash.h"
#include "bench/micro/content.h"

namespace stateferry::bench {
namespace {

void Hash128OfChunk(benchmark::State& state) {
  const ByteSpan bytes = SstBytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(Xxh3_128(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Hash128OfChunk)->Arg(4 << 10)->Arg(64 << 10)->Arg(2 << 20)->Arg(16 << 20);

void Hash128Streaming(benchmark::State& state) {
  const ByteSpan bytes = SstBytes(16u << 20);
  const auto step = static_cast<std::size_t>(state.range(0));
  Xxh3Stream stream;
  for (auto _ : state) {
    stream.Reset();
    for (std::size_t at = 0; at < bytes.size(); at += step) stream.Update(bytes.subspan(at, step));
    benchmark::DoNotOptimize(stream.Digest());
  }
  state.SetBytesProcessed(state.iterations() * (16 << 20));
}
BENCHMARK(Hash128Streaming)->Arg(64 << 10)->Arg(1 << 20);

}  // namespace
}  // namespace stateferry::bench
