#include "state/manifest/vvp.h"

#include <gmock/gmock.h>

#include "state/manifest/yaml_reader.h"

namespace stateferry::state::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Manifest ReadVvp(std::string_view text) {
  Manifest manifest;
  ReadVvp(text, "v.yaml", manifest);
  FinishVvp(manifest);
  return manifest;
}

std::vector<std::string> Texts(const std::vector<Problem>& problems) {
  std::vector<std::string> texts;
  for (const Problem& problem : problems) texts.push_back(ToText(problem));
  return texts;
}

const Json& Body(const Manifest& manifest, const std::string& kind, const std::string& name) {
  static const Json none;
  for (const Document& document : manifest.documents)
    if (document.entity.key == entities::EntityKey{kind, name}) return document.entity.body;
  return none;
}

constexpr std::string_view kProject =
    "apiVersion: v1\n"
    "kind: Savepoint\n"
    "metadata: {id: sp-1, deploymentId: d-1, origin: SUSPEND, createdAt: "
    "'2026-01-01T00:00:00.5Z'}\n"
    "spec: {savepointLocation: 's3://b/sp-1'}\n"
    "status: {state: COMPLETED}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Deployment\n"
    "metadata: {id: d-1, name: orders, namespace: default, labels: {team: web}, resourceVersion: "
    "4}\n"
    "spec:\n"
    "  state: RUNNING\n"
    "  deploymentTargetName: k8s\n"
    "  maxJobCreationAttempts: 4\n"
    "  restoreStrategy: {kind: LATEST_STATE, allowNonRestoredState: false}\n"
    "  template:\n"
    "    spec:\n"
    "      artifact: {kind: JAR, jarUri: 's3://b/o.jar', flinkVersion: \"1.17\"}\n"
    "      parallelism: 3\n"
    "      flinkConfiguration: {state.savepoints.dir: 's3://b/sp'}\n"
    "      resources: {jobmanager: {cpu: 1, memory: 1G}}\n"
    "status: {state: RUNNING}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Job\n"
    "metadata: {id: j-1, deploymentId: d-1}\n"
    "status: {state: STARTED}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: SecretValue\n"
    "metadata: {name: password}\n"
    "spec: {kind: GENERIC, value: hunter2}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: SessionCluster\n"
    "metadata: {name: shared}\n"
    "spec: {state: RUNNING, flinkVersion: \"1.20\", numberOfTaskManagers: 2}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Event\n"
    "metadata: {id: e}\n";

TEST(Vvp, ReadsAProject) {
  const Manifest manifest = ReadVvp(kProject);
  ASSERT_THAT(Texts(manifest.problems), IsEmpty());
  const Json& orders = Body(manifest, "deployment", "orders");
  EXPECT_EQ(orders["engineVersion"], "flink-1.17");
  EXPECT_EQ(orders["artifact"]["jarUri"], "s3://b/o.jar");
  EXPECT_EQ(orders["restoreStrategy"]["kind"], "LATEST_STATE");
  EXPECT_EQ(orders["vvp"], Json::parse(R"({"spec": {"deploymentTargetName": "k8s",
      "maxJobCreationAttempts": 4,
      "template": {"spec": {"resources": {"jobmanager": {"cpu": 1, "memory": "1G"}}}}}})"));
  EXPECT_EQ(Body(manifest, "session-cluster", "shared")["engineVersion"], "flink-1.20");
  EXPECT_THAT(Texts(manifest.left_out),
              ElementsAre("v.yaml:38: Event 'e' is no part of a project"));
}

TEST(Vvp, SavepointsAndJobsFindTheirDeploymentById) {
  const Manifest manifest = ReadVvp(kProject);
  EXPECT_EQ(Body(manifest, "snapshot", "sp-1"), Json::parse(R"({"deployment": "orders",
      "savepointLocation": "s3://b/sp-1", "savepointOrigin": "STOP_WITH_SAVEPOINT",
      "status": {"state": "COMPLETED"}, "createdAt": "2026-01-01T00:00:00.5Z"})"));
  EXPECT_EQ(Body(manifest, "job", "j-1")["deployment"], "orders");
  EXPECT_EQ(Body(manifest, "job", "j-1")["status"]["currentJobStatus"], "RUNNING");
}

TEST(Vvp, SecretsComeWithoutTheirValue) {
  EXPECT_EQ(Body(ReadVvp(kProject), "variable", "password"),
            Json::parse(R"({"kind": "Encrypted"})"));
}

TEST(Vvp, WhatWasExportedIsReadAgain) {
  Manifest manifest = ReadVvp(kProject);
  manifest.documents.push_back(
      {.entity = {{"variable", "topic"}, {{"kind", "Plain"}, {"value", "on"}}}});
  const Manifest again = ReadVvp(WriteVvp(manifest.documents, {}).text);
  ASSERT_THAT(Texts(again.problems), IsEmpty());
  EXPECT_EQ(Body(again, "snapshot", "sp-1"), Json::parse(R"({"deployment": "orders",
      "savepointLocation": "s3://b/sp-1", "savepointOrigin": "COPIED",
      "status": {"state": "COMPLETED"}, "createdAt": "2026-01-01T00:00:00.5Z"})"));
  EXPECT_EQ(Body(again, "variable", "topic"), Json::parse(R"({"kind": "Plain", "value": "on"})"));
  EXPECT_EQ(Body(again, "deployment", "orders"), Body(manifest, "deployment", "orders"));
  EXPECT_EQ(WriteVvp(again.documents, {}).text, WriteVvp(manifest.documents, {}).text);
}

TEST(Vvp, KeepsWhatItDoesNotKnowOfEveryKind) {
  const Manifest manifest = ReadVvp(
      std::string(kProject) +
      "---\n"
      "apiVersion: v1\n"
      "kind: Savepoint\n"
      "metadata: {id: sp-2, deploymentId: d-1, labels: {a: b}, createdAt: '2026-01-01T00:00:00Z'}\n"
      "spec: {savepointLocation: 's3://b/sp-2', flinkSavepointId: f}\n"
      "status: {state: COMPLETED}\n"
      "---\n"
      "apiVersion: v1\n"
      "kind: Job\n"
      "metadata: {id: j-2, deploymentId: d-1, labels: {a: b}}\n"
      "status: {state: FAILED}\n"
      "---\n"
      "apiVersion: v1\n"
      "kind: SecretValue\n"
      "metadata: {name: key, labels: {a: b}}\n"
      "spec: {kind: GENERIC, value: hunter2, older: hunter1}\n");
  ASSERT_THAT(Texts(manifest.problems), IsEmpty());
  EXPECT_EQ(
      Body(manifest, "snapshot", "sp-2")["vvp"],
      Json::parse(R"({"metadata": {"labels": {"a": "b"}}, "spec": {"flinkSavepointId": "f"}})"));
  EXPECT_EQ(Body(manifest, "job", "j-2")["vvp"],
            Json::parse(R"({"metadata": {"labels": {"a": "b"}}})"));
  EXPECT_EQ(Body(manifest, "variable", "key"),
            Json::parse(R"({"kind": "Encrypted", "vvp": {"metadata": {"labels": {"a": "b"}}}})"));
  EXPECT_THAT(Texts(manifest.left_out),
              testing::Contains("v.yaml:56: SecretValue 'key': spec.older "
                                "may be secret as well"));
  const std::string text = WriteVvp(manifest.documents, {}).text;
  EXPECT_THAT(text, HasSubstr("flinkSavepointId: f"));
}

TEST(Vvp, NamesTheFieldsThatItHasNoPlaceFor) {
  Manifest manifest = ReadVvp(kProject);
  for (Document& document : manifest.documents) {
    Json& body = document.entity.body;
    body["description"] = "d";
    if (document.entity.key.kind == "deployment")
      body["restoreStrategy"] = {{"kind", "FROM_SAVEPOINT"}, {"savepointId", "sp-1"}};
  }
  std::vector<std::string> changed;
  for (const Remark& each : WriteVvp(manifest.documents, {}).changed)
    changed.push_back(each.key.name + ": " + each.message);
  EXPECT_THAT(changed, ElementsAre("shared: the form has no place for description",
                                   HasSubstr("orders: VVP 2 knows no strategy FROM_SAVEPOINT"),
                                   "orders: the form has no place for description",
                                   HasSubstr("sp-1: give it the deploymentId"),
                                   "sp-1: the form has no place for description"));
}

TEST(Vvp, NamesWhatIsWrongAndWhere) {
  EXPECT_THAT(Texts(ReadVvp("apiVersion: v1\nkind: Job\nmetadata: {id: j, deploymentId: gone}\n"
                            "status: {state: STARTED}\n")
                        .problems),
              ElementsAre("v.yaml:1: the deployment 'gone' of job 'j' is not in these files"));
  EXPECT_THAT(
      Texts(ReadVvp("apiVersion: v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n"
                    "  template:\n    spec:\n      artifact: {kind: JAR, jarUri: a}\n")
                .problems),
      ElementsAre(HasSubstr("v.yaml:7: Deployment 'd': its artifact has no 'flinkVersion'")));
  EXPECT_THAT(Texts(ReadVvp("apiVersion: v2\nkind: Deployment\nmetadata: {name: d}\n").problems),
              ElementsAre(HasSubstr("v.yaml:1: Deployment 'd' has apiVersion 'v2'")));
}

TEST(Vvp, WritesEverythingStoppedAndReportsTheRest) {
  Manifest manifest = ReadVvp(kProject);
  manifest.documents.push_back(
      {.entity = {{"variable", "topic"}, {{"kind", "Plain"}, {"value", "on"}}}});
  manifest.documents.push_back({.entity = {{"draft", "d"}, Json::object()}});
  const Exported exported = WriteVvp(
      manifest.documents, {{*storage::ParseLocation("s3://b"), *storage::ParseLocation("s3://c")}});
  std::vector<Problem> problems;
  std::map<std::string, Json> resources;
  for (auto& document : ReadYaml(exported.text, "out", problems))
    resources[document.value["kind"]] = document.value;
  EXPECT_EQ(resources["Deployment"], Json::parse(R"({"apiVersion": "v1", "kind": "Deployment",
      "metadata": {"name": "orders", "labels": {"team": "web"}},
      "spec": {"deploymentTargetName": "k8s", "maxJobCreationAttempts": 4,
        "template": {"spec": {
          "resources": {"jobmanager": {"cpu": 1, "memory": "1G"}},
          "artifact": {"kind": "JAR", "jarUri": "s3://c/o.jar", "flinkVersion": "1.17"},
          "flinkConfiguration": {"state.savepoints.dir": "s3://c/sp"}, "parallelism": 3}},
        "restoreStrategy": {"kind": "LATEST_STATE", "allowNonRestoredState": false},
        "state": "CANCELLED"}})"));
  EXPECT_EQ(resources["Savepoint"]["metadata"]["origin"], "COPIED");
  EXPECT_EQ(resources["Savepoint"]["spec"]["savepointLocation"], "s3://c/sp-1");
  EXPECT_EQ(resources["SessionCluster"]["spec"]["state"], "STOPPED");
  EXPECT_EQ(resources["SecretValue"]["spec"]["value"], "on");
  std::vector<std::string> changed;
  for (const Remark& each : exported.changed)
    changed.push_back(each.key.name + ": " + each.message);
  EXPECT_THAT(changed,
              ElementsAre("sp-1: give it the deploymentId that 'orders' has at the target"));
  std::vector<std::string> left_out;
  for (const Remark& each : exported.left_out) left_out.push_back(each.key.name);
  EXPECT_THAT(left_out, ElementsAre("password", "d", "j-1"));
}

TEST(Vvp, NamesSomeOfManyFieldsThatMayBeSecret) {
  std::string text = "apiVersion: v1\nkind: SecretValue\nmetadata: {name: s}\nspec:\n  ? " +
                     std::string(5'000, 'x') + "\n  : {";
  for (int i = 0; i < 900; ++i) text += 'k' + std::to_string(i) + ": 1, ";
  const Manifest manifest = ReadVvp(text + "}\n");
  ASSERT_EQ(manifest.left_out.size(), 1u);
  EXPECT_LT(manifest.left_out[0].message.size(), 20'000u);
  EXPECT_THAT(manifest.left_out[0].message, HasSubstr("and more may be secret as well"));
}

}  // namespace
}  // namespace stateferry::state::manifest
