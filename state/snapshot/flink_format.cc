#include "state/snapshot/flink_format.h"

#include <fmt/format.h>

#include "state/snapshot/flink_files.h"
#include "state/snapshot/modified_utf8.h"
#include "state/snapshot/rocksdb_dir.h"

namespace stateferry::state::snapshot {
namespace {

class FlinkFormat final : public SnapshotFormat {
 public:
  SnapshotKind kind() const override { return SnapshotKind::kFlink; }

  Result<bool> Recognizes(storage::Places& places, const storage::Location& location,
                          const PathMap& map) const override {
    SourceObjects objects(places);
    SF_TRY(const auto found, FindMetadata(objects, location, map));
    return found.has_value();
  }

  Result<Snapshot> Inspect(storage::Places& places, const storage::Location& location,
                           const InspectOptions& options) const override {
    SourceObjects objects(places);
    SF_TRY(const auto found, FindMetadata(objects, location, options.map));
    if (!found)
      return Error(ErrorCode::kNotFound,
                   fmt::format("there is no {} in {}", kMetadataName, location.ToString()));
    SF_TRY(const FlinkSnapshot flink, ReadFlinkSnapshot(objects, *found));
    return DescribeFlinkSnapshot(objects, flink, options);
  }

  Result<RelocationPlan> PlanRelocation(storage::Places& places, const RelocateRequest& request,
                                        Layout layout, std::stop_token stop) const override {
    return PlanFlink(places, request, layout, std::move(stop));
  }

  Result<void> CheckMoved(storage::Places& places, const RelocateRequest& request,
                          const std::vector<LastObject>& last,
                          std::stop_token stop) const override {
    return CheckMovedFlink(places, request, last, std::move(stop));
  }

  Result<std::uint64_t> VerifyInside(storage::Places& places, const Snapshot& snapshot,
                                     std::stop_token stop,
                                     std::vector<std::string>& problems) const override {
    SourceObjects objects(places);
    return VerifySstsAmong(objects, snapshot.files, std::move(stop), problems);
  }
};

std::string TypeOf(const CheckpointProperties& properties) {
  if (properties.type_name.empty()) return "";
  if (!properties.is_savepoint) return "checkpoint";
  if (properties.format == "CANONICAL") return "savepoint-canonical";
  if (properties.format == "NATIVE") return "savepoint-native";
  return "savepoint";
}

OperatorInfo InfoOf(const Operator& op, const StateSizes& sizes) {
  OperatorInfo info{.id = OperatorIdText(op.id),
                    .name = PrintableText(ModifiedToUtf8(op.name)),
                    .uid = PrintableText(ModifiedToUtf8(op.uid)),
                    .parallelism = op.parallelism,
                    .max_parallelism = op.max_parallelism,
                    .fully_finished = op.fully_finished,
                    .managed_keyed_bytes = sizes.managed_keyed_bytes,
                    .raw_keyed_bytes = sizes.raw_keyed_bytes,
                    .managed_operator_bytes = sizes.managed_operator_bytes,
                    .raw_operator_bytes = sizes.raw_operator_bytes,
                    .channel_bytes = sizes.channel_bytes,
                    .coordinator_bytes = sizes.coordinator_bytes};
  for (const Subtask& subtask : op.subtasks) {
    const bool has_state = subtask.managed_operator || subtask.raw_operator ||
                           subtask.managed_keyed || subtask.raw_keyed ||
                           !subtask.input_channels.empty() || !subtask.output_channels.empty();
    if (has_state) ++info.subtasks_with_state;
  }
  return info;
}

}  // namespace

std::unique_ptr<SnapshotFormat> MakeFlinkFormat() { return std::make_unique<FlinkFormat>(); }

Result<Snapshot> DescribeFlinkSnapshot(SourceObjects& objects, const FlinkSnapshot& flink,
                                       const InspectOptions& options) {
  const FlinkMetadata& metadata = flink.metadata;
  Snapshot snapshot;
  snapshot.kind = SnapshotKind::kFlink;
  snapshot.directory = flink.place.directory;
  snapshot.metadata_name = flink.place.metadata_name;
  snapshot.metadata_version = static_cast<std::uint32_t>(metadata.version);
  snapshot.metadata_bytes = flink.metadata_bytes;
  snapshot.checkpoint_id = metadata.checkpoint_id;
  snapshot.type = TypeOf(metadata.parsed_properties);
  snapshot.warnings = metadata.warnings;
  for (const Operator& op : metadata.operators) {
    const StateSizes sizes = SizesOf(op);
    snapshot.operators.push_back(InfoOf(op, sizes));
    snapshot.inline_bytes += sizes.inline_bytes;
  }
  SF_TRY(snapshot.files, FilesOf(metadata, flink.Resolver(options.map)));
  if (!options.check_exists) return snapshot;
  SF_TRY(LookAtFiles(objects, snapshot.files, options.stop));
  SF_TRY(FindDangling(objects, flink.place, options.map, snapshot.files, snapshot.warnings));
  return snapshot;
}

Result<std::vector<MetadataPlace>> FindAllMetadata(SourceObjects& objects,
                                                   const storage::Location& base) {
  std::vector<MetadataPlace> found;
  SF_TRY(objects.List(base, "",
                      [&](const storage::Location& at, const storage::ObjectMeta&) -> Result<void> {
                        if (at.Name() == kMetadataName)
                          found.push_back({at.Parent(), at.Parent(), std::string(kMetadataName)});
                        return {};
                      }));
  return found;
}

}  // namespace stateferry::state::snapshot
