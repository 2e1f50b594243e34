// A project that looks like a customer's, exported, imported into an empty one and exported again:
// the same bytes in every form, and what the form cannot say is named.
#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <set>

#include "state/catalog/memory_catalog.h"
#include "state/catalog/new_project.h"
#include "state/entities/kinds.h"
#include "state/manifest/export_project.h"
#include "state/manifest/import_project.h"
#include "state/manifest/manifest_files.h"
#include "state/manifest/resource_fields.h"
#include "tests/fakes/scratch_dir.h"
#include "tests/fakes/source_dir.h"
#include "tests/transfer/transfer_rig.h"

namespace stateferry::state::manifest {
namespace {

using ::testing::IsEmpty;

class RoundTrip : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string command = "python3 " + fakes::SourceDir() + "/scripts/make-project --out " +
                                dir_.File("made") + " --seed 5 --snapshots " + fakes::SourceDir() +
                                "/tests/data/snapshots";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    for (const char* name : {"ws/source", "ws/target"})
      ASSERT_TRUE(catalog::CreateProject(*catalog_, {.name = name,
                                                     .region = "r",
                                                     .architecture = "x86",
                                                     .storage = "file://" + dir_.File("bucket")}));
    auto manifest = ReadManifestFiles(FileIo(), dir_.File("made/source"), *FindFormat("native"));
    ASSERT_TRUE(manifest);
    Import("ws/source", dir_.File("made/source/files"), *manifest);
  }

  void Import(const std::string& project, std::optional<std::string> files, Manifest& manifest) {
    const auto report = ImportProject(
        {.project = project, .files_dir = std::move(files)}, FileIo(), *catalog_,
        [&]() -> Result<transfer::TransferEnv> {
          SF_TRY(journal_, transfer::Journal::Open(FileIo(), clock_, dir_.File("home"), false));
          return transfer::TransferEnv{places_, *journal_, clock_, quiet_, {}};
        },
        {}, manifest);
    ASSERT_TRUE(report) << report.error().message();
    for (const Problem& problem : manifest.problems) ADD_FAILURE() << ToText(problem);
  }

  std::vector<Document> Everything(const std::string& project) {
    const auto selection =
        ExportProject(*catalog_, project, [](const entities::EntityKey&) { return true; });
    EXPECT_TRUE(selection);
    return selection->chosen;
  }

  fakes::ScratchDir dir_;
  fakes::FakeClock clock_;
  transfer::NullProgress quiet_;
  storage::Places places_{FileIo(), clock_, {}};
  std::unique_ptr<catalog::Catalog> catalog_ = catalog::MakeMemoryCatalog(clock_);
  std::unique_ptr<transfer::Journal> journal_;
};

/// What is said of each entity, all in one text.
std::map<entities::EntityKey, std::string> Said(const std::vector<Remark>& remarks) {
  std::map<entities::EntityKey, std::string> said;
  for (const Remark& each : remarks) said[each.key] += each.message + '\n';
  return said;
}

/// The name that a remark gives to an entity, else its own.
std::string NameAfter(const entities::EntityKey& key, const std::string& said) {
  const std::string start = "is called '";
  const std::size_t at = said.find(start);
  if (at == std::string::npos) return key.name;
  const std::size_t name = at + start.size();
  return said.substr(name, said.find('\'', name) - name);
}

/// Fields that a form says in another way, as its document tells.
bool IsSaidOtherwise(const std::string& field) {
  for (const char* other : {"deploymentTarget.mode", "deploymentTarget.name", "executionMode",
                            "streamingResourceSetting.resourceSettingMode"})
    if (field == other) return true;
  return field.starts_with("restoreStrategy.");
}

TEST_P(RoundTrip, GivesTheSameBytesAndNamesWhatItLoses) {
  const Format& format = *FindFormat(GetParam());
  const std::vector<Document> source = Everything("ws/source");
  const Exported first = format.write(source, {});
  Manifest manifest;
  format.read(first.text, "first.yaml", manifest);
  if (format.finish != nullptr) format.finish(manifest);
  for (const Problem& problem : manifest.problems) ADD_FAILURE() << ToText(problem);
  EXPECT_THAT(manifest.left_out, IsEmpty());
  Import("ws/target", {}, manifest);
  const std::vector<Document> target = Everything("ws/target");
  EXPECT_EQ(format.write(target, {}).text, first.text);

  std::map<entities::EntityKey, Json> bodies;
  for (const Document& document : target) bodies[document.entity.key] = document.entity.body;
  const auto left_out = Said(first.left_out);
  auto changed = Said(first.changed);
  for (const Document& document : source) {
    entities::Entity entity = document.entity;
    const entities::EntityKey key = entity.key;
    const auto body = bodies.find({key.kind, NameAfter(key, changed[key])});
    EXPECT_NE(body != bodies.end(), left_out.contains(key)) << key.kind << ' ' << key.name;
    if (body == bodies.end()) continue;
    if (format.name != "native") entities::FindKind(key.kind)->DropNotCloned(entity);
    const auto names = OtherFields(body->second, {});
    const std::set<std::string> kept(names.begin(), names.end());
    for (const std::string& field : OtherFields(entity.body, {})) {
      const bool dependencies = field == "artifact.additionalDependencies" &&
                                changed[key].find("additional dependencies") != std::string::npos;
      EXPECT_TRUE(kept.contains(field) || IsSaidOtherwise(field) || dependencies ||
                  changed[key].find(field) != std::string::npos)
          << key.kind << ' ' << key.name << ": " << field << "\n"
          << changed[key];
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, RoundTrip, ::testing::Values("native", "flink-operator", "vvp"),
                         [](const auto& each) {
                           return each.param == "flink-operator" ? "operator" : each.param;
                         });

}  // namespace
}  // namespace stateferry::state::manifest
