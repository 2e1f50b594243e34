#include "state/snapshot/flink_metadata_visit.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "tests/state/snapshot/metadata_bytes.h"

namespace stateferry::state::snapshot {
namespace {

using namespace bytes;

FlinkMetadata Read(const std::string& file) {
  auto read = ReadFlinkMetadata(AsBytes(file));
  if (!read) {
    ADD_FAILURE() << read.error().message();
    return {};
  }
  return std::move(*read);
}

/// A subtask with something in every place.
FlinkMetadata Everything() {
  Body body;
  body.managed_operator = I32(1) + FileMerging(Segment("s3://b/seg", 0, 3));
  body.raw_operator = I32(1) + Partitionable(Relative("raw-op", 4));
  const std::string materialized =
      Incremental(I32(1) + Utf("1.sst") + File("s3://b/1", 10),
                  I32(1) + Utf("CURRENT") + ByteStream("current", "abcd"));
  const std::string logs = U8(13) + KeyGroups() + I32(1) + I64(0) + File("s3://dstl/log", 99) +
                           I64(82) + I64(50) + Utf("id") + Utf("filesystem");
  const std::string inline_logs =
      U8(9) + KeyGroups() + I64(0) + I64(1) + I32(1) + I32(0) + Blob("xyz") + Utf("id");
  body.managed_keyed = U8(14) + KeyGroups() + I64(60) + I32(1) + materialized + I32(2) + logs +
                       inline_logs + I64(4) + I64(12) + Utf("id");
  body.raw_keyed = U8(7) + KeyGroupOffsets() + U8(3) + KeyGroupOffsets() + Relative("wrapped", 6);
  const std::string channel = I32(0) + I32(1) + I32(2) + I32(0) + I64(7) + Relative("channel", 100);
  body.inputs = I32(1) + channel;
  body.outputs = I32(2) + channel + channel;
  const std::string head = kOperatorId + I32(2) + I32(128) + ByteStream("coordinator", "coord");
  return Read(Frame(4, I32(1) + head + I32(1) + I32(1) + SubtaskBody(4, body)));
}

std::string Line(const StreamHandle& handle, const HandleContext& context) {
  std::string line = handle.tag == StreamTag::kBytes ? handle.name : handle.path;
  line += "|" + std::string(StatePlaceName(context.place));
  line += "|" + std::to_string(static_cast<int>(context.list));
  line += "|" + std::string(context.local_name);
  if (context.materialized) line += "|materialized";
  if (!context.sizes_exact) line += "|not exact";
  if (context.file_merging) line += "|merging";
  if (context.channel != nullptr) line += "|" + std::to_string(context.channel->size_bytes);
  return line;
}

TEST(VisitStreamHandles, SeesEveryHandleInFileOrderWithItsPlace) {
  const FlinkMetadata metadata = Everything();
  std::vector<std::string> lines;
  const auto visited =
      VisitStreamHandles(metadata, [&](const StreamHandle& handle, const HandleContext& context) {
        lines.push_back(Line(handle, context));
        EXPECT_EQ(context.subtask, lines.size() == 1 ? -1 : 1);
        return Result<void>();
      });
  EXPECT_TRUE(visited);
  const std::vector<std::string> expected = {
      "coordinator|coordinator state|0|",
      "s3://b/seg|managed operator state|0||merging",
      "raw-op|raw operator state|0|",
      "meta|managed keyed state|1||materialized",
      "s3://b/1|managed keyed state|2|1.sst|materialized",
      "current|managed keyed state|3|CURRENT|materialized",
      "s3://dstl/log|managed keyed state|4||not exact",
      "wrapped|raw keyed state|0|",
      "channel|input channel state|0||7",
      "channel|output channel state|0||7",
      "channel|output channel state|0||7",
  };
  EXPECT_EQ(lines, expected);
}

TEST(VisitStreamHandles, StopsAtTheFirstError) {
  FlinkMetadata metadata = Everything();
  int seen = 0;
  const auto visited = VisitStreamHandles(
      metadata, [&](StreamHandle&, const HandleContext& context) -> Result<void> {
        if (++seen < 5) return {};
        return Error(ErrorCode::kNotFound, DescribeHandle(context));
      });
  ASSERT_FALSE(visited);
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(visited.error().message(),
            "operator 30313233343536373839616263646566, subtask 1, managed keyed state, 1.sst");
}

TEST(VisitStreamHandles, TurnsSegmentsIntoFiles) {
  FlinkMetadata metadata = Everything();
  const auto states = VisitOperatorStates(
      metadata, [](Box<OperatorStateHandle>& handle, const HandleContext& context) {
        if (context.file_merging) {
          handle->tag = OperatorStateTag::kPartitionable;
          handle->stream = StreamHandle::Relative("extracted", handle->stream.size_bytes);
        }
        return Result<void>();
      });
  ASSERT_TRUE(states);
  auto written = WriteFlinkMetadata(metadata);
  ASSERT_TRUE(written) << written.error().message();
  const FlinkMetadata again = Read(*written);
  const OperatorStateHandle& handle = *again.operators[0].subtasks[0].managed_operator;
  EXPECT_EQ(handle.tag, OperatorStateTag::kPartitionable);
  EXPECT_EQ(handle.states[0].name, "s");
  EXPECT_EQ(handle.stream.path, "extracted");
  EXPECT_EQ(handle.stream.size_bytes, 3);
  EXPECT_EQ(written->find("taskowned"), std::string::npos);
}

TEST(VisitOperatorStates, ResettingTheBoxDropsTheHandle) {
  FlinkMetadata metadata = Everything();
  const auto states =
      VisitOperatorStates(metadata, [](Box<OperatorStateHandle>& handle, const HandleContext&) {
        handle.reset();
        return Result<void>();
      });
  ASSERT_TRUE(states);
  auto written = WriteFlinkMetadata(metadata);
  ASSERT_TRUE(written);
  const FlinkMetadata again = Read(*written);
  EXPECT_FALSE(again.operators[0].subtasks[0].managed_operator);
  EXPECT_FALSE(again.operators[0].subtasks[0].raw_operator);
  EXPECT_TRUE(again.operators[0].subtasks[0].managed_keyed);
}

TEST(SizesOf, AddsUpByCategory) {
  const StateSizes sizes = SizesOf(Everything().operators[0]);
  EXPECT_EQ(sizes.coordinator_bytes, 5U);
  EXPECT_EQ(sizes.managed_operator_bytes, 3U);
  EXPECT_EQ(sizes.raw_operator_bytes, 4U);
  EXPECT_EQ(sizes.managed_keyed_bytes, 5U + 10U + 4U + 99U + 3U);
  EXPECT_EQ(sizes.raw_keyed_bytes, 6U);
  EXPECT_EQ(sizes.channel_bytes, 21U);
  EXPECT_EQ(sizes.inline_bytes, 5U + 4U + 3U);
}

TEST(SizesOf, SaturatesAndCountsUnknownSizesAsNothing) {
  const std::string largest = File("s3://b/x", std::numeric_limits<std::int64_t>::max());
  const std::string files = I32(4) + Utf("1") + largest + Utf("2") + largest + Utf("3") + largest +
                            Utf("4") + File("s3://b/y", -1);
  const FlinkMetadata metadata = Read(OneKeyed(4, Incremental(files, I32(0))));
  EXPECT_EQ(SizesOf(metadata.operators[0]).managed_keyed_bytes,
            std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace stateferry::state::snapshot
