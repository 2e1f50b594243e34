#include "state/entities/job_fields.h"

#include <algorithm>

namespace stateferry::state::entities {

namespace {
constexpr std::string_view kKind = "artifact/kind";
}

std::vector<Field> ArtifactFields(std::initializer_list<std::string_view> kinds) {
  const Field::When sql{kKind, "SQLSCRIPT"}, jar{kKind, "JAR"}, python{kKind, "PYTHON"},
      cdc{kKind, "CDCYAML"};
  std::vector<Field> fields = {
      {.path = "artifact", .type = FieldType::kObject, .required = true},
      {.path = kKind, .required = true, .choices = kinds},
      {.path = "artifact/sqlScript", .required = true, .role = FieldRole::kSql, .when = sql},
      {.path = "artifact/cdcYaml", .required = true, .role = FieldRole::kYaml, .when = cdc},
      {.path = "artifact/jarUri", .required = true, .role = FieldRole::kFile, .when = jar},
      {.path = "artifact/entryClass", .when = jar},
      {.path = "artifact/pythonArtifactUri",
       .required = true,
       .role = FieldRole::kFile,
       .when = python},
      {.path = "artifact/entryModule", .when = python},
      {.path = "artifact/mainArgs", .role = FieldRole::kText},
      {.path = "artifact/additionalDependencies", .type = FieldType::kList},
      {.path = "artifact/additionalDependencies/*", .role = FieldRole::kFile},
      {.path = "artifact/additionalPythonLibraries", .type = FieldType::kList, .when = python},
      {.path = "artifact/additionalPythonLibraries/*", .role = FieldRole::kFile, .when = python},
      {.path = "artifact/additionalPythonArchives", .type = FieldType::kList, .when = python},
      {.path = "artifact/additionalPythonArchives/*", .role = FieldRole::kFile, .when = python},
  };
  std::erase_if(fields, [&](const Field& field) {
    return !field.when.path.empty() &&
           std::find(kinds.begin(), kinds.end(), field.when.value) == kinds.end();
  });
  return fields;
}

std::vector<Field> FlinkConfFields() {
  std::vector<Field> fields = {
      {.path = "flinkConf", .type = FieldType::kObject},
      {.path = "flinkConf/*", .type = FieldType::kScalar, .role = FieldRole::kText},
  };
  // Old and new spellings: Flink 1.20 and 2.0 renamed the options of checkpointing.
  for (const std::string_view path :
       {"flinkConf/state.checkpoints.dir", "flinkConf/state.savepoints.dir",
        "flinkConf/execution.checkpointing.dir", "flinkConf/execution.checkpointing.savepoint-dir",
        "flinkConf/high-availability.storageDir"})
    fields.push_back({.path = path, .role = FieldRole::kDirectory});
  return fields;
}

std::vector<Field> CommonJobFields() {
  return {
      {.path = "labels", .type = FieldType::kObject},
      {.path = "labels/*", .type = FieldType::kScalar},
      {.path = "logging", .type = FieldType::kObject},
      {.path = "localVariables", .type = FieldType::kList},
      {.path = "localVariables/*", .type = FieldType::kObject},
      {.path = "localVariables/*/name", .required = true},
      {.path = "localVariables/*/value", .type = FieldType::kScalar, .role = FieldRole::kText},
      {.path = "description"},
  };
}

std::vector<Field> Joined(std::initializer_list<std::vector<Field>> tables) {
  std::vector<Field> all;
  for (const auto& table : tables) all.insert(all.end(), table.begin(), table.end());
  return all;
}

}  // namespace stateferry::state::entities
