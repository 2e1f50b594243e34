#include <benchmark/benchmark.h>

#include "bench/copy/job_metadata.h"
#include "state/snapshot/flink_metadata.h"

namespace stateferry::bench {
namespace {

/// `_metadata` of a job with this many subtasks, 32 SSTs each.
std::string MetadataOfJob(std::int64_t subtasks) {
  GenerateSpec spec;
  spec.parallelism = static_cast<int>(subtasks);
  spec.size_bytes = static_cast<std::uint64_t>(subtasks) * 32 * spec.sst_bytes;
  JobPlan plan = PlanJob(spec);
  for (PlannedFile& file : plan.files) file.size_bytes = spec.sst_bytes;
  auto metadata = MakeMetadata(plan, plan.checkpoints.front(), "/flink/checkpoints/" + plan.job_id);
  SF_ASSERT(metadata);
  return *std::move(metadata);
}

void ReadMetadata(benchmark::State& state) {
  const std::string file = MetadataOfJob(state.range(0));
  for (auto _ : state) SF_ASSERT(state::snapshot::ReadFlinkMetadata(AsBytes(file)));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(file.size()));
}
BENCHMARK(ReadMetadata)->Arg(1)->Arg(128);

void WriteMetadata(benchmark::State& state) {
  const std::string file = MetadataOfJob(state.range(0));
  const auto metadata = state::snapshot::ReadFlinkMetadata(AsBytes(file));
  SF_ASSERT(metadata);
  for (auto _ : state) SF_ASSERT(state::snapshot::WriteFlinkMetadata(*metadata));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(file.size()));
}
BENCHMARK(WriteMetadata)->Arg(128);

}  // namespace
}  // namespace stateferry::bench
