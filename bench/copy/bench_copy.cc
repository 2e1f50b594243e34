#include "bench/copy/bench_copy.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "bench/copy/machine.h"
#include "bench/copy/source_tree.h"

namespace stateferry::bench {

namespace fs = std::filesystem;

namespace {

/// One contestant while its route is measured.
struct Racer {
  const Contestant* contestant = nullptr;
  ContestantResult result;
  std::string directory;
};

constexpr std::uint64_t kOwnMemory = std::uint64_t{512} << 20;  ///< of a program beside the files

class RouteRun {
 public:
  RouteRun(const BenchRequest& request, const Route& route, SourceTree& tree,
           const BenchNotes& notes, std::stop_token stop)
      : request_(request), route_(route), tree_(tree), notes_(notes), stop_(stop) {}

  Result<RouteResult> Run() {
    result_.name = route_.name;
    result_.title = route_.title;
    SF_TRY(LineUp());
    SF_TRY(tree_.GoTo(std::min<std::size_t>(1, tree_.checkpoints())));
    SF_TRY(PrepareAll());
    if (route_.source == Source::kNextCheckpoint) {
      SF_TRY(tree_.GoTo(2));
      result_.new_bytes = tree_.checkpoint(2).new_bytes;
    }
    const TreeSize size = MeasureTree(tree_.path());
    result_.source_bytes = size.bytes;
    result_.source_files = size.files;
    if (route_.source == Source::kNextCheckpoint)
      result_.source_bytes = tree_.checkpoint(2).total_bytes;
    for (int round = 1; round <= request_.runs; ++round) {
      for (Racer& racer : racers_) SF_TRY(RunOnce(racer, round));
      // Forth and back: nobody runs behind the same program each time.
      std::ranges::reverse(racers_);
    }
    if (request_.runs % 2 == 1) std::ranges::reverse(racers_);
    for (Racer& racer : racers_) {
      racer.result.median = MedianOf(racer.result.runs);
      result_.contestants.push_back(std::move(racer.result));
    }
    CleanUp();
    return std::move(result_);
  }

 private:
  bool Wanted(const Contestant& contestant) const {
    return contestant.needs.empty() ||
           std::ranges::any_of(request_.against, [&](const std::string& name) {
             // "cp" brings cp+hash along: the same tool with and without proof.
             return name == "all" || name == contestant.name ||
                    contestant.name.starts_with(name + "+");
           });
  }

  Result<void> LineUp() {
    for (const Contestant& contestant : route_.contestants) {
      if (!Wanted(contestant)) continue;
      const auto missing = std::ranges::find_if(
          contestant.needs, [](const std::string& name) { return !FindProgram(name); });
      if (missing != contestant.needs.end()) {
        result_.left_out.push_back(contestant.name);
        notes_(fmt::format("{}: {} is left out: {} is not installed", route_.name, contestant.name,
                           *missing));
        continue;
      }
      Racer& racer = racers_.emplace_back();
      racer.contestant = &contestant;
      racer.result.name = contestant.name;
      racer.directory = request_.work_dir + "/run/" + contestant.name;
    }
    std::error_code code;
    fs::remove_all(request_.work_dir + "/run", code);
    fs::create_directories(request_.work_dir + "/logs", code);
    fs::create_directories(request_.work_dir + "/run", code);
    if (code) return ErrnoError(code.value(), "making directories in " + request_.work_dir);
    return {};
  }

  std::map<std::string, std::string> VariablesFor(const Racer& racer) const {
    return {{"SRC", tree_.path()},
            {"SNAP", tree_.snapshot()},
            {"DST", racer.directory},
            {"TPL", racer.directory + ".kept"},
            {"VERB", tree_.has_checkpoints() ? "relocate" : "copy"},
            {"SELF", request_.self},
            {"PATH", ProgramPath()}};
  }

  /// Failures of the program end up in its result; only a stop is an error.
  Result<std::optional<Cost>> Do(Racer& racer, const std::string& text, const std::string& step) {
    if (text.empty() || !racer.result.failure.empty()) return std::optional<Cost>();
    auto cost = RunMeasured({.text = text,
                             .variables = VariablesFor(racer),
                             .log_path = fmt::format("{}/logs/{}-{}-{}.log", request_.work_dir,
                                                     route_.name, racer.contestant->name, step)},
                            stop_);
    if (cost) return std::optional<Cost>(*cost);
    if (cost.error().code() == ErrorCode::kCancelled) return std::move(cost).error();
    racer.result.failure = step + ": " + cost.error().message();
    notes_(fmt::format("{}: {} failed: {}", route_.name, racer.result.name, racer.result.failure));
    return std::optional<Cost>();
  }

  Result<void> PrepareAll() {
    for (Racer& racer : racers_) {
      if (!racer.contestant->once.empty())
        notes_(fmt::format("{}: preparing {}", route_.name, racer.contestant->name));
      SF_TRY(Do(racer, racer.contestant->once, "once"));
    }
    return {};
  }

  Result<void> RunOnce(Racer& racer, int round) {
    SF_TRY(Do(racer, racer.contestant->setup, "setup"));
    if (!racer.result.failure.empty()) return {};
    const std::string out = racer.directory + "/out";
    const std::uint64_t before = MeasureTree(out).bytes;
    sync();
    WarmTree(tree_.path());
    WarmTree(racer.directory);
    // Twice: a service on this machine may write the parts of a file first, then the file.
    TouchFreeMemory(2 * result_.source_bytes + kOwnMemory);
    SF_TRY(auto cost, Do(racer, racer.contestant->run, fmt::format("run{}", round)));
    if (!cost) return {};
    const std::uint64_t after = MeasureTree(out).bytes;
    cost->stored_bytes = after > before ? after - before : 0;
    notes_(fmt::format("{}: {} run {}: {:.2f} s, {:.0f} MB/s", route_.name, racer.result.name,
                       round, cost->wall_s,
                       static_cast<double>(result_.source_bytes) / 1e6 / cost->wall_s));
    racer.result.runs.push_back(*cost);
    if (round == request_.runs || racer.contestant->once.empty()) {
      std::error_code code;  // the disk need not hold every contestant's copy at once
      fs::remove_all(racer.directory, code);
    }
    return {};
  }

  void CleanUp() {
    std::error_code code;
    fs::remove_all(request_.work_dir + "/run", code);
  }

  const BenchRequest& request_;
  const Route& route_;
  SourceTree& tree_;
  const BenchNotes& notes_;
  std::stop_token stop_;
  RouteResult result_;
  std::vector<Racer> racers_;
};

Result<SourceTree> SourceFor(const BenchRequest& request, const BenchNotes& notes,
                             std::stop_token stop) {
  if (!request.source.empty()) return SourceTree::OfUser(request.source);
  SF_TRY(const GenerateSpec spec, ParseGenerateSpec(request.spec));
  notes("generating " + SpecText(spec));
  SF_TRY(Generated made, Generate(spec, request.work_dir + "/generated", stop));
  return SourceTree::OfGenerated(std::move(made), request.work_dir + "/aside");
}

Result<void> CheckRoute(const Route& route, const SourceTree& tree) {
  if (route.source == Source::kNextCheckpoint && tree.checkpoints() < 2)
    return Error(ErrorCode::kInvalidArgument,
                 "the route next-checkpoint needs a generated job with two checkpoints: "
                 "--generate size=2GiB,checkpoints=2");
  return {};
}

}  // namespace

const ContestantResult* RouteResult::Find(std::string_view contestant) const {
  for (const auto& result : contestants)
    if (result.name == contestant) return &result;
  return nullptr;
}

Cost MedianOf(const std::vector<Cost>& runs) {
  if (runs.empty()) return {};
  const auto median = [&](auto Cost::*field) {
    std::vector<std::remove_cvref_t<decltype(runs.front().*field)>> values;
    for (const Cost& run : runs) values.push_back(run.*field);
    std::ranges::sort(values);
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  };
  Cost cost;
  cost.wall_s = median(&Cost::wall_s);
  cost.cpu_s = median(&Cost::cpu_s);
  cost.peak_rss_bytes = median(&Cost::peak_rss_bytes);
  cost.stored_bytes = median(&Cost::stored_bytes);
  return cost;
}

Result<BenchResult> RunBench(const BenchRequest& request, const BenchNotes& notes,
                             std::stop_token stop) {
  for (const std::string& name : request.against)
    if (const auto peers = PeerNames();
        name != "all" && std::ranges::find(peers, name) == peers.end())
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("\"{}\" cannot be measured against: known are all, {}", name,
                               fmt::join(peers, ", ")));
  std::error_code code;
  fs::create_directories(request.work_dir, code);
  if (code) return ErrnoError(code.value(), "making " + request.work_dir);
  SF_TRY(SourceTree tree, SourceFor(request, notes, stop));

  BenchResult result;
  result.machine = DescribeMachine(request.work_dir);
  result.source = request.source.empty() ? request.spec : tree.path();
  result.runs = request.runs;
  result.versions["stateferry"] = request.self_version;
  for (const std::string& name : request.routes) {
    const Route* route = FindRoute(name);
    if (route == nullptr)
      return Error(ErrorCode::kInvalidArgument, "\"" + name + "\" is not a known route");
    SF_TRY(CheckRoute(*route, tree));
    SF_TRY(RouteResult measured, RouteRun(request, *route, tree, notes, stop).Run());
    for (const Contestant& contestant : route->contestants)
      for (const std::string& program : contestant.needs)
        if (measured.Find(contestant.name) != nullptr && !result.versions.contains(program))
          result.versions[program] = ProgramVersion(program);
    result.routes.push_back(std::move(measured));
  }
  return result;
}

}  // namespace stateferry::bench
