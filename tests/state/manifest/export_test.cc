#include <gmock/gmock.h>

#include "state/catalog/compare_projects.h"
#include "state/catalog/memory_catalog.h"
#include "state/catalog/new_project.h"
#include "state/catalog/project_storage.h"
#include "state/manifest/export_project.h"
#include "state/manifest/formats.h"
#include "state/manifest/import_project.h"

namespace stateferry::state::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

/// Two jobs; what the first one needs is spread over references, SQL, files and snapshots.
constexpr const char* kExported = R"(
kind: queue
name: default-queue
---
kind: queue
name: other-queue
---
kind: variable
name: topic
spec: {kind: Plain, value: orders}
---
kind: variable
name: unused
spec: {kind: Plain, value: x}
---
kind: catalog
name: warehouse
spec: {properties: {type: hive}}
---
kind: resource-file
name: jars/udf.jar
spec: {uri: 's3://state/p/files/jars/udf.jar'}
---
kind: resource-file
name: jars/unused.jar
spec: {uri: 's3://state/p/files/jars/unused.jar'}
---
kind: deployment
name: orders
spec:
  engineVersion: vvr-8.0.5-flink-1.17
  artifact:
    kind: SQLSCRIPT
    sqlScript: |
      CREATE TEMPORARY TABLE t (id INT) WITH ('topic' = '${secret_values.topic}');
      INSERT INTO warehouse.dwd.orders SELECT id FROM t;
    additionalDependencies: ['s3://state/p/files/jars/udf.jar']
  deploymentTarget: {mode: PER_JOB, name: default-queue}
---
kind: deployment
name: payments
spec:
  engineVersion: vvr-8.0.5-flink-1.17
  artifact: {kind: JAR, jarUri: 's3://state/p/files/jars/unused.jar'}
  deploymentTarget: {mode: PER_JOB, name: other-queue}
---
kind: snapshot
name: sp-1
spec:
  deployment: orders
  savepointLocation: s3://state/p/sp/1
  savepointOrigin: USER_REQUEST
  status: {state: COMPLETED}
  createdAt: '2026-11-20T23:51:19.123Z'
)";

class ProjectExport : public ::testing::Test {
 protected:
  void SetUp() override {
    Create("ws/p", "s3://state");
    Create("w2/q", "s3://other");
    Import("ws/p", kExported);
  }

  void Create(const std::string& name, const std::string& storage) {
    ASSERT_TRUE(catalog::CreateProject(
        *catalog_, {.name = name, .region = "r", .architecture = "x86", .storage = storage}));
  }

  void Import(const std::string& project, const std::string& text) {
    Manifest manifest;
    FindFormat("native")->read(text, "p.yaml", manifest);
    const auto report = ImportProject(
        {.project = project}, FileIo(), *catalog_,
        []() -> Result<transfer::TransferEnv> { return Error(ErrorCode::kInternal, "no files"); },
        {}, manifest);
    ASSERT_TRUE(report) << report.error().message();
    for (const Problem& problem : manifest.problems) ADD_FAILURE() << ToText(problem);
  }

  static std::vector<std::string> Names(const std::vector<Document>& documents) {
    std::vector<std::string> names;
    for (const Document& document : documents)
      names.push_back(document.entity.key.kind + " " + document.entity.key.name);
    return names;
  }

  std::vector<std::string> Differences(const std::string& first, const std::string& second) {
    const auto side = [&](const std::string& name) {
      const auto workspace =
          catalog::Get(*catalog_, "", {"workspace", name.substr(0, name.find('/'))});
      return catalog::ComparedProject{name, *catalog::ProjectRoot(workspace->entity, name)};
    };
    std::vector<std::string> texts;
    const auto differences = catalog::CompareProjects(*catalog_, side(first), side(second));
    for (const auto& difference : *differences) {
      std::string text = difference.key.kind + " " + difference.key.name;
      for (const std::string& field : difference.fields) text += " " + field;
      texts.push_back(text);
    }
    return texts;
  }

  std::unique_ptr<catalog::Catalog> catalog_ = catalog::MakeMemoryCatalog(SystemClock());
};

TEST_F(ProjectExport, C_50_OneJobGoesToYamlWithWhatItNeedsAndBack) {
  const auto selection = ExportJobs(*catalog_, "ws/p", {"orders"});
  ASSERT_TRUE(selection) << selection.error().message();
  const auto& documents = selection->chosen;
  EXPECT_THAT(
      Names(documents),
      UnorderedElementsAre("deployment orders", "queue default-queue", "variable topic",
                           "catalog warehouse", "resource-file jars/udf.jar", "snapshot sp-1"));
  const std::string text = FindFormat("native")->write(documents, {}).text;
  Import("w2/q", text);
  for (const Document& document : documents) {
    const auto back = catalog::Get(*catalog_, "w2/q", document.entity.key);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(DumpJson(back->entity.body), DumpJson(document.entity.body));
  }
  const auto again = ExportJobs(*catalog_, "w2/q", {"orders"});
  EXPECT_EQ(FindFormat("native")->write(again->chosen, {}).text, text);
}

TEST_F(ProjectExport, AJobThatIsNotThereIsNotFound) {
  EXPECT_EQ(ExportJobs(*catalog_, "ws/p", {"orders", "order"}).error().code(),
            ErrorCode::kNotFound);
}

TEST_F(ProjectExport, TakesWhatIsAskedFor) {
  const auto documents = ExportProject(*catalog_, "ws/p", [](const entities::EntityKey& key) {
                           return key.kind == "variable" && key.name != "unused";
                         })->chosen;
  EXPECT_THAT(Names(documents), ElementsAre("variable topic"));
}

TEST_F(ProjectExport, LeavesOutWhatACloneHasNotFinished) {
  const catalog::Change half{.scope = "ws/p",
                             .entity = {{"variable", "half"}, Json::object()},
                             .phase = catalog::Phase::kInitializing};
  ASSERT_TRUE(catalog_->Apply(std::span(&half, 1)));
  const auto documents = ExportProject(*catalog_, "ws/p", [](const entities::EntityKey& key) {
                           return key.kind == "variable";
                         })->chosen;
  EXPECT_THAT(Names(documents), ElementsAre("variable topic", "variable unused"));
}

TEST_F(ProjectExport, EveryFormatWritesWhatItReads) {
  // Savepoints of VVP get their names from its server.
  const auto documents = ExportProject(*catalog_, "ws/p", [](const entities::EntityKey& key) {
                           return key.kind != "snapshot";
                         })->chosen;
  for (const Format& format : Formats()) {
    const Exported exported = format.write(documents, {});
    Manifest manifest;
    format.read(exported.text, "f", manifest);
    if (format.finish != nullptr) format.finish(manifest);
    for (const Problem& problem : manifest.problems)
      ADD_FAILURE() << format.name << ": " << ToText(problem);
    EXPECT_THAT(Names(manifest.documents), testing::Contains("deployment payments")) << format.name;
  }
}

TEST_F(ProjectExport, ProjectsDifferInFieldsAndEntitiesButNotInTheirStorage) {
  const std::string file = "kind: resource-file\nname: a.jar\nspec: {creator: %, uri: '$/a.jar'}\n";
  const auto with = [&](const std::string& creator, const std::string& root) {
    std::string text = file;
    text.replace(text.find('%'), 1, creator);
    return text.replace(text.find('$'), 1, root);
  };
  Create("w3/a", "s3://first");
  Create("w4/b", "s3://second");
  Import("w3/a", with("alice", "s3://first/a/files") + "---\nkind: folder\nname: x\n");
  Import("w4/b", with("bob", "s3://second/b/files") + "---\nkind: folder\nname: x\n");
  EXPECT_THAT(Differences("w3/a", "w4/b"), ElementsAre());
  Import("w4/b", with("bob", "s3://first/a/files") + "---\nkind: folder\nname: y\n");
  Import("w3/a", "kind: folder\nname: x\nspec: {color: {name: red}}\n---\nkind: folder\nname: z\n");
  EXPECT_THAT(Differences("w3/a", "w4/b"),
              ElementsAre("folder x /color", "folder y", "folder z", "resource-file a.jar /uri"));
}

}  // namespace
}  // namespace stateferry::state::manifest
