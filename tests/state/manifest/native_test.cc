#include "state/manifest/native.h"

#include <gmock/gmock.h>

#include "tests/state/entities/kind_examples.h"

namespace stateferry::state::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Manifest ReadOurs(std::string_view text) {
  Manifest manifest;
  ReadNative(text, "p.yaml", manifest);
  return manifest;
}

std::vector<std::string> ProblemsOf(std::string_view text) {
  std::vector<std::string> texts;
  for (const Problem& problem : ReadOurs(text).problems) texts.push_back(ToText(problem));
  return texts;
}

TEST(NativeManifest, ReadsDocumentsWithTheirLines) {
  const Manifest manifest = ReadOurs(
      "stateferry: 1\n"
      "---\n"
      "kind: variable\n"
      "name: topic\n"
      "project: ws/p\n"
      "spec: {kind: Plain, value: orders, note: kept}\n"
      "---\n"
      "kind: deployment\n"
      "name: orders\n"
      "spec:\n"
      "  engineVersion: vvr-8.0.5-flink-1.17\n"
      "  artifact:\n"
      "    kind: JAR\n"
      "    jarUri: jars/orders.jar\n"
      "  deploymentTarget:\n"
      "    mode: SESSION\n"
      "    name: shared\n");
  ASSERT_TRUE(manifest.problems.empty()) << ToText(manifest.problems[0]);
  ASSERT_EQ(manifest.documents.size(), 2u);
  const Document &variable = manifest.documents[0], &deployment = manifest.documents[1];
  EXPECT_EQ(variable.project, "ws/p");
  EXPECT_EQ(variable.entity.body["note"], "kept");
  EXPECT_EQ(ToText(variable.at), "p.yaml:3");
  EXPECT_EQ(deployment.project, "");
  EXPECT_EQ(ToText(deployment.Where("/artifact/jarUri")), "p.yaml:14");
  EXPECT_EQ(ToText(deployment.Where("/deploymentTarget/name")), "p.yaml:17");
  EXPECT_EQ(ToText(deployment.Where("/engineVersion")), "p.yaml:8");
}

TEST(NativeManifest, NamesWhatIsWrongAndWhere) {
  EXPECT_THAT(ProblemsOf("kind: deploymnt\nname: a\n"),
              ElementsAre(HasSubstr("p.yaml:1: there is no kind 'deploymnt'; kinds are region, ")));
  EXPECT_THAT(ProblemsOf("kind: folder\n"), ElementsAre("p.yaml:1: the field 'name' is missing"));
  EXPECT_THAT(ProblemsOf("name: a\n"), ElementsAre("p.yaml:1: the field 'kind' is missing"));
  EXPECT_THAT(ProblemsOf("kind: folder\nname: 12\n"),
              ElementsAre(HasSubstr("p.yaml:2: 'name' must be text; write what looks like a")));
  EXPECT_THAT(ProblemsOf("kind: folder\nname: a\nspecs: {}\n"),
              ElementsAre(HasSubstr("p.yaml:1: unknown field 'specs'; a document has kind")));
  EXPECT_THAT(ProblemsOf("kind: folder\nname: a\nspec: [1]\n"),
              ElementsAre("p.yaml:3: 'spec' must be a map"));
  EXPECT_THAT(ProblemsOf("kind: region\nname: a\nproject: w/p\n"),
              ElementsAre("p.yaml:3: a region lies in no project"));
  EXPECT_THAT(ProblemsOf("kind: folder\nname: a\nproject: w\n"),
              ElementsAre(HasSubstr("p.yaml:3: ")));
  EXPECT_THAT(ProblemsOf("- 1\n"), ElementsAre(HasSubstr("p.yaml:1: a document must be a map")));
  EXPECT_THAT(ProblemsOf("stateferry: 2\n"),
              ElementsAre("p.yaml:1: format version 2 of project files; this program knows 1"));
}

TEST(NativeManifest, ReportsEveryProblemOfAFileAtOnce) {
  EXPECT_THAT(ProblemsOf("kind: deployment\n"
                         "name: orders\n"
                         "spec:\n"
                         "  engineVersion: 8\n"
                         "  artifact: {kind: JAR}\n"
                         "---\n"
                         "kind: variable\n"
                         "name: a\n"
                         "spec:\n"
                         "  kind: Secret\n"),
              ElementsAre(HasSubstr("p.yaml:5: deployment 'orders': the field 'jarUri' is missing"),
                          HasSubstr("p.yaml:4: deployment 'orders': "),
                          HasSubstr("p.yaml:10: variable 'a': ")));
}

TEST(NativeManifest, EveryKindComesBackAsItWas) {
  std::vector<Document> documents;
  std::map<entities::EntityKey, Json> bodies;
  for (const auto& [kind, variants] : entities::KindExamples())
    for (const auto& [variant, example] : variants) {
      Document document{.entity = example};
      if (!IsScopeKind(kind)) document.project = "ws-a/prod";
      document.entity.body["unknown"] = Json{{"deep", {1, "a\nb\n", nullptr}}};
      if (bodies.emplace(example.key, document.entity.body).second) documents.push_back(document);
    }
  const Manifest manifest = ReadOurs(WriteNative(documents));
  for (const Problem& problem : manifest.problems) ADD_FAILURE() << ToText(problem);
  ASSERT_EQ(manifest.documents.size(), documents.size());
  for (const Document& read : manifest.documents)
    EXPECT_EQ(DumpJson(read.entity.body), DumpJson(bodies.at(read.entity.key)))
        << read.entity.key.kind;
  EXPECT_EQ(WriteNative(manifest.documents), WriteNative(documents));
}

TEST(NativeManifest, WritesWhatIsReferredToFirst) {
  const std::vector<Document> documents{{.entity = {{"deployment", "b"}}},
                                        {.entity = {{"deployment", "a"}}},
                                        {.entity = {{"variable", "z"}}}};
  EXPECT_EQ(WriteNative(documents),
            "stateferry: 1\n"
            "---\nkind: variable\nname: z\nspec: {}\n"
            "---\nkind: deployment\nname: a\nspec: {}\n"
            "---\nkind: deployment\nname: b\nspec: {}\n");
}

}  // namespace
}  // namespace stateferry::state::manifest
