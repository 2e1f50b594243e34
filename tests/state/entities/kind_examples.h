#pragma once
// One whole entity of each kind: every field of its table, with something in it.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "state/entities/kinds.h"

namespace stateferry::state::entities {

inline Json Parsed(const std::string& text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json) << text;
  return json ? *json : Json::object();
}

/// What deployments, drafts and session clusters have alike.
inline const char* kCommon = R"(
  "flinkConf": {"parallelism.default": 4, "state.backend": "rocksdb",
                "state.checkpoints.dir": "s3://old/p/cp", "state.savepoints.dir": "s3://old/p/sp",
                "execution.checkpointing.dir": "s3://old/p/cp",
                "execution.checkpointing.savepoint-dir": "s3://old/p/sp",
                "high-availability.storageDir": "s3://old/p/ha"},
  "labels": {"team": "orders", "tier": 1}, "logging": {"loggingProfile": "default"},
  "localVariables": [{"name": "topic", "value": "orders"}], "description": "d",
  "engineVersion": "vvr-8.0.5-flink-1.17")";

/// `variant`: of kinds whose fields depend on others; the first one of a kind is "".
inline std::map<std::string, std::map<std::string, Entity>> KindExamples() {
  const std::string common = std::string(kCommon) + ", ";
  std::map<std::string, std::map<std::string, Entity>> all;
  const auto add = [&](const std::string& kind, const std::string& variant, const std::string& name,
                       const std::string& body) {
    all[kind][variant] = {{kind, name}, Parsed("{" + body + "}")};
  };
  add("region", "", "cn-hangzhou", R"("description": "d")");
  add("workspace", "", "ws-a",
      R"("region": "cn-hangzhou", "architecture": "x86", "storage": {"bucket": "s3://old/ws-a"},
         "members": [{"name": "alice", "role": "OWNER", "grants": ["clone"]}], "description": "d")");
  add("workspace", "managed", "ws-b",
      R"("region": "cn-hangzhou", "architecture": "arm",
         "storage": {"managed": "managed:///srv/store"})");
  add("project", "", "ws-a/prod",
      R"("defaultQueue": "q", "labels": {"a": "b"}, "description": "d")");
  add("queue", "", "default-queue", R"("quota": {"limit": {"cpu": 10}}, "description": "d")");
  add("member", "", "alice", R"("role": "EDITOR", "grants": ["clone"], "description": "d")");
  add("variable", "", "kafka_password", R"("kind": "Encrypted", "description": "d")");
  add("variable", "plain", "topic", R"("kind": "Plain", "value": "orders", "description": "d")");
  add("resource-file", "", "jars/orders.jar",
      R"("uri": "s3://old/p/files/jars/orders.jar", "sizeBytes": 10,
         "hash": "xxh3-128:00112233445566778899aabbccddeeff", "description": "d")");
  add("udf-artifact", "", "orders-udfs",
      R"("artifactType": "ARTIFACT_TYPE_JAVA", "jarUrl": "s3://old/p/files/udf.jar",
         "dependencyJarUris": ["s3://old/p/files/dep.jar"], "description": "d",
         "udfClasses": [{"className": "a.Hash", "classType": "SCALAR",
                         "functionNames": ["hash_it"]}])");
  add("udf-function", "", "hash_it",
      R"("udfArtifactName": "orders-udfs", "className": "a.Hash", "description": "d")");
  add("connector", "", "my-mysql",
      R"("type": "t", "lookup": true, "source": true, "sink": false, "supportedFormats": ["json"],
         "properties": [{"key": "url", "required": true, "sensitive": false, "defaultValue": "x"}],
         "dependencies": ["s3://old/p/files/c.jar"], "description": "d")");
  add("catalog", "", "hive_prod",
      R"("properties": {"type": "hive", "password": "${secret_values.hive}"}, "description": "d",
         "databases": [{"name": "db", "tables": [{"name": "t", "schema": {"columns": []},
            "partitionKeys": ["ds"], "tableType": "MANAGED", "properties": {"path": "x"}}]}])");
  add("session-cluster", "", "preview",
      common + R"("deploymentTargetName": "default-queue", "basicResourceSetting": {"p": 1})");
  add("folder", "", "orders/daily", R"("description": "d")");
  add("draft", "", "orders_draft",
      common + R"("executionMode": "STREAMING", "folder": "orders/daily", "version": 3,
         "referencedDeployment": "orders",
         "artifact": {"kind": "SQLSCRIPT", "sqlScript": "SELECT 3", "mainArgs": "a",
                      "additionalDependencies": ["s3://old/p/files/d.jar"]},
         "history": [{"version": 1, "artifact": {"kind": "SQLSCRIPT", "sqlScript": "SELECT 1"}},
                     {"version": 2, "artifact": {"kind": "SQLSCRIPT", "sqlScript": "SELECT 2"}}])");
  add("draft", "cdc", "orders_cdc",
      common + R"("artifact": {"kind": "CDCYAML", "cdcYaml": "source: {}"})");
  add("query-script", "", "orders/top",
      R"("sqlScript": "SELECT 1", "sessionClusterName": "preview", "batchMode": true,
         "description": "d")");
  const std::string job = common +
                          R"("executionMode": "STREAMING", "referencedDraft": "orders_draft",
         "streamingResourceSetting": {"resourceSettingMode": "BASIC"},
         "batchResourceSetting": {"maxSlot": 4}, )";
  add("deployment", "", "orders",
      job + R"("deploymentTarget": {"mode": "PER_JOB", "name": "default-queue"},
         "restoreStrategy": {"kind": "FROM_SAVEPOINT", "savepointId": "sp-1",
                             "allowNonRestoredState": true},
         "artifact": {"kind": "SQLSCRIPT", "sqlScript": "SELECT 1", "mainArgs": "a",
                      "additionalDependencies": ["s3://old/p/files/d.jar"]})");
  add("deployment", "session", "orders-jar",
      job + R"("deploymentTarget": {"mode": "SESSION", "name": "preview"},
         "restoreStrategy": {"kind": "NONE", "jobStartTimeInMs": 1700000000000},
         "artifact": {"kind": "JAR", "jarUri": "s3://old/p/files/o.jar", "entryClass": "a.Main"})");
  add("deployment", "python", "orders-py",
      job + R"("artifact": {"kind": "PYTHON", "pythonArtifactUri": "s3://old/p/files/o.py",
         "entryModule": "m", "additionalPythonLibraries": ["s3://old/p/files/l.zip"],
         "additionalPythonArchives": ["s3://old/p/files/a.zip"]})");
  add("deployment", "cdc", "orders-cdc",
      job + R"("artifact": {"kind": "CDCYAML", "cdcYaml": "source: {}"})");
  add("snapshot", "", "sp-1",
      R"("deployment": "orders", "savepointLocation": "s3://old/p/sp/sp-1", "jobId": "j-1",
         "savepointOrigin": "USER_REQUEST", "status": {"state": "COMPLETED"},
         "createdAt": "2026-11-20T23:51:19.123Z", "nativeFormat": true,
         "stopWithDrainEnabled": false, "description": "d")");
  add("job", "", "j-1",
      R"("deployment": "orders", "status": {"currentJobStatus": "RUNNING"},
         "restoreStrategy": {"kind": "NONE"}, "userFlinkConf": {})");
  add("scheduled-plan", "", "nightly",
      R"("deployment": "orders", "periodicSchedulingPolicies": [{"cron": "0 0 * * *"}],
         "description": "d")");
  add("alert", "", "lag",
      R"("deployment": "orders", "rule": {"metric": "lag"}, "description": "d")");
  return all;
}

}  // namespace stateferry::state::entities
