#include <gmock/gmock.h>

#include "state/manifest/flink_operator.h"

namespace stateferry::state::manifest {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Manifest ReadOperator(std::string_view text) {
  Manifest manifest;
  ReadFlinkOperator(text, "k.yaml", manifest);
  FinishFlinkOperator(manifest);
  return manifest;
}

std::vector<std::string> ProblemTexts(const std::vector<Problem>& problems) {
  std::vector<std::string> texts;
  for (const Problem& problem : problems) texts.push_back(ToText(problem));
  return texts;
}

const Json& BodyOf(const Manifest& manifest, const std::string& kind, const std::string& name) {
  static const Json none;
  for (const Document& document : manifest.documents)
    if (document.entity.key == entities::EntityKey{kind, name}) return document.entity.body;
  return none;
}

constexpr std::string_view kOrders =
    "apiVersion: flink.apache.org/v1beta1\n"
    "kind: FlinkDeployment\n"
    "metadata:\n"
    "  name: orders\n"
    "  namespace: prod\n"
    "  uid: 7c6f\n"
    "  labels: {team: web}\n"
    "spec:\n"
    "  image: registry/flink:1.20\n"
    "  flinkVersion: v1_20\n"
    "  flinkConfiguration:\n"
    "    taskmanager.numberOfTaskSlots: \"2\"\n"
    "    state: {savepoints.dir: 's3://b/sp'}\n"
    "  jobManager: {resource: {cpu: 1, memory: 2048m}, replicas: 1}\n"
    "  job:\n"
    "    jarURI: s3://b/jars/orders.jar\n"
    "    entryClass: com.acme.Orders\n"
    "    args: [--topic, 'a b']\n"
    "    parallelism: 4\n"
    "    upgradeMode: savepoint\n"
    "    somethingNew: {x: 1}\n"
    "status:\n"
    "  jobStatus: {jobId: 00af, state: RESTARTING}\n";

TEST(FlinkOperatorReader, MakesADeploymentOfAFlinkDeploymentWithAJob) {
  const Manifest manifest = ReadOperator(kOrders);
  ASSERT_THAT(ProblemTexts(manifest.problems), ElementsAre());
  const Json& body = BodyOf(manifest, "deployment", "orders");
  EXPECT_EQ(body["artifact"], Json::parse(R"({"kind": "JAR", "jarUri": "s3://b/jars/orders.jar",
      "entryClass": "com.acme.Orders", "mainArgs": "--topic 'a b'"})"));
  EXPECT_EQ(body["engineVersion"], "flink-1.20");
  EXPECT_EQ(body["flinkConf"]["state.savepoints.dir"], "s3://b/sp");
  EXPECT_EQ(body["labels"]["team"], "web");
  const Json& basic = body["streamingResourceSetting"]["basicResourceSetting"];
  EXPECT_EQ(basic["parallelism"], 4);
  EXPECT_EQ(basic["jobmanagerResourceSettingSpec"]["memory"], "2048m");
}

TEST(FlinkOperatorReader, KeepsWhatItDoesNotKnowAndDropsWhatTheServerAdded) {
  const Manifest manifest = ReadOperator(kOrders);
  const Json& rest = BodyOf(manifest, "deployment", "orders")["kubernetes"];
  EXPECT_EQ(rest, Json::parse(R"({"spec": {"image": "registry/flink:1.20",
      "jobManager": {"replicas": 1},
      "job": {"upgradeMode": "savepoint", "somethingNew": {"x": 1}}}})"));
}

TEST(FlinkOperatorReader, TakesTheRunFromTheStatus) {
  const Manifest manifest = ReadOperator(kOrders);
  EXPECT_EQ(BodyOf(manifest, "job", "00af")["status"]["currentJobStatus"], "RUNNING");
  EXPECT_EQ(BodyOf(manifest, "job", "00af")["deployment"], "orders");
}

std::string DeploymentText(std::string_view name, std::string_view job,
                           std::string_view more = "") {
  return "---\napiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nmetadata: {name: " +
         std::string(name) + "}\nspec:\n  flinkVersion: v1_20\n  job: {jarURI: 'local:///j.jar'" +
         std::string(job) + "}\n" + std::string(more);
}

TEST(FlinkOperatorReader, WithoutStatusAJobRunsAsItsSpecWantsIt) {
  const Manifest manifest =
      ReadOperator(DeploymentText("wanted", ", state: running") + DeploymentText("implied", "") +
                   DeploymentText("stopped", ", state: suspended") +
                   DeploymentText("seen", "", "status: {lifecycleState: CREATED}\n"));
  ASSERT_THAT(ProblemTexts(manifest.problems), ElementsAre());
  EXPECT_EQ(BodyOf(manifest, "job", "wanted-job")["status"]["currentJobStatus"], "RUNNING");
  EXPECT_EQ(BodyOf(manifest, "job", "implied-job")["deployment"], "implied");
  EXPECT_TRUE(BodyOf(manifest, "job", "stopped-job").is_null());
  EXPECT_TRUE(BodyOf(manifest, "job", "seen-job").is_null());
}

TEST(FlinkOperatorReader, AllowsNonRestoredState) {
  const Manifest manifest = ReadOperator(DeploymentText("orders", ", allowNonRestoredState: true"));
  ASSERT_THAT(ProblemTexts(manifest.problems), ElementsAre());
  EXPECT_EQ(BodyOf(manifest, "deployment", "orders")["restoreStrategy"],
            Json::parse(R"({"allowNonRestoredState": true, "kind": "LATEST_STATE"})"));
}

TEST(FlinkOperatorReader, KeysOfTheConfigurationThatMeetAreAnError) {
  const std::string start = DeploymentText("orders", "");
  EXPECT_THAT(
      ProblemTexts(
          ReadOperator(start + "  flinkConfiguration:\n    a.b: 1\n    a: {b: 2}\n").problems),
      ElementsAre("k.yaml:9: FlinkDeployment 'orders': 'flinkConfiguration' says 'a.b' "
                  "twice, once with dots and once as maps"));
  const Manifest empty = ReadOperator(start + "  flinkConfiguration: {a: {b: 2, c: {}}}\n");
  EXPECT_EQ(BodyOf(empty, "deployment", "orders")["flinkConf"], Json({{"a.b", 2}}));
  EXPECT_THAT(ProblemTexts(empty.left_out),
              ElementsAre("k.yaml:8: FlinkDeployment 'orders': 'a.c' of 'flinkConfiguration' is an "
                          "empty map, which says nothing"));
}

std::string CopyText(std::string_view name, std::string_view job, std::string_view path) {
  return "---\napiVersion: flink.apache.org/v1beta1\nkind: FlinkStateSnapshot\nmetadata: {name: " +
         std::string(name) +
         ", annotations: {stateferry.created-at: '2026-01-01T00:00:00Z'}, "
         "labels: {team: web}}\nspec:\n  backoffLimit: 1\n  savepoint: {path: '" +
         std::string(path) + "', alreadyExists: true}\n  jobReference: {name: " + std::string(job) +
         "}\n";
}

TEST(FlinkOperatorReader, AJobThatNeverRanBeginsFromTheSnapshotThatItNames) {
  const std::string named = ", state: suspended, initialSavepointPath: 's3://b/1'";
  const std::string run = "status: {jobStatus: {state: RUNNING}}\n";
  const Manifest manifest =
      ReadOperator(CopyText("s1", "orders", "s3://b/1") + DeploymentText("orders", named) +
                   DeploymentText("ran", named, run) +
                   DeploymentText("other",
                                  ", state: suspended, "
                                  "initialSavepointPath: 's3://b/9'"));
  ASSERT_THAT(ProblemTexts(manifest.problems), ElementsAre());
  const Json& orders = BodyOf(manifest, "deployment", "orders");
  EXPECT_EQ(orders["restoreStrategy"],
            Json::parse(R"({"kind": "FROM_SAVEPOINT", "savepointId": "s1"})"));
  EXPECT_EQ(orders["kubernetes"], Json::parse(R"({"spec": {"job": {"state": "suspended"}}})"));
  EXPECT_FALSE(BodyOf(manifest, "deployment", "ran").contains("restoreStrategy"));
  EXPECT_THAT(ProblemTexts(manifest.left_out), ElementsAre());
  EXPECT_THAT(ProblemTexts(manifest.kept),
              ElementsAre("k.yaml:25: deployment 'other' begins from 's3://b/9', which is no "
                          "snapshot of these files: its clone cannot take it along"));
}

TEST(FlinkOperatorReader, ASnapshotKeepsWhatItDoesNotKnow) {
  EXPECT_EQ(
      BodyOf(ReadOperator(CopyText("s1", "orders", "s3://b/1")), "snapshot", "s1")["kubernetes"],
      Json::parse(R"({"metadata": {"labels": {"team": "web"}}, "spec": {"backoffLimit": 1}})"));
}

TEST(FlinkOperatorReader, SnapshotsOfTheTwoHalvesAreThoseOfTheBlueGreenDeployment) {
  const Manifest manifest = ReadOperator(
      CopyText("s1", "bg-green", "s3://b/1") +
      "---\napiVersion: flink.apache.org/v1beta1\nkind: FlinkBlueGreenDeployment\n"
      "metadata: {name: bg}\nspec: {template: {spec: {flinkVersion: v1_20, job: {jarURI: a}}}}\n" +
      "---\napiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\n"
      "metadata: {name: bg-green, ownerReferences: [{kind: FlinkBlueGreenDeployment, name: bg}]}\n"
      "spec: {flinkVersion: v1_20, job: {jarURI: a}}\n");
  ASSERT_THAT(ProblemTexts(manifest.problems), ElementsAre());
  EXPECT_EQ(BodyOf(manifest, "snapshot", "s1")["deployment"], "bg");
  EXPECT_TRUE(BodyOf(manifest, "deployment", "bg-green").is_null());
  EXPECT_THAT(ProblemTexts(manifest.left_out),
              ElementsAre("k.yaml:15: FlinkDeployment 'bg-green' is made by "
                          "FlinkBlueGreenDeployment 'bg'"));
}

TEST(FlinkOperatorReader, OneImportIsOneNamespace) {
  const auto in = [](const char* name, const char* space) {
    return "---\napiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nmetadata: {name: " +
           std::string(name) + ", namespace: " + space + "}\nspec: {flinkVersion: v1_20}\n";
  };
  EXPECT_THAT(ProblemTexts(ReadOperator(in("a", "x") + in("b", "x")).problems), ElementsAre());
  EXPECT_THAT(
      ProblemTexts(ReadOperator(in("a", "x") + in("b", "y") + in("c", "y")).problems),
      ElementsAre("k.yaml:9: FlinkDeployment 'b' is in the namespace 'y', others are in 'x' "
                  "(k.yaml:4): names say who is meant in one namespace only, so import "
                  "each by itself"));
}

TEST(FlinkOperatorReader, AClusterWithoutJobIsASessionClusterAndGivesItsJobsTheVersion) {
  const Manifest manifest = ReadOperator(
      "apiVersion: flink.apache.org/v1beta1\n"
      "kind: FlinkSessionJob\n"
      "metadata: {name: report}\n"
      "spec: {deploymentName: shared, job: {jarURI: 'https://host/r.jar', parallelism: 1}}\n"
      "---\n"
      "apiVersion: flink.apache.org/v1beta1\n"
      "kind: FlinkDeployment\n"
      "metadata: {name: shared}\n"
      "spec: {flinkVersion: v2_0}\n");
  ASSERT_THAT(ProblemTexts(manifest.problems), ElementsAre());
  EXPECT_EQ(BodyOf(manifest, "session-cluster", "shared")["engineVersion"], "flink-2.0");
  const Json& job = BodyOf(manifest, "deployment", "report");
  EXPECT_EQ(job["engineVersion"], "flink-2.0");
  EXPECT_EQ(job["deploymentTarget"], Json::parse(R"({"name": "shared", "mode": "SESSION"})"));
}

TEST(FlinkOperatorReader, LooksIntoTheTemplateOfABlueGreenDeployment) {
  const Manifest manifest = ReadOperator(
      "apiVersion: flink.apache.org/v1beta1\n"
      "kind: FlinkBlueGreenDeployment\n"
      "metadata: {name: bg}\n"
      "spec:\n"
      "  configuration: {a: b}\n"
      "  template:\n"
      "    spec: {flinkVersion: v1_20, job: {jarURI: 'local:///j.jar', parallelism: many}}\n");
  ASSERT_THAT(ProblemTexts(manifest.problems), ElementsAre());
  const Json& body = BodyOf(manifest, "deployment", "bg");
  EXPECT_EQ(body["artifact"]["jarUri"], "local:///j.jar");
  EXPECT_EQ(body["kubernetes"]["kind"], "FlinkBlueGreenDeployment");
  EXPECT_EQ(body["kubernetes"]["spec"]["configuration"]["a"], "b");
}

std::string SnapshotText(std::string_view spec, std::string_view status) {
  return "apiVersion: flink.apache.org/v1beta1\nkind: FlinkStateSnapshot\n"
         "metadata: {name: s, creationTimestamp: '2026-01-01T00:00:00Z'}\nspec: " +
         std::string(spec) + "\nstatus: " + std::string(status) + "\n";
}

TEST(FlinkOperatorReader, MakesASnapshotOfACompletedFlinkStateSnapshot) {
  const Json body = BodyOf(
      ReadOperator(SnapshotText(
          "{savepoint: {formatType: NATIVE}, jobReference: {kind: FlinkDeployment, name: orders}}",
          "{state: COMPLETED, path: 's3://b/sp/1', resultTimestamp: '2026-02-03T04:05:06.789Z'}")),
      "snapshot", "s");
  EXPECT_EQ(body, Json::parse(R"({"deployment": "orders", "savepointLocation": "s3://b/sp/1",
      "savepointOrigin": "USER_REQUEST", "status": {"state": "COMPLETED"},
      "createdAt": "2026-02-03T04:05:06.789Z", "nativeFormat": true})"));
}

TEST(FlinkOperatorReader, ASnapshotThatExistedBeforeIsACopy) {
  const Json body =
      BodyOf(ReadOperator(SnapshotText("{savepoint: {path: 's3://b/sp/2', alreadyExists: true}, "
                                       "jobReference: {name: orders}}",
                                       "")),
             "snapshot", "s");
  EXPECT_EQ(body["savepointOrigin"], "COPIED");
  EXPECT_EQ(body["status"]["state"], "COMPLETED");
  EXPECT_EQ(body["createdAt"], "2026-01-01T00:00:00Z");
}

TEST(FlinkOperatorReader, LeavesOutASnapshotWithoutPathAndSaysSo) {
  const Manifest manifest = ReadOperator(
      SnapshotText("{savepoint: {}, jobReference: {name: orders}}", "{state: FAILED}"));
  EXPECT_THAT(ProblemTexts(manifest.problems), ElementsAre());
  EXPECT_THAT(ProblemTexts(manifest.left_out),
              ElementsAre("k.yaml:1: FlinkStateSnapshot 's' has no path yet (FAILED)"));
}

TEST(FlinkOperatorReader, LeavesOutResourcesThatAreNoPartOfAProject) {
  const Manifest manifest = ReadOperator(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n---\n"
      "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\n");
  EXPECT_THAT(ProblemTexts(manifest.problems), ElementsAre());
  EXPECT_THAT(ProblemTexts(manifest.left_out),
              ElementsAre("k.yaml:1: ConfigMap 'settings' is no part of a project",
                          "k.yaml:5: Secret 'keys' is no part of a project"));
}

TEST(FlinkOperatorReader, ReadsTheItemsOfAListWithTheirLines) {
  const Manifest manifest = ReadOperator(
      "apiVersion: v1\n"
      "kind: List\n"
      "items:\n"
      "- apiVersion: flink.apache.org/v1beta1\n"
      "  kind: FlinkDeployment\n"
      "  metadata: {name: a}\n"
      "  spec: {flinkVersion: v1_20}\n"
      "- apiVersion: flink.apache.org/v1beta1\n"
      "  kind: FlinkDeployment\n"
      "  metadata: {name: b}\n"
      "  spec:\n"
      "    flinkVersion: latest\n");
  ASSERT_EQ(manifest.documents.size(), 1u);
  EXPECT_EQ(ToText(manifest.documents[0].at), "k.yaml:4");
  EXPECT_THAT(ProblemTexts(manifest.problems),
              ElementsAre("k.yaml:12: FlinkDeployment 'b': 'flinkVersion' must be like v1_20"));
}

struct Bad {
  const char *what, *text, *problem;
};
class FlinkOperatorReaderRefuses : public ::testing::TestWithParam<Bad> {};
TEST_P(FlinkOperatorReaderRefuses, WithLineAndReason) {
  EXPECT_THAT(ProblemTexts(ReadOperator(GetParam().text).problems),
              Contains(HasSubstr(GetParam().problem)));
}
#define RESOURCE(kind, rest) \
  "apiVersion: flink.apache.org/v1beta1\nkind: " kind "\nmetadata: {name: x}\n" rest
INSTANTIATE_TEST_SUITE_P(
    All, FlinkOperatorReaderRefuses,
    ::testing::Values(
        Bad{"Version", "apiVersion: flink.apache.org/v1\nkind: FlinkDeployment\n",
            "k.yaml:1: FlinkDeployment '' has apiVersion 'flink.apache.org/v1'"},
        Bad{"NoMap", "- a\n", "k.yaml:1: a document must be a map"},
        Bad{"NoKind", "apiVersion: v1\n", "the field 'kind' is missing"},
        Bad{"NoName", "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\n",
            "the FlinkDeployment has no 'metadata.name'"},
        Bad{"SpecText", RESOURCE("FlinkDeployment", "spec: text\n"),
            "k.yaml:4: FlinkDeployment 'x': 'spec' must be a map"},
        Bad{"NoFlinkVersion", RESOURCE("FlinkDeployment", "spec: {job: {jarURI: a}}\n"),
            "'flinkVersion' must be like v1_20"},
        Bad{"NoJar",
            RESOURCE("FlinkDeployment", "spec:\n  flinkVersion: v1_20\n  job: {args: []}\n"),
            "k.yaml:6: FlinkDeployment 'x': a job without 'jarURI'"},
        Bad{"ArgsText",
            RESOURCE("FlinkDeployment",
                     "spec:\n  flinkVersion: v1_20\n  job:\n    jarURI: a\n    args: b\n"),
            "k.yaml:8: FlinkDeployment 'x': 'args' must be a list"},
        Bad{"JarNumber",
            RESOURCE("FlinkDeployment",
                     "spec:\n  flinkVersion: v1_20\n  job:\n    args: []\n    jarURI: 7\n"),
            "k.yaml:8: FlinkDeployment 'x': as a deployment: 'jarUri' must be text"},
        Bad{"UnknownCluster",
            RESOURCE("FlinkSessionJob", "spec:\n  deploymentName: gone\n  job: {jarURI: a}\n"),
            "k.yaml:5: FlinkSessionJob 'x' runs on the FlinkDeployment 'gone', which is not in"},
        Bad{"NoCluster", RESOURCE("FlinkSessionJob", "spec: {job: {jarURI: a}}\n"),
            "FlinkSessionJob 'x': as a deployment"},
        Bad{"Nameless",
            RESOURCE("FlinkStateSnapshot",
                     "spec: {savepoint: {path: 's3://b/x', alreadyExists: true}}\n"
                     "status: {resultTimestamp: '2026-01-01T00:00:00Z'}\n"),
            "does not say whose it is"},
        Bad{"Timeless",
            RESOURCE("FlinkStateSnapshot",
                     "spec: {savepoint: {path: 's3://b/x', alreadyExists: true}}\n"),
            "says nowhere when it was made"}),
    [](const auto& each) { return each.param.what; });

TEST(FlinkOperatorReader, RefusesMachinesThatAreNoMaps) {
  const auto read = [](std::string_view spec) {
    return ProblemTexts(ReadOperator("apiVersion: flink.apache.org/v1beta1\n"
                                     "kind: FlinkDeployment\n"
                                     "metadata: {name: a}\n"
                                     "spec:\n"
                                     "  flinkVersion: v1_20\n" +
                                     std::string(spec))
                            .problems);
  };
  EXPECT_THAT(read("  jobManager: x\n"),
              ElementsAre("k.yaml:6: FlinkDeployment 'a': 'jobManager' must be a map"));
  EXPECT_THAT(read("  jobManager: {}\n  taskManager: [1]\n"),
              ElementsAre("k.yaml:7: FlinkDeployment 'a': 'taskManager' must be a map"));
  EXPECT_THAT(read("  taskManager: 1\n"),
              ElementsAre("k.yaml:6: FlinkDeployment 'a': 'taskManager' must be a map"));
  EXPECT_THAT(read("  jobManager:\n  taskManager: {replicas: 1}\n"), ElementsAre());
}

TEST(FlinkOperatorReader, BoundsTheKeysThatItMakesOfMapsInMaps) {
  const auto read = [](std::string_view prefix, std::string_view maps) {
    return ReadOperator(DeploymentText("orders", "") + "  flinkConfiguration:\n    ? " +
                        std::string(prefix) + "\n    : {" + std::string(maps) + "}\n");
  };
  std::string empty, full;
  for (int i = 0; i < 900; ++i) {
    empty += 'k' + std::to_string(i) + ": {}, ";
    full += 'k' + std::to_string(i) + ": 1, ";
  }
  const std::string longest(2'000, 'x');
  for (const std::string& maps : {empty, full})
    EXPECT_THAT(ProblemTexts(read(longest, maps).problems),
                ElementsAre("k.yaml:8: FlinkDeployment 'orders': the keys of 'flinkConfiguration' "
                            "are longer than 1024 KiB together"));
  EXPECT_THAT(ProblemTexts(read("a", full).problems), ElementsAre());
  const Manifest one = read(longest, "k: {}");
  ASSERT_EQ(one.left_out.size(), 1u);
  EXPECT_LT(one.left_out[0].message.size(), 300u);
  EXPECT_THAT(one.left_out[0].message, HasSubstr(std::string(100, 'x') + "..."));
  const Manifest twice =
      ReadOperator(DeploymentText("orders", "") + "  flinkConfiguration:\n    ? " + longest +
                   "\n    : {b: 1}\n    ? " + longest + ".b\n    : 1\n");
  ASSERT_EQ(twice.problems.size(), 1u);
  EXPECT_LT(twice.problems[0].message.size(), 300u);
}

TEST(FlinkOperatorReader, CountsEmptyMapsOfTheConfigurationAsKeys) {
  std::string many = DeploymentText("orders", "") + "  flinkConfiguration:\n";
  for (const char* half : {"a", "b"}) {
    many += std::string("    ") + half + ":\n";
    for (int i = 0; i < 600; ++i) many += "      k" + std::to_string(i) + ": {}\n";
  }
  EXPECT_THAT(ProblemTexts(ReadOperator(many).problems),
              ElementsAre("k.yaml:8: FlinkDeployment 'orders': 'flinkConfiguration' has more than "
                          "1000 keys"));
}

TEST(FlinkOperatorReader, StopsOnceThereAreTooManyProblems) {
  std::string list = "kind: List\nitems:\n", documents;
  for (int i = 0; i < 3'000; ++i) {
    const std::string name = std::to_string(i);
    list += "- {apiVersion: flink.apache.org/v1beta1, kind: FlinkDeployment, metadata: {name: n" +
            name + ", namespace: s" + name + "}, spec: {flinkVersion: v1_20}}\n";
  }
  const Manifest spaces = ReadOperator(list);
  EXPECT_TRUE(spaces.IsFull());
  EXPECT_LT(spaces.spaces.size(), 1'010u);
  for (int i = 0; i < 1'100; ++i)
    documents +=
        "---\napiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nmetadata: "
        "{name: n" +
        std::to_string(i) + "}\n";
  const Manifest late = ReadOperator(documents + DeploymentText("good", ""));
  EXPECT_TRUE(late.IsFull());
  EXPECT_TRUE(BodyOf(late, "deployment", "good").is_null());
}

TEST(FlinkOperatorReader, NamesSomeOfManyThatItLeavesOut) {
  std::string many;
  for (int i = 0; i < 1'200; ++i)
    many += "---\nkind: ConfigMap\nmetadata: {name: c" + std::to_string(i) + "}\n";
  const Manifest manifest = ReadOperator(many);
  EXPECT_FALSE(manifest.IsFull());
  ASSERT_EQ(manifest.left_out.size(), 1'001u);
  EXPECT_EQ(ToText(manifest.left_out.back()),
            "k.yaml:3002: and more: only the first 1000 are listed");
}

TEST(FlinkOperatorReader, LongNamesAreClippedInMessages) {
  const Manifest manifest =
      ReadOperator("kind: ConfigMap\nmetadata: {name: " + std::string(5'000, 'n') + "}\n");
  ASSERT_EQ(manifest.left_out.size(), 1u);
  EXPECT_LT(manifest.left_out[0].message.size(), 300u);
}

}  // namespace
}  // namespace stateferry::state::manifest
