#include "bench/copy/bench_copy.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "bench/copy/report.h"
#include "bench/copy/source_tree.h"

namespace stateferry::bench {
namespace {

namespace fs = std::filesystem;

std::string TempFile() {
  std::string pattern = fs::temp_directory_path().string() + "/bench-log-XXXXXX";
  close(mkstemp(pattern.data()));
  return pattern;
}

TEST(RunMeasured, CountsCpuAndMemoryOfWhatTheScriptStarts) {
  const std::string log = TempFile();
  const auto cost = RunMeasured(
      {.text = "head -c 50000000 /dev/zero | tail -c 40000000 | wc -c; test \"$COLOUR\" = 'a b'",
       .variables = {{"COLOUR", "a b"}},
       .log_path = log},
      {});
  fs::remove(log);
  ASSERT_TRUE(cost) << cost.error().message();
  EXPECT_GT(cost->wall_s, 0);
  EXPECT_GT(cost->cpu_s, 0);
  EXPECT_GT(cost->peak_rss_bytes, 30u << 20);
}

TEST(RunMeasured, FailureQuotesTheEndOfTheOutput) {
  const std::string log = TempFile();
  const auto cost =
      RunMeasured({.text = "echo it is over >&2; false; echo unreached", .log_path = log}, {});
  fs::remove(log);
  ASSERT_FALSE(cost);
  EXPECT_NE(cost.error().message().find("it is over"), std::string::npos);
  EXPECT_EQ(cost.error().message().find("unreached"), std::string::npos);
}

TEST(RunMeasured, StopEndsWhateverTheScriptStarted) {
  const std::string log = TempFile();
  std::stop_source stop;
  stop.request_stop();
  const auto cost = RunMeasured({.text = "sleep 600 | cat", .log_path = log}, stop.get_token());
  fs::remove(log);
  ASSERT_FALSE(cost);
  EXPECT_EQ(cost.error().code(), ErrorCode::kCancelled);
}

TEST(RunBench, MeasuresPeersInTurnAndLeavesOutWhatIsNotInstalled) {
  std::string pattern = fs::temp_directory_path().string() + "/bench-run-XXXXXX";
  const std::string dir = mkdtemp(pattern.data());
  fs::create_directories(dir + "/src/sub");
  std::ofstream(dir + "/src/sub/file") << std::string(100'000, 'x');
  // /bin/true in stateferry's place: it is fast and stores nothing.
  const auto result = RunBench({.source = dir + "/src",
                                .spec = "",
                                .work_dir = dir + "/work",
                                .routes = {"bucket-bucket"},
                                .against = {"cp"},
                                .runs = 3,
                                .self = "/bin/true",
                                .self_version = "test"},
                               [](const std::string&) {}, {});
  ASSERT_TRUE(result) << result.error().message();
  const RouteResult& route = result->routes.at(0);
  EXPECT_EQ(route.source_bytes, 100'000u);
  const ContestantResult* cp = route.Find("cp");
  ASSERT_NE(cp, nullptr);
  EXPECT_EQ(cp->failure, "");
  EXPECT_EQ(cp->runs.size(), 3u);
  EXPECT_EQ(cp->median.stored_bytes, 100'000u);
  EXPECT_EQ(route.Find("rsync"), nullptr);
  const std::string html = HtmlReport(*result);
  EXPECT_NE(html.find("<svg"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos) << "the page must not need the network";
  EXPECT_FALSE(fs::exists(dir + "/work/run")) << "copies are removed again";
  fs::remove_all(dir);
}

TEST(RunBench, RefusesUnknownPeersAndRoutes) {
  BenchRequest request{.source = "/tmp",
                       .spec = "",
                       .work_dir = "/tmp",
                       .routes = {"moon"},
                       .against = {},
                       .runs = 1,
                       .self = "/bin/true",
                       .self_version = ""};
  EXPECT_FALSE(RunBench(request, [](const std::string&) {}, {}));
  request.routes = {};
  request.against = {"tar"};
  EXPECT_FALSE(RunBench(request, [](const std::string&) {}, {}));
}

TEST(SourceTree, TakesLaterCheckpointsAwayAndPutsThemBack) {
  std::string pattern = fs::temp_directory_path().string() + "/bench-tree-XXXXXX";
  const std::string dir = mkdtemp(pattern.data());
  const auto spec = ParseGenerateSpec("size=1MiB,sst=128KiB,checkpoints=2,parallelism=1");
  auto made = Generate(*spec, dir + "/g", {});
  ASSERT_TRUE(made);
  const std::uint64_t all = made->bytes, first = made->checkpoints[0].new_bytes;
  auto tree = SourceTree::OfGenerated(*made, dir + "/aside");
  ASSERT_TRUE(tree);
  EXPECT_EQ(MeasureTree(tree->path()).bytes, all);
  ASSERT_TRUE(tree->GoTo(1));
  EXPECT_EQ(MeasureTree(tree->path()).bytes, first);
  EXPECT_FALSE(fs::exists(tree->path() + "/chk-2"));
  // A process that died here leaves the tree so; the next one repairs it.
  auto next = SourceTree::OfGenerated(*made, dir + "/aside");
  ASSERT_TRUE(next);
  EXPECT_EQ(MeasureTree(next->path()).bytes, all);
  EXPECT_TRUE(next->snapshot().ends_with("/chk-2"));
  fs::remove_all(dir);
}

TEST(MedianOf, IsTheMiddleOfEachNumberOnItsOwn) {
  EXPECT_EQ(MedianOf({}).wall_s, 0);
  const std::vector<Cost> runs = {{.wall_s = 3, .stored_bytes = 10},
                                  {.wall_s = 1, .stored_bytes = 30},
                                  {.wall_s = 2, .stored_bytes = 20}};
  EXPECT_EQ(MedianOf(runs).wall_s, 2);
  EXPECT_EQ(MedianOf(runs).stored_bytes, 20u);
}

TEST(Routes, BeginWithStateferryAndHaveDistinctNames) {
  std::set<std::string> names;
  for (const Route& route : Routes()) {
    EXPECT_TRUE(names.insert(route.name).second) << route.name;
    ASSERT_FALSE(route.contestants.empty());
    EXPECT_EQ(route.contestants.front().name, "stateferry");
    std::set<std::string> contestants;
    for (const Contestant& contestant : route.contestants)
      EXPECT_TRUE(contestants.insert(contestant.name).second) << contestant.name;
  }
}

}  // namespace
}  // namespace stateferry::bench
