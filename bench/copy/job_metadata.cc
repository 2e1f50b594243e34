#include "bench/copy/job_metadata.h"

#include <fmt/format.h>

#include "state/snapshot/flink_metadata.h"

namespace stateferry::bench {

namespace {

using namespace state::snapshot;

std::array<std::uint8_t, 16> OperatorId(const JobPlan& plan, std::uint8_t which) {
  std::array<std::uint8_t, 16> id{};
  for (std::size_t i = 0; i < id.size(); ++i)
    id[i] = static_cast<std::uint8_t>(plan.job_id[i] * 7 + which);
  return id;
}

StreamHandle InBytes(std::string name, std::string data) {
  StreamHandle handle;
  handle.tag = StreamTag::kBytes;
  handle.name = std::move(name);
  handle.data = std::move(data);
  return handle;
}

StreamHandle Absolute(const PlannedFile& file, const std::string& tree) {
  return StreamHandle::File("file:" + tree + "/" + file.path,
                            static_cast<std::int64_t>(file.size_bytes));
}

/// Kafka-like offsets, as a source keeps them: small, and inside `_metadata`.
Operator SourceOperator(const JobPlan& plan, const PlannedCheckpoint& checkpoint,
                        const std::string& tree) {
  Operator op;
  op.id = OperatorId(plan, 1);
  op.parallelism = static_cast<std::int32_t>(checkpoint.subtasks.size());
  op.max_parallelism = kMaxParallelism;
  for (std::int32_t i = 0; i < op.parallelism; ++i) {
    OperatorStateHandle handle;
    handle.states.push_back(
        {.name = "SourceReaderState", .mode = StateMode::kSplitDistribute, .offsets = {0, 64}});
    handle.stream = InBytes(fmt::format("file:{}/chk-{}/{:08x}-source-{}", tree, checkpoint.number,
                                        checkpoint.number, i),
                            std::string(128, static_cast<char>('a' + i % 26)));
    Subtask subtask;
    subtask.index = i;
    subtask.managed_operator = std::move(handle);
    op.subtasks.push_back(std::move(subtask));
  }
  return op;
}

KeyedHandle Incremental(const JobPlan& plan, const PlannedCheckpoint& checkpoint,
                        const PlannedSubtask& planned, const std::string& tree) {
  KeyedHandle handle;
  handle.tag = KeyedTag::kIncremental;
  handle.key_groups = {planned.first_key_group, planned.key_groups};
  handle.checkpoint_id = checkpoint.number;
  handle.backend_id = planned.backend_id;
  handle.handle_id = planned.handle_id;
  const PlannedFile& meta = plan.files[planned.meta];
  handle.stream = StreamHandle::Relative(meta.path.substr(meta.path.find('/') + 1),
                                         static_cast<std::int64_t>(meta.size_bytes));
  std::string manifest;
  for (const std::size_t index : planned.ssts) {
    const PlannedFile& file = plan.files[index];
    handle.shared_files.push_back({file.local_name, Absolute(file, tree)});
    if (file.first_checkpoint == checkpoint.number)
      handle.checkpointed_size += static_cast<std::int64_t>(file.size_bytes);
  }
  for (const std::size_t index : planned.privates) {
    const PlannedFile& file = plan.files[index];
    handle.private_files.push_back({file.local_name, Absolute(file, tree)});
    if (file.local_name.starts_with("MANIFEST")) manifest = file.local_name;
  }
  // Flink keeps files of up to 20 KB inside `_metadata`.
  handle.private_files.push_back(
      {"CURRENT", InBytes(fmt::format("file:{}/shared/{}-current", tree, planned.handle_id),
                          manifest + "\n")});
  return handle;
}

}  // namespace

Result<std::string> MakeMetadata(const JobPlan& plan, const PlannedCheckpoint& checkpoint,
                                 const std::string& tree) {
  FlinkMetadata metadata;
  metadata.version = 4;
  metadata.checkpoint_id = checkpoint.number;
  metadata.operators.push_back(SourceOperator(plan, checkpoint, tree));

  Operator keyed;
  keyed.id = OperatorId(plan, 2);
  keyed.parallelism = static_cast<std::int32_t>(checkpoint.subtasks.size());
  keyed.max_parallelism = kMaxParallelism;
  for (std::int32_t i = 0; i < keyed.parallelism; ++i) {
    Subtask subtask;
    subtask.index = i;
    subtask.managed_keyed =
        Incremental(plan, checkpoint, checkpoint.subtasks[static_cast<std::size_t>(i)], tree);
    keyed.subtasks.push_back(std::move(subtask));
  }
  metadata.operators.push_back(std::move(keyed));

  // A Java object stream with a null in it: what Flink's State Processor API writes.
  metadata.properties = std::string("\xac\xed\x00\x05\x70", 5);
  return WriteFlinkMetadata(metadata);
}

}  // namespace stateferry::bench
