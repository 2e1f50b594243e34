#pragma once
// What is measured: routes, and on each route the programs that compete.  Data only.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stateferry::bench {

/// One program on one route, as shell scripts.  They see:
///   SRC   the tree to copy              SNAP  the snapshot in it (or SRC itself)
///   DST   the program's own directory   TPL   a place beside it to keep a prepared state
///   VERB  relocate or copy              SELF  the stateferry binary
/// and, on routes of buckets, BENCH_S3 and BENCH_S3_DIR (routes.cc).
/// The result of `run` lies in $DST/out; its growth is what was stored.
struct Contestant {
  std::string name;
  std::vector<std::string> needs;  ///< programs that must be installed
  std::string once;                ///< before the first run; not timed
  std::string setup;               ///< before each run; not timed
  std::string run;                 ///< timed; everything is durable when it ends
};

enum class Source { kTree, kNextCheckpoint, kSmallFiles };

struct Route {
  std::string name;
  std::string title;
  Source source = Source::kTree;
  std::vector<Contestant> contestants;  ///< stateferry first
};

const std::vector<Route>& Routes();
const Route* FindRoute(std::string_view name);

/// Names that `--against` takes: the peers of all routes, each once.
std::vector<std::string> PeerNames();

/// The command that prints a program's version, for the report: "restic version".
std::string VersionCommand(std::string_view program);

}  // namespace stateferry::bench
