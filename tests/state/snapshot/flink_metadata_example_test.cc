// The worked example of docs/formats/flink-metadata.md, byte for byte.
#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"
#include "state/snapshot/flink_metadata.h"
#include "state/snapshot/flink_metadata_visit.h"
#include "tests/state/snapshot/worked_example.h"

namespace stateferry::state::snapshot {
namespace {

TEST(FlinkMetadataExample, HasTheFieldsTheDocumentSays) {
  const std::string file = WorkedExample();
  ASSERT_EQ(file.size(), 278U);

  auto read = ReadFlinkMetadata(AsBytes(file));

  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->version, 3);
  EXPECT_EQ(read->checkpoint_id, 7);
  EXPECT_TRUE(read->master_states.empty());
  ASSERT_EQ(read->operators.size(), 1U);
  const Operator& op = read->operators[0];
  EXPECT_EQ(OperatorIdText(op.id), "11111111111111112222222222222222");
  EXPECT_EQ(op.parallelism, 2);
  EXPECT_EQ(op.max_parallelism, 128);
  EXPECT_EQ(op.coordinator.tag, StreamTag::kNull);
  ASSERT_EQ(op.subtasks.size(), 2U);
  EXPECT_EQ(op.subtasks[1].index, 1);
  EXPECT_TRUE(op.subtasks[1].finished);

  const Subtask& subtask = op.subtasks[0];
  ASSERT_TRUE(subtask.managed_operator);
  const OperatorStateHandle& state = *subtask.managed_operator;
  ASSERT_EQ(state.states.size(), 1U);
  EXPECT_EQ(state.states[0].name, "cnt");
  EXPECT_EQ(state.states[0].mode, StateMode::kUnion);
  EXPECT_EQ(state.stream.data, "\xca\xfe");

  ASSERT_TRUE(subtask.managed_keyed);
  const KeyedHandle& keyed = *subtask.managed_keyed;
  EXPECT_EQ(keyed.tag, KeyedTag::kIncremental);
  EXPECT_EQ(keyed.checkpoint_id, 7);
  EXPECT_EQ(keyed.backend_id, "00000000-0000-0000-0000-00000000000a");
  EXPECT_EQ(keyed.key_groups.count, 64);
  EXPECT_EQ(keyed.checkpointed_size, 100);
  EXPECT_EQ(keyed.stream.path, "m1");
  EXPECT_EQ(keyed.stream.size_bytes, 50);
  ASSERT_EQ(keyed.shared_files.size(), 1U);
  EXPECT_EQ(keyed.shared_files[0].local_name, "000011.sst");
  EXPECT_EQ(keyed.shared_files[0].stream.path, "s3://b/ck/j/shared/u1");
  EXPECT_EQ(keyed.shared_files[0].stream.size_bytes, 4096);
  ASSERT_EQ(keyed.private_files.size(), 1U);
  EXPECT_EQ(keyed.private_files[0].stream.data, "MANIFEST-000004\n");
  EXPECT_EQ(keyed.handle_id, "id-1");
}

TEST(FlinkMetadataExample, IsWrittenBackByteForByte) {
  const std::string file = WorkedExample();
  auto read = ReadFlinkMetadata(AsBytes(file));
  ASSERT_TRUE(read);
  auto written = WriteFlinkMetadata(*read);
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(*written, file);
}

TEST(FlinkMetadataExample, RelocationChangesOnlyTheOnePath) {
  const std::string file = WorkedExample();
  auto read = ReadFlinkMetadata(AsBytes(file));
  ASSERT_TRUE(read);

  auto visited = VisitStreamHandles(*read, [](StreamHandle& handle, const HandleContext&) {
    if (handle.tag == StreamTag::kFile) handle.path = "s3a://new/ck/j/shared/u1";
    return Result<void>();
  });

  ASSERT_TRUE(visited);
  auto written = WriteFlinkMetadata(*read);
  ASSERT_TRUE(written);
  EXPECT_EQ(written->size(), 281U);
  const std::string moved = file.substr(0, 0xc7) + std::string("\x00\x18", 2) +
                            "s3a://new/ck/j/shared/u1" + file.substr(0xc7 + 2 + 0x15);
  EXPECT_EQ(*written, moved);
}

}  // namespace
}  // namespace stateferry::state::snapshot
