#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "bench/copy/bench_copy.h"

namespace stateferry::bench {

/// How stateferry compares with a peer on a route.
struct Ratio {
  std::string peer;
  double speed = 0;   ///< peer's median wall time / stateferry's: 2 = twice as fast
  double stored = 0;  ///< stateferry's stored bytes / the peer's; 0 when either stored nothing
};
std::vector<Ratio> RatiosOf(const RouteResult& route);

/// Megabytes (10^6) of the source per second of the median run.
double MegabytesPerSecond(const RouteResult& route, const Cost& cost);

/// A table per route.
std::vector<std::string> TextReport(const BenchResult& result);

/// One file without references to others: numbers and plots.
std::string HtmlReport(const BenchResult& result);

/// Writes bench.json and bench.html into `directory`, which is made.  Returns the path of the page.
Result<std::string> WriteReport(const BenchResult& result, const std::string& directory);

}  // namespace stateferry::bench
