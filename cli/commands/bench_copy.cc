#include "bench/copy/bench_copy.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "bench/copy/report.h"
#include "cli/commands/all.h"

namespace stateferry::cli {

namespace {

std::vector<std::string> RouteNames() {
  std::vector<std::string> names;
  for (const bench::Route& route : bench::Routes()) names.push_back(route.name);
  return names;
}

std::vector<std::string> PeerChoices() {
  std::vector<std::string> names = bench::PeerNames();
  names.insert(names.begin(), "all");
  return names;
}

Error WrongBench(const std::string& what) { return Error(ErrorCode::kInvalidArgument, what); }

Result<bench::BenchRequest> RequestFrom(App& app) {
  const OptionValues& options = app.options();
  bench::BenchRequest request;
  request.spec = options.Text("generate");
  request.source = app.argument(0);
  if (request.source.empty() == request.spec.empty())
    return WrongBench("give either SRC DST or --generate SPEC");
  if (!request.source.empty() && app.argument(1).empty())
    return WrongBench("DST is missing: give a directory in which the copies are made");
  request.work_dir = request.source.empty() ? options.Text("work-dir") : app.argument(1);
  if (request.work_dir.empty())
    request.work_dir = std::filesystem::temp_directory_path().string() + "/stateferry-bench";
  request.work_dir = std::filesystem::absolute(request.work_dir).lexically_normal().string();

  request.routes = options.Texts("route");
  if (request.routes.empty()) {
    const bool small = request.spec.find("files=") != std::string::npos;
    request.routes = small ? std::vector<std::string>{"small-files", "small-files-managed"}
                           : std::vector<std::string>{"bucket-bucket", "bucket-managed-none",
                                                      "bucket-managed", "managed-bucket"};
  }
  request.against = options.Texts("against");
  request.runs = static_cast<int>(options.Number("runs"));
  if (request.runs < 1 || request.runs > 1000)
    return WrongBench("--runs: give a number from 1 to 1000");
  // A link that keeps working when the file on disk is replaced by a new build meanwhile.
  request.self = fmt::format("/proc/{}/exe", getpid());
  request.self_version = SF_VERSION;
  return request;
}

Result<Outcome> RunBenchCopy(App& app) {
  SF_TRY(const bench::BenchRequest request, RequestFrom(app));
  Output& out = app.out();
  SF_TRY(const bench::BenchResult result,
         bench::RunBench(
             request, [&](const std::string& text) { out.Note(text); }, app.stop()));
  for (const std::string& line : bench::TextReport(result)) out.Line(line);
  Outcome outcome;
  outcome.summary = bench::ToJson(result);
  if (const std::string directory = app.options().Text("report"); !directory.empty()) {
    SF_TRY(const std::string page, bench::WriteReport(result, directory));
    out.Line("report: " + page);
  }
  for (const auto& route : result.routes) {
    for (const auto& contestant : route.contestants) {
      if (contestant.failure.empty()) continue;
      outcome.code = ExitCode::kPartlyDone;
      outcome.status = "partly_done";
    }
  }
  return outcome;
}

}  // namespace

Command BenchCopyCommand() {
  return {
      .name = "bench copy",
      .summary = "Measure copies of a snapshot, beside other programs",
      .details =
          "Copies SRC, or a snapshot that it generates, along each route several times, and "
          "prints the medians of speed, CPU time, peak memory and stored bytes.  With --against "
          "the same is done with other programs, in turn, so that they meet the same conditions; "
          "a program that is not installed is named and left out.  Each copy is durable when its "
          "time ends, the page cache is warm, the destination new.\n"
          "DST, or --work-dir with --generate, is a directory that gets destinations and logs; "
          "destinations are removed again, generated snapshots stay and are used again.",
      .arguments = {{"SRC", "The directory to copy", false},
                    {"DST", "A directory to make copies in", false}},
      .options = {{.name = "generate",
                   .kind = ValueKind::kText,
                   .value_name = "SPEC",
                   .help = "Generate the source; see bench generate"},
                  {.name = "route",
                   .kind = ValueKind::kChoice,
                   .value_name = "ROUTE",
                   .help = "What to measure; may be repeated",
                   .choices = RouteNames(),
                   .repeatable = true},
                  {.name = "against",
                   .kind = ValueKind::kChoice,
                   .value_name = "PROGRAM",
                   .help = "Measure this program as well; may be repeated",
                   .choices = PeerChoices(),
                   .repeatable = true},
                  {.name = "runs",
                   .kind = ValueKind::kCount,
                   .value_name = "N",
                   .help = "How often each program runs",
                   .default_text = "5"},
                  {.name = "report",
                   .kind = ValueKind::kPath,
                   .value_name = "DIR",
                   .help = "Write bench.json and bench.html into this directory"},
                  {.name = "work-dir",
                   .kind = ValueKind::kPath,
                   .value_name = "DIR",
                   .help = "With --generate: where everything is made; on the disk to measure"}},
      .examples = {"stateferry bench copy --generate size=2GiB --against cp --against restic",
                   "stateferry bench copy /flink/cp/job /mnt/disk/bench --route bucket-bucket"},
      .dry_run = DryRun::kUnsupported,
      .stops_cleanly = true,
      .run = RunBenchCopy};
}

}  // namespace stateferry::cli
