// Every version and every handle tag: read, looked at, written back byte for byte.
#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"
#include "state/snapshot/flink_metadata.h"
#include "tests/state/snapshot/metadata_bytes.h"
#include "tests/state/snapshot/worked_example.h"

namespace stateferry::state::snapshot {
namespace {

using namespace bytes;

/// Reads `file` and expects it to be written back the same; gives what was read.
FlinkMetadata RoundTrip(const std::string& file) {
  auto read = ReadFlinkMetadata(AsBytes(file));
  if (!read) {
    ADD_FAILURE() << read.error().message();
    return {};
  }
  auto written = WriteFlinkMetadata(*read);
  EXPECT_TRUE(written) << (written ? "" : written.error().message());
  if (written) {
    EXPECT_EQ(*written, file);
  }
  return std::move(*read);
}

/// The managed keyed handle of subtask 0, in a version 4 file.
KeyedHandle RoundTripKeyed(const std::string& handle, int version = 4) {
  const FlinkMetadata metadata = RoundTrip(OneKeyed(version, handle));
  if (metadata.operators.empty() || !metadata.operators[0].subtasks[0].managed_keyed) {
    ADD_FAILURE() << "no keyed handle";
    return {};
  }
  return *metadata.operators[0].subtasks[0].managed_keyed;
}

StreamHandle RoundTripStream(const std::string& stream) {
  return RoundTripKeyed(U8(7) + KeyGroupOffsets() + stream).stream;
}

class EveryVersion : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(FlinkMetadata, EveryVersion, testing::Values(2, 3, 4, 5, 6));

TEST_P(EveryVersion, RoundTripsAnEmptyFile) {
  const FlinkMetadata metadata = RoundTrip(Frame(GetParam(), I32(0)));
  EXPECT_EQ(metadata.version, GetParam());
  EXPECT_EQ(metadata.checkpoint_id, 5);
}

TEST_P(EveryVersion, RoundTripsAFullSubtask) {
  const int version = GetParam();
  Body body;
  body.managed_operator = I32(1) + Partitionable(File("hdfs://n:1/x", 9));
  body.raw_operator = I32(7) + Partitionable(ByteStream("name", "data"));
  body.managed_keyed = Incremental(I32(1) + Utf("1.sst") + File("s3://b/1", 3), I32(0));
  body.raw_keyed = U8(3) + KeyGroupOffsets() + Relative("raw", 4);
  const std::string input = version >= 6 ? U8(1) : "";
  const std::string output = version >= 6 ? U8(2) : "";
  const std::string channel =
      I32(0) + I32(1) + I32(2) + I32(1) + I64(33) + I64(44) + Relative("ch", 99);
  body.inputs = I32(2) + input + channel + input + channel;
  body.outputs = I32(1) + output + channel;

  const FlinkMetadata metadata = RoundTrip(OneSubtask(version, body));

  ASSERT_EQ(metadata.operators.size(), 1U);
  const Operator& op = metadata.operators[0];
  EXPECT_EQ(op.name, version >= 5 ? "map" : "");
  EXPECT_EQ(op.uid, version >= 5 ? "uid-1" : "");
  const Subtask& subtask = op.subtasks[0];
  EXPECT_EQ(subtask.raw_operator->flag, 7);
  EXPECT_EQ(subtask.raw_keyed->stream.path, "raw");
  ASSERT_EQ(subtask.input_channels.size(), version == 2 ? 0U : 2U);
  if (version == 2) return;
  const ChannelHandle& handle = subtask.output_channels[0];
  EXPECT_EQ(handle.size_bytes, 44);
  ASSERT_EQ(handle.parts.size(), 1U);
  EXPECT_EQ(handle.parts[0].a, 1);
  EXPECT_EQ(handle.parts[0].b, 2);
  EXPECT_EQ(handle.parts[0].offsets, std::vector<std::int64_t>{33});
  EXPECT_EQ(handle.stream.size_bytes, 99);
}

TEST_P(EveryVersion, RoundTripsMasterStates) {
  const std::string inner = I32(1) + Utf("hook") + Blob("payload");
  const std::string masters = I32(1) + I32(static_cast<std::int32_t>(0xc96b1696)) + Blob(inner);
  std::string file = Header(GetParam()) + masters + I32(0);
  if (GetParam() >= 4) file += NullProperties();
  const FlinkMetadata metadata = RoundTrip(file);
  ASSERT_EQ(metadata.master_states.size(), 1U);
  EXPECT_EQ(metadata.master_states[0].name, "hook");
  EXPECT_EQ(metadata.master_states[0].payload, "payload");
}

TEST(FlinkMetadataVersion2, KeepsChainLengthDurationAndLegacyCount) {
  const std::string file =
      Frame(2, I32(1) + kOperatorId + I32(1) + I32(8) + I32(3) + I32(1) + I32(0) + I64(77) +
                   I32(-5) + I32(0) + I32(0) + U8(0) + U8(0));
  const FlinkMetadata metadata = RoundTrip(file);
  EXPECT_EQ(metadata.operators[0].chain_length, 3);
  EXPECT_EQ(metadata.operators[0].subtasks[0].duration, 77);
  EXPECT_EQ(metadata.operators[0].subtasks[0].legacy_count, -5);
}

TEST(FlinkMetadataVersion3, ReadsFinishedOperatorsSubtasksAndCoordinators) {
  const std::string finished = kOperatorId + I32(2) + I32(8) + U8(0) + I32(-1);
  const std::string coordinated = std::string(16, 'x') + I32(3) + I32(8) +
                                  ByteStream("id", "coord") + I32(2) + I32(-3) + I32(-1);
  const FlinkMetadata metadata = RoundTrip(Frame(3, I32(2) + finished + coordinated));
  EXPECT_TRUE(metadata.operators[0].fully_finished);
  EXPECT_EQ(metadata.operators[1].coordinator.data, "coord");
  ASSERT_EQ(metadata.operators[1].subtasks.size(), 2U);
  EXPECT_EQ(metadata.operators[1].subtasks[0].index, 2);
  EXPECT_TRUE(metadata.operators[1].subtasks[0].finished);
  EXPECT_EQ(metadata.operators[1].subtasks[1].index, 0);
}

TEST(FlinkMetadataVersion6, ReadsMergedChannels) {
  const std::string packed =
      I32(2) + I32(0) + I32(1) + I64(5) + I32(1) + I64(0) + I32(0) + I32(2) + I64(6) + I32(0);
  Body body;
  body.inputs = I32(1) + U8(3) + I32(0) + I64(11) + Relative("in", 20) + Blob(packed);
  body.outputs = I32(1) + U8(4) + I32(0) + I64(11) + Relative("out", 20) + Blob(packed);
  const FlinkMetadata metadata = RoundTrip(OneSubtask(6, body));
  const ChannelHandle& handle = metadata.operators[0].subtasks[0].input_channels[0];
  EXPECT_EQ(handle.tag, ChannelTag::kMergedInput);
  ASSERT_EQ(handle.parts.size(), 2U);
  EXPECT_EQ(handle.parts[1].b, 2);
  EXPECT_EQ(handle.parts[1].size_bytes, 6);
}

TEST(FlinkMetadataVersion7, IsReadButNotWritten) {
  Body body;
  body.end_of_7 = U8(1) + I64(41);
  const std::string file = OneSubtask(7, body);
  auto read = ReadFlinkMetadata(AsBytes(file));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->operators[0].subtasks[0].reference_checkpoint_id, 41);
  auto written = WriteFlinkMetadata(*read);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), ErrorCode::kRefused);
}

TEST(StreamHandleTags, KeepTheirFields) {
  EXPECT_EQ(RoundTripStream(ByteStream("n", "abc")).data, "abc");
  const StreamHandle file = RoundTripStream(File("file:/a/b c%20?#", 12));
  EXPECT_EQ(file.path, "file:/a/b c%20?#");
  EXPECT_EQ(file.size_bytes, 12);
  EXPECT_EQ(RoundTripStream(File("s3://b/x", -1)).size_bytes, -1);
  const StreamHandle relative = RoundTripStream(Relative("uuid", 13));
  EXPECT_EQ(relative.tag, StreamTag::kRelative);
  EXPECT_EQ(relative.path, "uuid");
  EXPECT_EQ(relative.size_bytes, 13);
  const StreamHandle segment = RoundTripStream(Segment("s3://b/f", 5, 6));
  EXPECT_EQ(segment.start, 5);
  EXPECT_EQ(segment.size_bytes, 6);
  EXPECT_EQ(segment.scope, SegmentScope::kShared);
  EXPECT_EQ(segment.path, "s3://b/f");
  EXPECT_EQ(segment.name, "logical-id");
  EXPECT_EQ(RoundTripStream(U8(16)).tag, StreamTag::kEmptySegment);
  const StreamHandle groups = RoundTripStream(U8(3) + KeyGroupOffsets() + Relative("in", 1));
  ASSERT_TRUE(groups.key_groups);
  EXPECT_EQ(groups.key_groups->offsets, (std::vector<std::int64_t>{10, 20}));
  EXPECT_EQ(groups.key_groups->stream->path, "in");
}

TEST(StreamHandleTags, KeepOddButLegalStringBytes) {
  // A NUL as C0 80, a lone surrogate, a supplementary character as two surrogates.
  const std::string odd = "file:/\xed\xa0\x80/\xed\xa0\xbd\xed\xb8\x80";
  EXPECT_EQ(RoundTripStream(File(odd, 1)).path, odd);
  EXPECT_EQ(RoundTripStream(ByteStream("\xc0\x80", "")).name, "\xc0\x80");
}

TEST(OperatorStateTags, KeepTheirFields) {
  Body body;
  body.managed_operator = I32(1) + FileMerging(Segment("s3://b/f", 0, 3, 0));
  body.raw_operator = I32(1) + U8(0);
  const FlinkMetadata metadata = RoundTrip(OneSubtask(4, body));
  const Subtask& subtask = metadata.operators[0].subtasks[0];
  EXPECT_EQ(subtask.managed_operator->tag, OperatorStateTag::kFileMerging);
  EXPECT_EQ(subtask.managed_operator->task_owned_directory, "s3://b/j/taskowned/d");
  EXPECT_EQ(subtask.managed_operator->shared_directory, "s3://b/j/shared/d");
  EXPECT_EQ(subtask.managed_operator->states[0].offsets, (std::vector<std::int64_t>{0, 7}));
  EXPECT_EQ(subtask.raw_operator->tag, OperatorStateTag::kNull);
}

TEST(KeyedHandleTags, KeepTheFieldsOfKeyGroupHandles) {
  for (const int tag : {3, 7}) {
    const KeyedHandle handle = RoundTripKeyed(U8(tag) + KeyGroupOffsets() + Relative("k", 1));
    EXPECT_EQ(static_cast<int>(handle.tag), tag);
    EXPECT_EQ(handle.offsets.size(), 2U);
  }
  const KeyedHandle v2 =
      RoundTripKeyed(U8(12) + KeyGroupOffsets() + Relative("k", 1) + Utf("handle-id"));
  EXPECT_EQ(v2.handle_id, "handle-id");
}

TEST(KeyedHandleTags, KeepTheFieldsOfIncrementalHandles) {
  const std::string list =
      I32(2) + Utf("1.sst") + File("s3://b/1", 1) + Utf("2.sst") + Segment("s3://b/2", 0, 2);
  const KeyedHandle old = RoundTripKeyed(U8(5) + I64(9) + Utf("any text") + KeyGroups() +
                                         Relative("m", 1) + list + I32(0));
  EXPECT_EQ(old.checkpoint_id, 9);
  EXPECT_EQ(old.backend_id, "any text");
  EXPECT_EQ(old.shared_files.size(), 2U);
  const KeyedHandle v2 = RoundTripKeyed(Incremental(I32(0), list));
  EXPECT_EQ(v2.checkpointed_size, 100);
  ASSERT_EQ(v2.private_files.size(), 2U);
  EXPECT_EQ(v2.private_files[1].local_name, "2.sst");
}

std::string ChangelogBytes115() {
  return U8(9) + KeyGroups() + I64(3) + I64(8) + I32(2) + I32(-1) + Blob("meta") + I32(1) +
         Blob("change") + Utf("id-9");
}
std::string ChangelogFiles115() {
  return U8(10) + KeyGroups() + I32(1) + I64(17) + File("s3://dstl/x", 99) + I64(82) + I64(50) +
         Utf("id-10");
}
std::string ChangelogFilesV2() {
  return U8(13) + KeyGroups() + I32(1) + I64(17) + File("s3://dstl/x", 99) + I64(82) + I64(50) +
         Utf("id-13") + Utf("filesystem");
}

TEST(KeyedHandleTags, KeepTheFieldsOfChangelogHandles) {
  const std::string materialized = I32(1) + Incremental(I32(0), I32(0));
  const std::string changes =
      I32(3) + ChangelogBytes115() + ChangelogFiles115() + ChangelogFilesV2();
  const KeyedHandle old =
      RoundTripKeyed(U8(8) + KeyGroups() + I64(60) + materialized + changes + I64(4) + Utf("id-8"));
  EXPECT_EQ(old.checkpointed_size, 60);
  EXPECT_EQ(old.materialization_id, 4);
  EXPECT_EQ(old.handle_id, "id-8");
  const KeyedHandle v2 = RoundTripKeyed(U8(14) + KeyGroups() + I64(60) + materialized + changes +
                                        I64(4) + I64(12) + Utf("id-14"));
  EXPECT_EQ(v2.checkpoint_id, 12);
  ASSERT_EQ(v2.changes.size(), 3U);
  EXPECT_EQ(v2.changes[0].from, 3);
  EXPECT_EQ(v2.changes[0].to, 8);
  EXPECT_EQ(v2.changes[0].change_blobs[0].key_group, -1);
  EXPECT_EQ(v2.changes[0].change_blobs[1].data, "change");
  EXPECT_EQ(v2.changes[1].change_files[0].offset, 17);
  EXPECT_EQ(v2.changes[1].size_bytes, 82);
  EXPECT_EQ(v2.changes[2].storage_id, "filesystem");
}

TEST(KeyedHandleTags, ReadTheLayoutOfFlink114InVersion3Only) {
  const std::string files =
      U8(10) + KeyGroups() + I32(1) + I64(17) + File("s3://d/x", 99) + I64(82);
  const std::string change_bytes = U8(9) + KeyGroups() + I64(3) + I64(8) + I32(0);
  const std::string handle =
      U8(8) + KeyGroups() + I32(1) + Incremental(I32(0), I32(0)) + I32(2) + files + change_bytes;

  const FlinkMetadata metadata = RoundTrip(OneKeyed(3, handle));

  EXPECT_TRUE(metadata.changelog_1_14);
  ASSERT_FALSE(metadata.operators.empty());
  const KeyedHandle& keyed = *metadata.operators[0].subtasks[0].managed_keyed;
  EXPECT_EQ(keyed.changes[0].size_bytes, 82);
  EXPECT_EQ(keyed.changes[1].to, 8);
  EXPECT_FALSE(ReadFlinkMetadata(AsBytes(OneKeyed(4, handle))));
  EXPECT_FALSE(RoundTrip(OneKeyed(3, ChangelogFiles115())).changelog_1_14);
}

TEST(FlinkMetadata, ReadsTheKindOfCheckpointFromTheProperties) {
  const FlinkMetadata metadata = RoundTrip(OneSubtask(4));
  EXPECT_EQ(metadata.properties, NullProperties());
  EXPECT_EQ(metadata.parsed_properties.type_name, "");
  EXPECT_TRUE(metadata.warnings.empty());
}

TEST(FlinkMetadata, LabelsOperatorsByNameThenUidThenId) {
  Operator op;
  op.id.fill(0xab);
  EXPECT_EQ(OperatorLabel(op), "abababababababababababababababab");
  op.uid = "uid";
  EXPECT_EQ(OperatorLabel(op), "uid");
  op.name = "na\nme";
  EXPECT_EQ(OperatorLabel(op), "na\\nme");
}

}  // namespace
}  // namespace stateferry::state::snapshot
