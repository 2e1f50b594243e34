// The project that scripts/make-project writes is what it says, and nothing in it is wrong that
// should not be.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/clock.h"
#include "base/file_io.h"
#include "state/entities/kinds.h"
#include "state/manifest/native.h"
#include "state/snapshot/snapshot.h"
#include "storage/places.h"
#include "tests/fakes/source_dir.h"

namespace stateferry::state::manifest {
namespace {

namespace fs = std::filesystem;

std::string Content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class MadeProject : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("made_project_" + std::to_string(::getpid()));
    fs::remove_all(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  /// Runs the script; the directory must be new.
  void Make(const std::string& options) {
    const std::string command = "python3 " + fakes::SourceDir() + "/scripts/make-project --out " +
                                dir_.string() + " " + options;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }

  Manifest Read(const std::string& side) const {
    Manifest manifest;
    for (const auto& entry : fs::directory_iterator(dir_ / side))
      if (entry.path().extension() == ".yaml")
        ReadNative(Content(entry.path()), entry.path().string(), manifest);
    return manifest;
  }

  static Json CountsOf(const Manifest& manifest) {
    std::map<std::string, int> counts;
    for (const Document& document : manifest.documents) ++counts[document.entity.key.kind];
    return counts;
  }

  fs::path dir_;
};

/// References to what is not among the documents, and files that are not below `files`.
std::vector<std::string> Dangling(const Manifest& manifest, const fs::path& files) {
  std::set<entities::EntityKey> keys;
  std::vector<std::string> dangling;
  for (const Document& document : manifest.documents)
    if (!keys.insert(document.entity.key).second)
      dangling.push_back("twice: " + document.entity.key.name);
  for (const Document& document : manifest.documents) {
    const auto& kind = *entities::FindKind(document.entity.key.kind);
    for (const auto& reference : kind.References(document.entity))
      if (!keys.contains(reference.to))
        dangling.push_back(document.entity.key.name + " -> " + reference.to.name);
    for (const auto& file : kind.Files(document.entity))
      if (!fs::is_regular_file(files / file.text))
        dangling.push_back(document.entity.key.name + " -> " + file.text);
  }
  return dangling;
}

TEST_F(MadeProject, HoldsWhatItSaysAndNothingDangles) {
  Make("--seed 7 --deployments 80 --snapshots " + fakes::SourceDir() + "/tests/data/snapshots");
  const Json said = Json::parse(Content(dir_ / "COUNTS.json"));
  const Manifest source = Read("source"), target = Read("target"), scopes = Read("");
  for (const Manifest* manifest : {&source, &target, &scopes})
    for (const Problem& problem : manifest->problems) ADD_FAILURE() << ToText(problem);
  EXPECT_EQ(CountsOf(source), said["source"]);
  EXPECT_EQ(CountsOf(target), said["target"]);
  EXPECT_EQ(CountsOf(scopes), Json({{"project", 6}, {"region", 2}, {"workspace", 5}}));
  EXPECT_THAT(Dangling(source, dir_ / "source" / "files"), ::testing::IsEmpty());
  EXPECT_THAT(Dangling(target, dir_ / "target" / "files"), ::testing::IsEmpty());
  EXPECT_EQ(said["source"]["deployment"], 80);
  EXPECT_EQ(said["artifacts"].size(), 4u);
  EXPECT_GE(said["collisions"].size(), 15u);
}

TEST_F(MadeProject, HasRunsInEveryState) {
  Make("--seed 1 --snapshots " + fakes::SourceDir() + "/tests/data/snapshots");
  std::set<std::string> states;
  for (const Document& document : Read("source").documents)
    if (document.entity.key.kind == "job")
      states.insert(document.entity.body["status"]["currentJobStatus"]);
  EXPECT_THAT(states, ::testing::UnorderedElementsAre("STARTING", "RUNNING", "CANCELLING", "FAILED",
                                                      "CANCELLED", "FINISHED"));
}

TEST_F(MadeProject, ItsSnapshotsAreWholeWhereTheyLieButForTheBrokenOnes) {
  Make("--seed 1 --snapshots " + fakes::SourceDir() + "/tests/data/snapshots");
  storage::Places places(FileIo(), SystemClock(), storage::PlacesOptions());
  const Json said = Json::parse(Content(dir_ / "COUNTS.json"));
  int whole = 0;
  for (const auto& [name, special] : said["special"].items()) {
    if (!special.contains("newest")) continue;
    const auto location = storage::ParseLocation(special["newest"]["uri"].get<std::string>());
    ASSERT_TRUE(location);
    const auto found = snapshot::Inspect(places, *location, {.check_exists = true, .map = {}});
    bool is_whole = found && found->kind == snapshot::SnapshotKind::kFlink;
    if (is_whole)
      for (const auto& file : found->files) is_whole = is_whole && file.problem.empty();
    const bool broken = name == "broken-without-metadata" || name == "broken-without-shared-file";
    EXPECT_NE(is_whole, broken) << name;
    whole += is_whole;
  }
  EXPECT_EQ(whole, 9);
}

TEST_F(MadeProject, IsTheSameForTheSameSeedAndAnotherForAnother) {
  const auto tree = [&] {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(dir_))
      if (entry.is_regular_file()) files[entry.path().string()] = Content(entry.path());
    fs::remove_all(dir_);
    return files;
  };
  Make("--seed 3");
  const auto first = tree();
  Make("--seed 3");
  EXPECT_EQ(first, tree());
  Make("--seed 4");
  EXPECT_NE(first, tree());
}

}  // namespace
}  // namespace stateferry::state::manifest
