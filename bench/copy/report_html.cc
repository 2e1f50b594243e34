// The HTML page of a benchmark: a section per route with bars drawn as inline SVG.

#include <fmt/format.h>

#include <algorithm>

#include "bench/copy/report.h"

namespace stateferry::bench {

namespace {

constexpr char kStyle[] = R"(<style>
:root{--ink:#1d2530;--soft:#5c6775;--line:#d9dee5;--own:#0b7a75;--peer:#9aa7b8;--dot:#1d2530;--bg:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e7ebf0;--soft:#9aa7b8;--line:#323b47;--own:#3fc1b8;--peer:#5b6878;--dot:#fff;--bg:#151a20}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--bg);max-width:960px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin-bottom:.2rem}h2{font-size:1.1rem;margin:2.2rem 0 .2rem}
p,dl{color:var(--soft);margin:.2rem 0 .8rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{font-weight:600}dd{margin:0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px}
th,td{text-align:right;padding:.25rem .6rem;border-bottom:1px solid var(--line)}th:first-child,td:first-child{text-align:left}
th{color:var(--soft);font-weight:600}tr.own td{font-weight:600}
.plots{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem;margin:.6rem 0 1rem}@media(max-width:700px){.plots{grid-template-columns:1fr}}
svg{width:100%;height:auto;display:block}svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}
.own-bar{fill:var(--own)}.peer-bar{fill:var(--peer)}.dot{fill:var(--dot);opacity:.55}.axis{stroke:var(--line)}
</style>)";

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out.push_back(c);
    }
  }
  return out;
}

struct Bar {
  std::string label;
  double value = 0;
  std::string text;          ///< written behind the bar
  std::vector<double> dots;  ///< single runs, same unit
  bool own = false;
};

/// Horizontal bars from zero on one scale; the longest value fills the plot.
std::string BarPlot(const std::string& title, const std::vector<Bar>& bars) {
  constexpr int kWidth = 460, kLabel = 130, kText = 70, kRow = 26, kTop = 26;
  double largest = 0;
  for (const Bar& bar : bars) {
    largest = std::max(largest, bar.value);
    for (const double dot : bar.dots) largest = std::max(largest, dot);
  }
  if (largest <= 0) return "";
  const double scale = (kWidth - kLabel - kText) / largest;
  const int height = kTop + kRow * static_cast<int>(bars.size()) + 4;
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><text class=\"soft\" x=\"0\" "
      "y=\"14\">{}</text>",
      kWidth, height, Escaped(title), Escaped(title));
  int y = kTop;
  for (const Bar& bar : bars) {
    svg += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>"
        "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"16\" rx=\"2\"/>",
        kLabel - 8, y + 13, Escaped(bar.label), bar.own ? "own-bar" : "peer-bar", kLabel, y,
        std::max(1.0, bar.value * scale));
    double end = bar.value;
    for (const double dot : bar.dots) {
      svg += fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{}\" r=\"2.5\"/>",
                         kLabel + dot * scale, y + 8);
      end = std::max(end, dot);
    }
    svg += fmt::format("<text class=\"soft\" x=\"{:.1f}\" y=\"{}\">{}</text>",
                       kLabel + end * scale + 7, y + 13, Escaped(bar.text));
    y += kRow;
  }
  svg += fmt::format("<line class=\"axis\" x1=\"{0}\" y1=\"{1}\" x2=\"{0}\" y2=\"{2}\"/></svg>",
                     kLabel, kTop - 4, height - 4);
  return svg;
}

bool IsOwn(const ContestantResult& contestant) { return contestant.name.starts_with("stateferry"); }

std::string SpeedPlot(const RouteResult& route) {
  std::vector<Bar> bars;
  for (const auto& contestant : route.contestants) {
    if (contestant.runs.empty()) continue;
    const double median = MegabytesPerSecond(route, contestant.median);
    Bar bar{contestant.name, median, fmt::format("{:.0f}", median), {}, IsOwn(contestant)};
    for (const Cost& run : contestant.runs) bar.dots.push_back(MegabytesPerSecond(route, run));
    bars.push_back(std::move(bar));
  }
  return BarPlot("MB/s, more is better; dots are single runs", bars);
}

std::string StoredPlot(const RouteResult& route) {
  std::vector<Bar> bars;
  for (const auto& contestant : route.contestants) {
    if (contestant.runs.empty()) continue;
    const double megabytes = static_cast<double>(contestant.median.stored_bytes) / 1e6;
    bars.push_back(
        {contestant.name, megabytes, fmt::format("{:.0f}", megabytes), {}, IsOwn(contestant)});
  }
  return BarPlot("MB stored, less is better", bars);
}

std::string RouteSection(const RouteResult& route) {
  std::string html = fmt::format(
      "<section><h2>{}</h2><p>{}: {:.1f} MB in {} files{}.</p><div class=\"plots\">{}{}</div>",
      Escaped(route.title), Escaped(route.name), static_cast<double>(route.source_bytes) / 1e6,
      route.source_files,
      route.new_bytes > 0
          ? fmt::format(", of which {:.1f} MB are new", static_cast<double>(route.new_bytes) / 1e6)
          : "",
      SpeedPlot(route), StoredPlot(route));
  html +=
      "<table><thead><tr><th>program</th><th>MB/s</th><th>wall s</th><th>CPU s</th><th>peak "
      "MiB</th>"
      "<th>stored MB</th><th>stateferry is</th><th>stores</th></tr></thead><tbody>";
  const auto ratios = RatiosOf(route);
  for (const auto& contestant : route.contestants) {
    if (contestant.runs.empty()) {
      html += fmt::format("<tr><td>{}</td><td colspan=\"7\">failed: {}</td></tr>",
                          Escaped(contestant.name), Escaped(contestant.failure));
      continue;
    }
    std::string speed, stored;
    for (const Ratio& ratio : ratios) {
      if (ratio.peer != contestant.name) continue;
      speed = fmt::format("{:.2f}x as fast", ratio.speed);
      if (ratio.stored > 0) stored = fmt::format("{:.3f}x", ratio.stored);
    }
    const Cost& cost = contestant.median;
    html += fmt::format(
        "<tr{}><td>{}</td><td>{:.0f}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.0f}</td><td>{:.1f}</"
        "td><td>{}</td><td>{}</td></tr>",
        IsOwn(contestant) ? " class=\"own\"" : "", Escaped(contestant.name),
        MegabytesPerSecond(route, cost), cost.wall_s, cost.cpu_s,
        static_cast<double>(cost.peak_rss_bytes) / 1048576.0,
        static_cast<double>(cost.stored_bytes) / 1e6, speed, stored);
  }
  html += "</tbody></table>";
  if (!route.left_out.empty())
    html += fmt::format("<p>Left out, because not installed: {}.</p>",
                        Escaped(fmt::format("{}", fmt::join(route.left_out, ", "))));
  return html + "</section>\n";
}

}  // namespace

std::string HtmlReport(const BenchResult& result) {
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>stateferry bench copy</title>\n{}</head><body>\n"
      "<h1>stateferry bench copy</h1><p>Medians of {} interleaved runs, page cache warm, every "
      "copy "
      "durable when its time ends.</p>\n<dl><dt>source</dt><dd>{}</dd>",
      kStyle, result.runs, Escaped(result.source));
  for (const auto& [name, value] : result.machine.items())
    html += fmt::format("<dt>{}</dt><dd>{}</dd>", Escaped(name),
                        Escaped(value.is_string() ? value.get<std::string>() : value.dump()));
  for (const auto& [name, version] : result.versions)
    html += fmt::format("<dt>{}</dt><dd>{}</dd>", Escaped(name), Escaped(version));
  html += "</dl>\n";
  for (const auto& route : result.routes) html += RouteSection(route);
  return html + "</body></html>\n";
}

}  // namespace stateferry::bench
