#pragma once
// `bench copy`: runs the programs of a route in turn, again and again, and keeps what each run
// cost.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "bench/copy/measured_run.h"
#include "bench/copy/routes.h"

namespace stateferry::bench {

struct BenchRequest {
  std::string source;                ///< a tree; "" = generate
  std::string spec;                  ///< what to generate
  std::string work_dir;              ///< holds generated data, destinations and logs
  std::vector<std::string> routes;   ///< names
  std::vector<std::string> against;  ///< peer names; "all" = every one that is installed
  int runs = 5;
  std::string self;  ///< path of the stateferry binary
  std::string self_version;
};

struct ContestantResult {
  std::string name;
  std::vector<Cost> runs;
  Cost median;          ///< of each number on its own
  std::string failure;  ///< "" or why there are no more runs
};

struct RouteResult {
  std::string name, title;
  std::uint64_t source_bytes = 0, source_files = 0;
  std::uint64_t new_bytes = 0;  ///< next-checkpoint: not in the first one
  std::vector<ContestantResult> contestants;
  std::vector<std::string> left_out;  ///< asked for, not installed

  const ContestantResult* Find(std::string_view contestant) const;
};

struct BenchResult {
  Json machine;
  std::map<std::string, std::string> versions;
  std::string source;  ///< the tree, or the spec
  int runs = 0;
  std::vector<RouteResult> routes;
};

/// Of each number on its own; zeros for no runs.
Cost MedianOf(const std::vector<Cost>& runs);

/// Called with a sentence for people at each step.
using BenchNotes = std::function<void(const std::string&)>;

/// Order of runs on a route: A B C A B C ..., so that a slow minute of the machine meets all.
/// Before each run: destination made anew, dirty pages of others written back, source and
/// repository read once (page cache warm).
/// Errors: kInvalidArgument (unknown route or peer), kNotFound (source), kCancelled, kIo.  A
/// program that fails is in the result, not an error.
Result<BenchResult> RunBench(const BenchRequest& request, const BenchNotes& notes,
                             std::stop_token stop);

/// Everything, raw runs included.
Json ToJson(const BenchResult& result);

}  // namespace stateferry::bench
