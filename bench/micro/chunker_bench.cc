#include <benchmark/benchmark.h>

#include "bench/micro/content.h"
#include "storage/managed/chunker.h"

namespace stateferry::bench {
namespace {

using namespace storage::managed;

void ChooseForSst(benchmark::State& state) {
  const ByteSpan part = SstBytes(16u << 20);
  for (auto _ : state) benchmark::DoNotOptimize(ChooseChunking(part));
}
BENCHMARK(ChooseForSst);

void CutContentDefined(benchmark::State& state) {
  const ByteSpan part = PlainBytes(16u << 20);
  std::size_t chunks = 0;
  for (auto _ : state) {
    const auto lengths = CutChunks(part, Chunking::kContentDefined);
    chunks = lengths.size();
    benchmark::DoNotOptimize(lengths.data());
  }
  state.SetBytesProcessed(state.iterations() * (16 << 20));
  state.counters["chunkKiB"] = (16 << 10) / static_cast<double>(chunks);
}
BENCHMARK(CutContentDefined);

void CutFixed(benchmark::State& state) {
  const ByteSpan part = SstBytes(16u << 20);
  for (auto _ : state) benchmark::DoNotOptimize(CutChunks(part, Chunking::kFixed).data());
}
BENCHMARK(CutFixed);

}  // namespace
}  // namespace stateferry::bench
