// What is exported is what the operator takes: tests/data/flink-operator.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <set>

#include "state/manifest/flink_operator.h"
#include "state/manifest/yaml_reader.h"
#include "tests/fakes/source_dir.h"

namespace stateferry::state::manifest {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The part of JSON schema that the file uses.
class Checker {
 public:
  std::vector<std::string> Check(const Json& value, const Json& schema) {
    Visit(value, schema, "");
    return std::move(breaks_);
  }

 private:
  void Visit(const Json& value, const Json& schema, const std::string& at) {
    const std::string type = schema.value("type", "");
    const bool fits =
        type.empty() || (type == "string" && value.is_string()) ||
        (type == "integer" && value.is_number_integer()) ||
        (type == "number" && value.is_number()) || (type == "boolean" && value.is_boolean()) ||
        (type == "object" && value.is_object()) || (type == "array" && value.is_array());
    if (!fits) return Break(at, "is no " + type);
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
      Break(at, "is not one of " + schema["enum"].dump());
    if (value.is_string()) VisitText(value.get<std::string>(), schema, at);
    if (schema.contains("minimum") && value < schema["minimum"]) Break(at, "is too small");
    if (value.is_array() && schema.contains("items"))
      for (const Json& item : value) Visit(item, schema["items"], at + "/*");
    if (value.is_object()) VisitFields(value, schema, at);
  }

  void VisitText(const std::string& text, const Json& schema, const std::string& at) {
    if (schema.contains("pattern") &&
        !std::regex_search(text, std::regex(schema["pattern"].get<std::string>())))
      Break(at, fmt::format("'{}' does not match", text));
    if (text.size() > schema.value("maxLength", 1u << 20)) Break(at, "is too long");
    if (text.size() < schema.value("minLength", 0u)) Break(at, "is too short");
  }

  void VisitFields(const Json& value, const Json& schema, const std::string& at) {
    const Json fields = schema.value("properties", Json::object());
    const Json others = schema.value("additionalProperties", Json(true));
    for (const Json& field : schema.value("required", Json::array()))
      if (!value.contains(field.get<std::string>())) Break(at, "lacks " + field.dump());
    for (const auto& [name, inner] : value.items()) {
      const std::string below = at + '/' + name;
      if (fields.contains(name))
        Visit(inner, fields[name], below);
      else if (others == false)
        Break(below, "is unknown");
      else if (others.is_object())
        Visit(inner, others, below);
    }
  }

  void Break(const std::string& at, const std::string& what) { breaks_.push_back(at + ' ' + what); }

  std::vector<std::string> breaks_;
};

std::vector<std::string> Breaks(const Json& resource) {
  std::ifstream file(fakes::SourceDir() + "/tests/data/flink-operator/schema.json");
  const Json schemas = Json::parse(file);
  const std::string kind = resource.value("kind", "");
  if (!schemas.contains(kind)) return {"unknown kind " + kind};
  return Checker().Check(resource, schemas[kind]);
}

/// Everything that the form can express, in odd ways.
std::vector<Document> Everything() {
  Manifest manifest;
  ReadFlinkOperator(R"(
apiVersion: flink.apache.org/v1beta1
kind: FlinkDeployment
metadata: {name: shared, uid: u, finalizers: [f], managedFields: [{manager: m}]}
spec: {flinkVersion: v1_20, serviceAccount: own, flinkConfiguration: {rest: {port: 8081}}}
---
apiVersion: flink.apache.org/v1beta1
kind: FlinkSessionJob
metadata: {name: report}
spec: {deploymentName: shared, restartNonce: 4,
       job: {jarURI: 'https://host/r.jar', savepointTriggerNonce: 2}}
---
apiVersion: flink.apache.org/v1beta1
kind: FlinkBlueGreenDeployment
metadata: {name: bg}
spec:
  configuration: {kubernetes.operator.bluegreen.abort.grace-period: 10 min}
  template: {spec: {flinkVersion: v2_0, job: {jarURI: 'local:///j.jar', state: running}}}
)",
                    "k.yaml", manifest);
  EXPECT_THAT(manifest.problems, IsEmpty());
  const auto add = [&](const char* kind, const std::string& name, Json body) {
    manifest.documents.push_back({.entity = {{kind, name}, std::move(body)}});
  };
  const std::string odd = "Ünïcode_Job." + std::string(60, 'x');
  for (const std::string& name : {std::string("plain"), odd})
    add("deployment", name,
        {{"engineVersion", "vvr-8.0.11-flink-1.17"},
         {"artifact", {{"kind", "JAR"}, {"jarUri", "s3://b/j.jar"}, {"mainArgs", "--a 'b c'"}}},
         {"labels", {{"cost", 7}}},
         {"flinkConf", {{"parallelism.default", 2}, {"object.reuse", true}}},
         {"streamingResourceSetting",
          {{"basicResourceSetting",
            {{"parallelism", 3},
             {"taskmanagerResourceSettingSpec", {{"cpu", 2}, {"memory", "8 GiB"}}}}}}}});
  for (const std::string& owner : {std::string("plain"), odd, std::string("report")})
    add("snapshot", "Of_" + owner,
        {{"deployment", owner},
         {"savepointLocation", "s3://b/sp"},
         {"status", {{"state", "COMPLETED"}}},
         {"createdAt", "2026-01-01T00:00:00Z"}});
  return manifest.documents;
}

TEST(FlinkOperatorSchema, EveryExportedResourceIsValid) {
  const Exported exported = WriteFlinkOperator(Everything(), {.kubernetes_namespace = "dr"});
  std::vector<Problem> problems;
  std::multiset<std::string> kinds;
  for (const auto& document : ReadYaml(exported.text, "out", problems)) {
    EXPECT_THAT(Breaks(document.value), IsEmpty()) << document.value.dump(1);
    kinds.insert(document.value["kind"]);
  }
  EXPECT_THAT(problems, IsEmpty());
  for (const Remark& each : exported.left_out) EXPECT_EQ(each.key.kind, "job");
  EXPECT_EQ(kinds.count("FlinkDeployment"), 3u);
  EXPECT_EQ(kinds.count("FlinkSessionJob"), 1u);
  EXPECT_EQ(kinds.count("FlinkBlueGreenDeployment"), 1u);
  EXPECT_EQ(kinds.count("FlinkStateSnapshot"), 3u);
}

TEST(FlinkOperatorSchema, ExportedSnapshotsAreReadAgainWithTheirAge) {
  Manifest again;
  ReadFlinkOperator(WriteFlinkOperator(Everything(), {}).text, "out", again);
  FinishFlinkOperator(again);
  EXPECT_THAT(again.problems, IsEmpty());
  std::multiset<std::string> times;
  for (const Document& document : again.documents)
    if (document.entity.key.kind == "snapshot") times.insert(document.entity.body["createdAt"]);
  EXPECT_EQ(times.count("2026-01-01T00:00:00Z"), 3u);
}

TEST(FlinkOperatorSchema, NoticesWhatTheOperatorWouldRefuse) {
  const Json good = [] {
    std::vector<Problem> problems;
    return ReadYaml(WriteFlinkOperator(Everything(), {}).text, "out", problems)[0].value;
  }();
  ASSERT_THAT(Breaks(good), IsEmpty());
  Json bad = good;
  bad["metadata"]["name"] = "Upper";
  bad["spec"]["flinkVersion"] = "v9_9";
  bad["spec"]["flinkConfiguration"]["a"] = 1;
  bad["spec"].erase("jobManager");
  bad["status"] = Json::object();
  EXPECT_THAT(Breaks(bad), ::testing::UnorderedElementsAre(
                               HasSubstr("'Upper' does not match"), HasSubstr("is not one of"),
                               HasSubstr("/a is no string"), HasSubstr("lacks \"jobManager\""),
                               HasSubstr("/status is unknown")));
}

}  // namespace
}  // namespace stateferry::state::manifest
