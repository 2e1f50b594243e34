#include <gmock/gmock.h>

#include "state/manifest/flink_operator.h"
#include "state/manifest/kubernetes_names.h"
#include "state/manifest/yaml_reader.h"

namespace stateferry::state::manifest {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Document Make(std::string kind, std::string name, std::string_view body) {
  return {.entity = {{std::move(kind), std::move(name)}, Json::parse(body)}};
}

Document Orders() {
  return Make("deployment", "orders",
              R"({"engineVersion": "vvr-8.0.5-flink-1.17",
                  "artifact": {"kind": "JAR", "jarUri": "s3://b/o.jar", "mainArgs": "--x 'a b'"},
                  "flinkConf": {"parallelism.default": 2,
                                "state.savepoints.dir": "s3://old/sp"}})");
}

Document Snapshot(std::string name, std::string_view created,
                  std::string_view state = "COMPLETED") {
  Document document = Make("snapshot", name, "{}");
  document.entity.body = {{"deployment", "orders"},
                          {"savepointLocation", "s3://old/sp/" + name},
                          {"savepointOrigin", "USER_REQUEST"},
                          {"nativeFormat", true},
                          {"status", {{"state", state}}},
                          {"createdAt", created}};
  return document;
}

struct Written {
  Exported exported;
  std::vector<Json> resources;
  const Json& Of(std::string_view kind) const {
    for (const Json& each : resources)
      if (each["kind"] == kind) return each;
    static const Json none;
    return none;
  }
};

Written Write(const std::vector<Document>& documents, const FlinkOperatorOptions& options = {}) {
  Written written{WriteFlinkOperator(documents, options), {}};
  std::vector<Problem> problems;
  for (auto& document : ReadYaml(written.exported.text, "out", problems))
    written.resources.push_back(std::move(document.value));
  EXPECT_TRUE(problems.empty());
  return written;
}

std::vector<std::string> Texts(const std::vector<Remark>& remarks) {
  std::vector<std::string> texts;
  for (const Remark& each : remarks)
    texts.push_back(each.key.kind + " '" + each.key.name + "': " + each.message);
  return texts;
}

TEST(FlinkOperatorWriter, WritesASuspendedJobWithItsRestorePoint) {
  const Written written = Write({Orders(), Snapshot("s1", "2026-01-01T00:00:00Z"),
                                 Snapshot("s2", "2026-01-02T00:00:00Z"),
                                 Snapshot("s3", "2026-01-03T00:00:00Z", "FAILED")});
  const Json& spec = written.Of("FlinkDeployment")["spec"];
  EXPECT_EQ(spec["flinkVersion"], "v1_17");
  EXPECT_EQ(spec["job"]["state"], "suspended");
  EXPECT_EQ(spec["job"]["initialSavepointPath"], "s3://old/sp/s2");
  EXPECT_EQ(spec["job"]["args"], Json({"--x", "a b"}));
  EXPECT_EQ(spec["flinkConfiguration"]["execution.savepoint-restore-mode"], "NO_CLAIM");
  EXPECT_EQ(spec["flinkConfiguration"]["parallelism.default"], "2");
  EXPECT_THAT(Texts(written.exported.left_out),
              ElementsAre("snapshot 's3': the snapshot is not completed"));
}

TEST(FlinkOperatorWriter, SnapshotsExistAlreadyAndAreNeverDisposedOf) {
  const Written written = Write({Orders(), Snapshot("s1", "2026-01-01T00:00:00Z")});
  EXPECT_EQ(written.Of("FlinkStateSnapshot")["spec"], Json::parse(R"({
      "savepoint": {"path": "s3://old/sp/s1", "formatType": "NATIVE", "alreadyExists": true,
                    "disposeOnDelete": false},
      "jobReference": {"kind": "FlinkDeployment", "name": "orders"}})"));
}

TEST(FlinkOperatorWriter, TheRestoreStrategyDecidesWhereAJobBegins) {
  Document named = Orders(), none = Orders();
  named.entity.body["restoreStrategy"] = {{"kind", "FROM_SAVEPOINT"}, {"savepointId", "s1"}};
  none.entity.body["restoreStrategy"] = {{"kind", "NONE"}};
  const Document s1 = Snapshot("s1", "2026-01-01T00:00:00Z");
  const Document s2 = Snapshot("s2", "2026-01-02T00:00:00Z");
  EXPECT_EQ(Write({named, s1, s2}).Of("FlinkDeployment")["spec"]["job"]["initialSavepointPath"],
            "s3://old/sp/s1");
  EXPECT_FALSE(
      Write({none, s1, s2}).Of("FlinkDeployment")["spec"]["job"].contains("initialSavepointPath"));
}

TEST(FlinkOperatorWriter, AJobWrittenAloneBeginsWhereItWouldInTheWholeProject) {
  const std::vector<Document> others = {
      Snapshot("s1", "2026-01-01T00:00:00Z"), Snapshot("s2", "2026-01-01T00:00:00.5Z"),
      Make("deployment", "Orders", R"({"engineVersion": "flink-1.20",
          "artifact": {"kind": "JAR", "jarUri": "s3://b/o.jar"}})")};
  const Written written = Write({Orders()}, {.others = others});
  EXPECT_EQ(written.resources.size(), 1u);
  EXPECT_EQ(written.Of("FlinkDeployment")["spec"]["job"]["initialSavepointPath"], "s3://old/sp/s2");
  EXPECT_THAT(Texts(written.exported.left_out), ElementsAre());
  // Its name too is that of an export of everything.
  const Written other = Write({others[2]}, {.others = std::vector{Orders()}});
  EXPECT_THAT(other.Of("FlinkDeployment")["metadata"]["name"].get<std::string>(),
              HasSubstr("orders-"));
}

TEST(FlinkOperatorWriter, SaysOfAJobWrittenAloneThatFlinkCannotReadItsSnapshot) {
  Document snapshot = Snapshot("s1", "2026-01-01T00:00:00Z");
  snapshot.entity.body["savepointLocation"] = "managed:///store/s1";
  EXPECT_THAT(Texts(Write({Orders()}, {.others = std::vector{snapshot}}).exported.changed),
              ElementsAre("deployment 'orders': Flink cannot read 'managed:///store/s1': relocate "
                          "the snapshot to a bucket and export with --map"));
  EXPECT_THAT(Texts(Write({Orders(), snapshot}).exported.changed),
              ElementsAre(HasSubstr("snapshot 's1': Flink cannot read")));
}

TEST(FlinkOperatorWriter, AClusterAndAJobOfOneNameAreToldApart) {
  const Document cluster = Make("session-cluster", "orders", R"({"engineVersion": "flink-1.18"})");
  Document blue = Make("deployment", "orders-x", R"({"engineVersion": "flink-1.20",
      "artifact": {"kind": "JAR", "jarUri": "s3://b/o.jar"},
      "kubernetes": {"kind": "FlinkBlueGreenDeployment"}})");
  Document half = blue;
  half.entity.key.name = "orders-x-green";
  half.entity.body.erase("kubernetes");
  const std::vector<std::string> changed =
      Texts(Write({Orders(), cluster, blue, half}).exported.changed);
  // The operator makes FlinkDeployments orders-x-blue and orders-x-green of the blue-green one.
  EXPECT_THAT(changed, ElementsAre(HasSubstr("deployment 'orders': is called 'orders-"),
                                   HasSubstr("deployment 'orders-x-green': is called "
                                             "'orders-x-green-")));
}

TEST(FlinkOperatorWriter, AJobWhoseNamedSnapshotIsMissingIsNotGivenAnother) {
  Document named = Orders();
  named.entity.body["restoreStrategy"] = {{"kind", "FROM_SAVEPOINT"}, {"savepointId", "s9"}};
  const Written missing = Write({named, Snapshot("s1", "2026-01-01T00:00:00Z")});
  EXPECT_EQ(missing.exported.text, "");
  EXPECT_THAT(Texts(missing.exported.left_out),
              ElementsAre("deployment 'orders': it begins from snapshot 's9', which the project "
                          "does not hold",
                          "snapshot 's1': its deployment is not in the export"));
  const Written broken = Write({named, Snapshot("s9", "2026-01-01T00:00:00Z", "FAILED")});
  EXPECT_THAT(Texts(broken.exported.left_out),
              ElementsAre("deployment 'orders': it begins from snapshot 's9', which is not "
                          "completed",
                          "snapshot 's9': the snapshot is not completed"));
}

TEST(FlinkOperatorWriter, TheClaimModeHasTheNameThatTheVersionOfFlinkKnows) {
  const auto configuration = [](const char* engine, const char* conf, const char* mode) {
    Document job = Orders();
    job.entity.body["engineVersion"] = engine;
    job.entity.body["flinkConf"] = Json::parse(conf);
    return Write({job}, {.claim_mode = mode})
        .Of("FlinkDeployment")["spec"]
        .value("flinkConfiguration", Json::object());
  };
  const char* both = R"({"execution.savepoint-restore-mode": "CLAIM",
                         "execution.state-recovery.claim-mode": "CLAIM"})";
  const Json old = {{"execution.savepoint-restore-mode", "NO_CLAIM"}};
  const Json renamed = {{"execution.state-recovery.claim-mode", "NO_CLAIM"}};
  EXPECT_EQ(configuration("vvr-8.0.5-flink-1.17", "{}", "NO_CLAIM"), old);
  EXPECT_EQ(configuration("flink-1.19", both, "NO_CLAIM"), old);
  EXPECT_EQ(configuration("flink-1.20", both, "NO_CLAIM"), renamed);
  EXPECT_EQ(configuration("flink-2.0", both, "NO_CLAIM"), renamed);
  EXPECT_EQ(configuration("flink-1.19", both, ""), Json::parse(both));
}

TEST(FlinkOperatorWriter, ASessionJobIsTakenOverAsItsClusterIs) {
  Document cluster = Make("session-cluster", "shared", R"({"engineVersion": "flink-1.18"})");
  Document job = Orders();
  job.entity.body["engineVersion"] = "";
  job.entity.body["deploymentTarget"] = {{"mode", "SESSION"}, {"name", "shared"}};
  EXPECT_EQ(
      Write({cluster, job})
          .Of("FlinkSessionJob")["spec"]["flinkConfiguration"]["execution.savepoint-restore-mode"],
      "NO_CLAIM");
}

TEST(FlinkOperatorWriter, AllowsNonRestoredStateWhereTheStrategyDoes) {
  Document job = Orders();
  job.entity.body["restoreStrategy"] = {{"kind", "LATEST_STATE"}, {"allowNonRestoredState", true}};
  const Written written = Write({job, Snapshot("s1", "2026-01-01T00:00:00Z")});
  EXPECT_EQ(written.Of("FlinkDeployment")["spec"]["job"]["allowNonRestoredState"], true);
}

TEST(FlinkOperatorWriter, SaysThatASessionClusterIsNotInTheExport) {
  const Document cluster = Make("session-cluster", "Shared", R"({"engineVersion": "flink-1.18"})");
  Document job = Orders();
  job.entity.body["deploymentTarget"] = {{"mode", "SESSION"}, {"name", "Shared"}};
  const Written alone = Write({job}, {.others = std::vector{cluster}});
  EXPECT_EQ(alone.Of("FlinkSessionJob")["spec"]["deploymentName"], "shared");
  EXPECT_THAT(Texts(alone.exported.changed),
              ElementsAre("deployment 'orders': its session cluster 'Shared' is not in this "
                          "export: make sure that FlinkDeployment 'shared' is there before it"));
  EXPECT_THAT(Texts(Write({job}).exported.changed),
              ElementsAre("deployment 'orders': the project has no session cluster 'Shared': make "
                          "sure that FlinkDeployment 'shared' is there before it"));
  EXPECT_THAT(Texts(Write({job, cluster}).exported.changed),
              ElementsAre("session-cluster 'Shared': is called 'shared' in Kubernetes"));
}

TEST(FlinkOperatorWriter, NamesTheFieldsThatItHasNoPlaceFor) {
  Document job = Orders();
  Json& body = job.entity.body;
  body["description"] = "d";
  body["executionMode"] = "STREAMING";
  body["deploymentTarget"] = {{"mode", "PER_JOB"}, {"name", "default-queue"}};
  body["logging"] = {{"loggingProfile", "oss"}};
  body["streamingResourceSetting"] = {{"resourceSettingMode", "EXPERT"}};
  body["restoreStrategy"] = {{"kind", "NONE"}, {"jobStartTimeInMs", 1}};
  body["creator"] = "alice";
  body["mine"] = 1;
  Document snapshot = Snapshot("s1", "2026-01-01T00:00:00Z");
  snapshot.entity.body["description"] = "before the upgrade";
  EXPECT_THAT(Texts(Write({job, snapshot}).exported.changed),
              ElementsAre("deployment 'orders': the form has no place for description, "
                          "logging.loggingProfile, streamingResourceSetting.resourceSettingMode, "
                          "restoreStrategy.jobStartTimeInMs, mine",
                          "snapshot 's1': the form has no place for description"));
}

TEST(FlinkOperatorWriter, MapsDirectoriesAndSnapshots) {
  FlinkOperatorOptions options{.kubernetes_namespace = "dr", .claim_mode = ""};
  options.map = {{*storage::ParseLocation("s3://old"), *storage::ParseLocation("s3://new/x")}};
  const Written written = Write({Orders(), Snapshot("s1", "2026-01-01T00:00:00Z")}, options);
  const Json& deployment = written.Of("FlinkDeployment");
  EXPECT_EQ(deployment["metadata"]["namespace"], "dr");
  EXPECT_EQ(
      deployment["spec"]["flinkConfiguration"],
      Json::parse(R"({"parallelism.default": "2", "state.savepoints.dir": "s3://new/x/sp"})"));
  EXPECT_EQ(deployment["spec"]["job"]["initialSavepointPath"], "s3://new/x/sp/s1");
}

TEST(FlinkOperatorWriter, OptionsOfBucketsAreNoPartOfPlaces) {
  FlinkOperatorOptions options;
  options.map = {{*storage::ParseLocation("s3://old"),
                  *storage::ParseLocation("s3://new/x?endpoint=http://minio:9000")}};
  Document orders = Orders(), snapshot = Snapshot("s1", "2026-01-01T00:00:00Z");
  orders.entity.body["artifact"]["jarUri"] = "oss://b/o.jar?region=cn-hangzhou";
  const Written mapped = Write({orders, snapshot}, options);
  EXPECT_EQ(mapped.Of("FlinkDeployment")["spec"]["job"]["jarURI"], "oss://b/o.jar");
  EXPECT_EQ(mapped.Of("FlinkStateSnapshot")["spec"]["savepoint"]["path"], "s3://new/x/sp/s1");
  snapshot.entity.body["savepointLocation"] = "oss://b/sp/s1?region=cn-hangzhou";
  EXPECT_EQ(Write({orders, snapshot}).Of("FlinkDeployment")["spec"]["job"]["initialSavepointPath"],
            "oss://b/sp/s1");
  orders.entity.body["kubernetes"] = {
      {"spec", {{"job", {{"initialSavepointPath", "s3://old/first"}}}}}};
  EXPECT_EQ(Write({orders}, options).Of("FlinkDeployment")["spec"]["job"]["initialSavepointPath"],
            "s3://new/x/first");
}

// A clone into managed storage redirects the directories of its jobs there (C-33).
TEST(FlinkOperatorWriter, C_33_SaysWhichDirectoriesFlinkCannotWriteTo) {
  Document orders = Orders();
  orders.entity.body["flinkConf"]["state.checkpoints.dir"] = "managed:///store/p/cp";
  orders.entity.body["flinkConf"]["taskmanager.memory.managed.size"] = "1g";
  EXPECT_THAT(Texts(Write({orders}).exported.changed),
              ElementsAre(AllOf(HasSubstr("deployment 'orders': Flink cannot write to "
                                          "'managed:///store/p/cp' (state.checkpoints.dir)"),
                                HasSubstr("--map"))));
}

TEST(FlinkOperatorWriter, ReportsEveryEntityThatTheFormCannotExpress) {
  const Written written = Write(
      {Make("variable", "topic", R"({"kind": "Plain", "value": "v"})"), Make("draft", "d", "{}"),
       Make("deployment", "sql", R"({"artifact": {"kind": "SQLSCRIPT", "sqlScript": "x"}})"),
       Make("deployment", "odd", R"({"artifact": {"kind": "JAR", "jarUri": "a:b"},
                                     "engineVersion": "8.0.5"})"),
       Snapshot("s1", "2026-01-01T00:00:00Z")});
  EXPECT_EQ(written.exported.text, "");
  EXPECT_THAT(
      Texts(written.exported.left_out),
      ElementsAre("variable 'topic': the operator has no resource for a variable",
                  "draft 'd': the operator has no resource for a draft",
                  "deployment 'odd': its engine '8.0.5' names no Flink version",
                  "deployment 'sql': the operator runs jars; this is a SQLSCRIPT deployment",
                  "snapshot 's1': its deployment is not in the export"));
}

TEST(FlinkOperatorWriter, RenamesWhatKubernetesWouldRefuseAndSaysSo) {
  Document upper = Orders();
  upper.entity.key.name = "Orders_Daily";
  Document snapshot = Snapshot("s1", "2026-01-01T00:00:00Z");
  snapshot.entity.body["deployment"] = "Orders_Daily";
  const Written written = Write({upper, snapshot});
  EXPECT_EQ(written.Of("FlinkDeployment")["metadata"]["name"], "orders-daily");
  EXPECT_EQ(written.Of("FlinkStateSnapshot")["spec"]["jobReference"]["name"], "orders-daily");
  EXPECT_THAT(Texts(written.exported.changed),
              ElementsAre("deployment 'Orders_Daily': is called 'orders-daily' in Kubernetes"));
}

TEST(FlinkOperatorWriter, SaysWhichFilesFlinkCannotReach) {
  Document orders = Orders();
  orders.entity.body["artifact"]["jarUri"] = "jars/o.jar";
  orders.entity.body["artifact"]["additionalDependencies"] = {"a.jar", "b.jar"};
  const auto changed = Texts(Write({orders}).exported.changed);
  EXPECT_THAT(changed, ElementsAre(HasSubstr("'jars/o.jar' is a path in the project's storage"),
                                   HasSubstr("its 2 additional dependencies have no field")));
}

TEST(FlinkOperatorWriter, KeepsUnknownFieldsAndDropsNoncesAndServerFields) {
  Manifest manifest;
  ReadFlinkOperator(
      "apiVersion: flink.apache.org/v1beta1\n"
      "kind: FlinkDeployment\n"
      "metadata:\n"
      "  name: orders\n"
      "  uid: 7c6f\n"
      "  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}', mine: kept}\n"
      "spec:\n"
      "  flinkVersion: v1_20\n"
      "  image: i\n"
      "  serviceAccount: own\n"
      "  restartNonce: 3\n"
      "  podTemplate: {spec: {containers: [{name: flink-main-container}]}}\n"
      "  jobManager: {replicas: 2, resource: {cpu: 0.5, memory: 2048m}}\n"
      "  job: {jarURI: 'local:///j.jar', parallelism: 3, state: running, upgradeMode: last-state,\n"
      "        savepointTriggerNonce: 1, checkpointTriggerNonce: 2, autoscalerResetNonce: 3,\n"
      "        args: ['on', 'a\"b', '']}\n"
      "status: {jobStatus: {state: RUNNING, jobId: j}}\n",
      "k.yaml", manifest);
  ASSERT_TRUE(manifest.problems.empty());
  const Written written = Write(manifest.documents);
  EXPECT_EQ(written.Of("FlinkDeployment"), Json::parse(R"({
      "apiVersion": "flink.apache.org/v1beta1", "kind": "FlinkDeployment",
      "metadata": {"name": "orders", "annotations": {"mine": "kept"}},
      "spec": {"flinkVersion": "v1_20",
               "job": {"jarURI": "local:///j.jar", "args": ["on", "a\"b", ""], "parallelism": 3,
                       "state": "suspended", "upgradeMode": "last-state"},
               "serviceAccount": "own",
               "jobManager": {"replicas": 2, "resource": {"cpu": 0.5, "memory": "2048m"}},
               "taskManager": {"resource": {"cpu": 1, "memory": "2048m"}},
               "flinkConfiguration": {"execution.state-recovery.claim-mode": "NO_CLAIM"},
               "image": "i",
               "podTemplate": {"spec": {"containers": [{"name": "flink-main-container"}]}}}})"));
  // Kubernetes reads YAML 1.1, where a bare `on` is a boolean.
  EXPECT_THAT(written.exported.text, HasSubstr("\"on\""));
}

TEST(FlinkOperatorWriter, BlueGreenDeploymentsKeepTheirTemplate) {
  Manifest manifest;
  ReadFlinkOperator(
      "apiVersion: flink.apache.org/v1beta1\n"
      "kind: FlinkBlueGreenDeployment\n"
      "metadata: {name: bg}\n"
      "spec:\n"
      "  configuration: {a: b}\n"
      "  template: {spec: {flinkVersion: v1_20, job: {jarURI: 'local:///j.jar'}}}\n",
      "k.yaml", manifest);
  Document snapshot = Snapshot("s1", "2026-01-01T00:00:00Z");
  snapshot.entity.body["deployment"] = "bg";
  manifest.documents.push_back(snapshot);
  const Written written = Write(manifest.documents);
  const Json& resource = written.Of("FlinkBlueGreenDeployment");
  EXPECT_EQ(resource["spec"]["configuration"]["a"], "b");
  EXPECT_FALSE(resource["spec"].contains("job"));
  EXPECT_EQ(resource["spec"]["template"]["spec"]["job"]["initialSavepointPath"], "s3://old/sp/s1");
  EXPECT_EQ(resource["spec"]["template"]["spec"]["job"]["state"], "suspended");
  // Jobs that snapshots can be of are the two that the operator makes of it; blue is the first.
  EXPECT_EQ(written.Of("FlinkStateSnapshot")["spec"]["jobReference"],
            Json::parse(R"({"kind": "FlinkDeployment", "name": "bg-blue"})"));
}

TEST(FlinkOperatorWriter, WritesWhatItReadAlsoWhereThatIsNull) {
  Manifest manifest;
  ReadFlinkOperator(
      "apiVersion: flink.apache.org/v1beta1\n"
      "kind: FlinkDeployment\n"
      "metadata: {name: orders}\n"
      "spec:\n"
      "  flinkVersion: v1_20\n"
      "  podTemplate: {spec: {nodeName: null, volumes: [{name: v, emptyDir: {}}]}}\n"
      "  job: {jarURI: 'local:///j.jar', initialSavepointPath: 's3://old/first'}\n",
      "k.yaml", manifest);
  FlinkOperatorOptions options;
  options.map = {{*storage::ParseLocation("s3://old"), *storage::ParseLocation("s3://new")}};
  const Json resource = Write(manifest.documents, options).Of("FlinkDeployment");
  EXPECT_EQ(
      resource["spec"]["podTemplate"],
      Json::parse(R"({"spec": {"nodeName": null, "volumes": [{"name": "v", "emptyDir": {}}]}})"));
  EXPECT_EQ(resource["spec"]["job"]["initialSavepointPath"], "s3://new/first");
}

/// One that was imported with an initialSavepointPath.
Document FromFirst(std::string_view strategy = "") {
  Document job = Orders();
  job.entity.body["kubernetes"] = {{"spec", {{"job", {{"initialSavepointPath", "s3://first"}}}}}};
  if (!strategy.empty()) job.entity.body["restoreStrategy"] = Json::parse(strategy);
  return job;
}
Json BeginOf(const Written& written) {
  const Json& job = written.Of("FlinkDeployment")["spec"]["job"];
  return job.contains("initialSavepointPath") ? job["initialSavepointPath"] : Json();
}

TEST(FlinkOperatorWriter, SaysThatASnapshotStandsForTheFirstSavepoint) {
  const Document run = Make("job", "j", R"({"deployment": "orders"})");
  for (const char* strategy : {"", R"({"kind": "LATEST_STATE", "allowNonRestoredState": true})"}) {
    const Written written =
        Write({FromFirst(strategy), Snapshot("s1", "2026-01-01T00:00:00Z"), run});
    EXPECT_EQ(BeginOf(written), "s3://old/sp/s1");
    EXPECT_THAT(Texts(written.exported.changed),
                ElementsAre("deployment 'orders': begins from its newest snapshot 's1', no longer "
                            "from the initialSavepointPath 's3://first'"))
        << strategy;
  }
  const Written named = Write({FromFirst(R"({"kind": "FROM_SAVEPOINT", "savepointId": "s1"})"),
                               Snapshot("s1", "2026-01-01T00:00:00Z"), run});
  EXPECT_EQ(BeginOf(named), "s3://old/sp/s1");
  EXPECT_THAT(Texts(named.exported.changed), ElementsAre());
}

TEST(FlinkOperatorWriter, AJobThatHasNotRunBeginsFromItsInitialSavepointPath) {
  const Written written = Write({FromFirst(), Snapshot("s1", "2026-01-01T00:00:00Z")});
  EXPECT_EQ(BeginOf(written), "s3://first");
  EXPECT_THAT(Texts(written.exported.changed), ElementsAre());
  // A run outside of the export counts.
  const std::vector<Document> others = {Make("job", "j", R"({"deployment": "orders"})")};
  EXPECT_EQ(
      BeginOf(Write({FromFirst(), Snapshot("s1", "2026-01-01T00:00:00Z")}, {.others = others})),
      "s3://old/sp/s1");
}

TEST(FlinkOperatorWriter, SaysThatAJobNoLongerBeginsFromItsInitialSavepointPath) {
  const Written written = Write({FromFirst(R"({"kind": "NONE"})")});
  EXPECT_EQ(BeginOf(written), Json());
  EXPECT_THAT(Texts(written.exported.changed),
              ElementsAre("deployment 'orders': begins anew, no longer from the "
                          "initialSavepointPath 's3://first'"));
}

TEST(KubernetesName, IsLegalFreeAndTheSameEveryTime) {
  const std::string longest(45, 'a'), longer(46, 'a');
  EXPECT_EQ(KubernetesName("orders-2", {}), "orders-2");
  EXPECT_EQ(KubernetesName(longest, {}), longest);
  EXPECT_EQ(KubernetesName(longer, {}).size(), 45u);
  EXPECT_EQ(KubernetesName(longer, {}), KubernetesName(longer, {}));
  EXPECT_NE(KubernetesName(longer, {}), KubernetesName(longer + "a", {}));
  EXPECT_EQ(KubernetesName("7days", {}), "j7days");
  EXPECT_EQ(KubernetesName("日本", {}), "job");
  const std::string second = KubernetesName("Orders", {"orders"});
  EXPECT_THAT(second, HasSubstr("orders-"));
  EXPECT_NE(KubernetesName("Orders", {"orders", second}), second);
}

TEST(FlinkOperatorWriter, WritesMachinesInPlaceOfWhatIsNoMap) {
  Document orders = Orders();
  orders.entity.body["kubernetes"] = Json::parse(
      R"({"metadata": "x", "spec": {"jobManager": "x", "taskManager": [1], "job": 7}})");
  const Written written = Write({orders});
  const Json& spec = written.Of("FlinkDeployment")["spec"];
  EXPECT_EQ(spec["jobManager"]["resource"]["cpu"], 1);
  EXPECT_EQ(spec["taskManager"]["resource"]["memory"], "2048m");
}

}  // namespace
}  // namespace stateferry::state::manifest
