#include <fmt/format.h>

#include "state/snapshot/snapshot.h"

namespace stateferry::state::snapshot {
namespace {

std::string_view KindName(SnapshotKind kind) {
  switch (kind) {
    case SnapshotKind::kFlink: return "flink";
    case SnapshotKind::kRocksDbDir: return "rocksdb";
    case SnapshotKind::kPlainTree: return "tree";
  }
  return "";
}

}  // namespace

std::string_view FileKindName(FileKind kind) {
  switch (kind) {
    case FileKind::kAbsolute: return "file";
    case FileKind::kRelative: return "relative";
    case FileKind::kSegment: return "segment";
  }
  return "";
}

Json PathToJson(const storage::Location& location) {
  const std::string path = location.ToString();
  Json json = {{"path", path}};
  // Bytes that are not UTF-8 are replaced, and do not come back.
  if (const auto back = ParseJson(DumpJson(json)); back && *back == json) return json;
  std::string hex;
  for (const char c : path) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  json["pathBytes"] = hex;
  return json;
}

Json ToJson(const SnapshotFile& file) {
  Json json = PathToJson(file.location);
  json.update({{"sizeBytes", file.size_bytes},
               {"sizeExact", file.size_exact},
               {"kind", FileKindName(file.kind)},
               {"operator", file.operator_name},
               {"operatorId", file.operator_id},
               {"outside", file.outside},
               {"exists", nullptr}});
  if (file.exists) json["exists"] = *file.exists;
  if (!(file.read_from == file.location)) json["readFrom"] = file.read_from.ToString();
  if (!file.problem.empty()) json["problem"] = file.problem;
  if (file.repaired) json["repaired"] = true;
  return json;
}

Json ToJson(const OperatorInfo& op) {
  return {{"id", op.id},
          {"name", op.name},
          {"uid", op.uid},
          {"parallelism", op.parallelism},
          {"maxParallelism", op.max_parallelism},
          {"subtasksWithState", op.subtasks_with_state},
          {"fullyFinished", op.fully_finished},
          {"managedKeyedBytes", op.managed_keyed_bytes},
          {"rawKeyedBytes", op.raw_keyed_bytes},
          {"managedOperatorBytes", op.managed_operator_bytes},
          {"rawOperatorBytes", op.raw_operator_bytes},
          {"channelBytes", op.channel_bytes},
          {"coordinatorBytes", op.coordinator_bytes}};
}

Json ToJson(const Snapshot& snapshot) {
  Json json = {{"kind", KindName(snapshot.kind)},
               {"directory", snapshot.directory.ToString()},
               {"metadataName", snapshot.metadata_name},
               {"metadataVersion", snapshot.metadata_version},
               {"metadataBytes", snapshot.metadata_bytes},
               {"checkpointId", nullptr},
               {"snapshotType", snapshot.type},
               {"operators", snapshot.operators.size()},
               {"inlineBytes", snapshot.inline_bytes},
               {"warnings", snapshot.warnings}};
  if (snapshot.checkpoint_id >= 0) json["checkpointId"] = snapshot.checkpoint_id;
  return json;
}

}  // namespace stateferry::state::snapshot
