#include "bench/copy/report.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/file_io.h"

namespace stateferry::bench {

namespace {

std::string Megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f}", static_cast<double>(bytes) / 1e6);
}

Json ToJson(const RouteResult& route) {
  Json json = {{"name", route.name},
               {"title", route.title},
               {"sourceBytes", route.source_bytes},
               {"sourceFiles", route.source_files},
               {"newBytes", route.new_bytes},
               {"leftOut", route.left_out},
               {"contestants", Json::array()},
               {"ratios", Json::array()}};
  for (const auto& contestant : route.contestants) {
    Json item = {{"name", contestant.name},
                 {"median", ToJson(contestant.median)},
                 {"megabytesPerSecond", MegabytesPerSecond(route, contestant.median)},
                 {"runs", Json::array()},
                 {"failure", contestant.failure}};
    for (const Cost& run : contestant.runs) item["runs"].push_back(ToJson(run));
    json["contestants"].push_back(std::move(item));
  }
  for (const Ratio& ratio : RatiosOf(route))
    json["ratios"].push_back(
        {{"peer", ratio.peer}, {"speed", ratio.speed}, {"stored", ratio.stored}});
  return json;
}

}  // namespace

std::vector<Ratio> RatiosOf(const RouteResult& route) {
  std::vector<Ratio> ratios;
  const ContestantResult* own = route.Find("stateferry");
  if (own == nullptr || own->runs.empty()) return ratios;
  for (const auto& peer : route.contestants) {
    if (&peer == own || peer.runs.empty()) continue;
    Ratio ratio{.peer = peer.name};
    ratio.speed = peer.median.wall_s / own->median.wall_s;
    if (own->median.stored_bytes > 0 && peer.median.stored_bytes > 0)
      ratio.stored = static_cast<double>(own->median.stored_bytes) /
                     static_cast<double>(peer.median.stored_bytes);
    ratios.push_back(ratio);
  }
  return ratios;
}

double MegabytesPerSecond(const RouteResult& route, const Cost& cost) {
  return cost.wall_s > 0 ? static_cast<double>(route.source_bytes) / 1e6 / cost.wall_s : 0;
}

Json ToJson(const BenchResult& result) {
  Json json = {{"machine", result.machine},
               {"versions", result.versions},
               {"source", result.source},
               {"runs", result.runs},
               {"routes", Json::array()}};
  for (const auto& route : result.routes) json["routes"].push_back(ToJson(route));
  return json;
}

std::vector<std::string> TextReport(const BenchResult& result) {
  std::vector<std::string> lines;
  for (const auto& route : result.routes) {
    if (!lines.empty()) lines.emplace_back();
    lines.push_back(fmt::format("{}: {} ({} MB, {} files, median of {})", route.name, route.title,
                                Megabytes(route.source_bytes), route.source_files, result.runs));
    lines.push_back(fmt::format("  {:<20} {:>9} {:>9} {:>9} {:>10} {:>10} {:>8} {:>8}", "", "MB/s",
                                "wall s", "CPU s", "peak MiB", "stored MB", "speed x", "stored x"));
    const auto ratios = RatiosOf(route);
    for (const auto& contestant : route.contestants) {
      if (contestant.runs.empty()) {
        lines.push_back(fmt::format("  {:<20} failed: {}", contestant.name, contestant.failure));
        continue;
      }
      const Cost& cost = contestant.median;
      std::string speed, stored;
      for (const Ratio& ratio : ratios) {
        if (ratio.peer != contestant.name) continue;
        speed = fmt::format("{:.2f}", ratio.speed);
        if (ratio.stored > 0) stored = fmt::format("{:.3f}", ratio.stored);
      }
      lines.push_back(
          fmt::format("  {:<20} {:>9.0f} {:>9.2f} {:>9.2f} {:>10.0f} {:>10} {:>8} {:>8}",
                      contestant.name, MegabytesPerSecond(route, cost), cost.wall_s, cost.cpu_s,
                      static_cast<double>(cost.peak_rss_bytes) / 1048576.0,
                      Megabytes(cost.stored_bytes), speed, stored));
    }
    for (const auto& name : route.left_out)
      lines.push_back(fmt::format("  {:<20} left out: not installed", name));
  }
  return lines;
}

Result<std::string> WriteReport(const BenchResult& result, const std::string& directory) {
  const FileIo io;
  std::error_code code;
  std::filesystem::create_directories(directory, code);
  if (code) return ErrnoError(code.value(), "making " + directory);
  SF_TRY(io.WriteDurably(directory + "/bench.json", AsBytes(ToJson(result).dump(2) + "\n")));
  SF_TRY(io.WriteDurably(directory + "/bench.html", AsBytes(HtmlReport(result))));
  return directory + "/bench.html";
}

}  // namespace stateferry::bench
