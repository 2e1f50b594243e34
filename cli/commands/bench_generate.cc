#include <fmt/format.h>

#include "bench/copy/generate.h"
#include "cli/commands/all.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunBenchGenerate(App& app) {
  SF_TRY(const bench::GenerateSpec spec, bench::ParseGenerateSpec(app.argument(0)));
  SF_TRY(const bench::Generated made, bench::Generate(spec, app.argument(1), app.stop()));
  Output& out = app.out();
  out.Line(fmt::format("{}: {}, {}", made.tree, Count(made.files, "file"), FormatSize(made.bytes)));
  for (const auto& checkpoint : made.checkpoints) {
    if (checkpoint.name.empty()) continue;
    out.Line(fmt::format("{}/{}: {}, of which {} are new", made.tree, checkpoint.name,
                         FormatSize(checkpoint.total_bytes), FormatSize(checkpoint.new_bytes)));
    out.Item({{"type", "checkpoint"},
              {"path", made.tree + "/" + checkpoint.name},
              {"totalBytes", checkpoint.total_bytes},
              {"newBytes", checkpoint.new_bytes},
              {"newFiles", checkpoint.new_files.size()}});
  }
  out.Id(made.tree);
  return Outcome{.summary = {{"tree", made.tree}, {"files", made.files}, {"bytes", made.bytes}}};
}
}  // namespace

Command BenchGenerateCommand() {
  return {
      .name = "bench generate",
      .summary = "Make a snapshot to measure with",
      .details =
          "SPEC is a list of name=value pairs.  size=2GiB,sst=64MiB,checkpoints=2,churn=0.2 makes "
          "a Flink job with incremental RocksDB checkpoints of 2 GiB, where a fifth of the SST "
          "files of the second one are new; files=10000,min=1KiB,max=50KiB makes a plain tree of "
          "small files.  seed=N gives other content, parallelism=N another number of subtasks.\n"
          "The checkpoints name their files by absolute path: do not move the directory.",
      .arguments = {{"SPEC", "What to make"}, {"DIR", "An absent or empty directory"}},
      .options = {},
      .examples = {"stateferry bench generate size=512MiB,checkpoints=4 /tmp/job"},
      .dry_run = DryRun::kUnsupported,
      .stops_cleanly = true,
      .run = RunBenchGenerate};
}

}  // namespace stateferry::cli
