// What the writer refuses; that it writes what was read is tested with the reader.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"
#include "state/snapshot/flink_metadata.h"
#include "tests/state/snapshot/worked_example.h"

namespace stateferry::state::snapshot {
namespace {

using testing::HasSubstr;

FlinkMetadata Example() {
  const std::string file = WorkedExample();
  auto read = ReadFlinkMetadata(AsBytes(file));
  SF_ASSERT(read.has_value());
  return std::move(*read);
}

StreamHandle& SharedFile(FlinkMetadata& metadata) {
  return metadata.operators[0].subtasks[0].managed_keyed->shared_files[0].stream;
}

Error WriteError(const FlinkMetadata& metadata) {
  auto written = WriteFlinkMetadata(metadata);
  if (written) {
    ADD_FAILURE() << "was written";
    return {ErrorCode::kInternal, ""};
  }
  return written.error();
}

TEST(WriteFlinkMetadata, RefusesPathsAbove65535Bytes) {
  FlinkMetadata metadata = Example();
  SharedFile(metadata).path = "s3://b/" + std::string(65535 - 7, 'x');
  EXPECT_TRUE(WriteFlinkMetadata(metadata));
  SharedFile(metadata).path += "x";
  const Error error = WriteError(metadata);
  EXPECT_EQ(error.code(), ErrorCode::kRefused);
  EXPECT_THAT(error.message(), HasSubstr("operator 11111111111111112222222222222222, subtask 0"));
  EXPECT_THAT(error.message(), HasSubstr("s3://b/xxx"));
  EXPECT_THAT(error.message(), HasSubstr("65536 bytes"));
}

TEST(WriteFlinkMetadata, RefusesBytesThatAreNotModifiedUtf8) {
  FlinkMetadata metadata = Example();
  SharedFile(metadata).path = "s3://b/\xf0\x9f\x98\x80";
  EXPECT_EQ(WriteError(metadata).code(), ErrorCode::kInvalidArgument);
}

TEST(WriteFlinkMetadata, RefusesVersionsItDoesNotKnow) {
  FlinkMetadata metadata = Example();
  for (const int version : {-1, 0, 1, 7, 8}) {
    metadata.version = version;
    EXPECT_EQ(WriteError(metadata).code(), ErrorCode::kRefused) << version;
  }
}

TEST(WriteFlinkMetadata, RefusesWhatTheVersionCannotStore) {
  FlinkMetadata metadata = Example();
  metadata.operators[0].name = "named";
  EXPECT_THAT(WriteError(metadata).message(), HasSubstr("names need metadata version 5"));

  metadata = Example();
  metadata.version = 2;
  EXPECT_THAT(WriteError(metadata).message(), HasSubstr("need metadata version 3"));

  metadata = Example();
  metadata.properties = "x";
  EXPECT_THAT(WriteError(metadata).message(), HasSubstr("need metadata version 4"));

  metadata = Example();
  ChannelHandle merged;
  merged.tag = ChannelTag::kMergedInput;
  metadata.operators[0].subtasks[0].input_channels.push_back(merged);
  EXPECT_THAT(WriteError(metadata).message(), HasSubstr("need metadata version 6"));
}

TEST(WriteFlinkMetadata, RefusesAModelThatContradictsItself) {
  FlinkMetadata metadata = Example();
  SharedFile(metadata).tag = StreamTag::kKeyGroups;
  EXPECT_EQ(WriteError(metadata).code(), ErrorCode::kInvalidArgument);

  metadata = Example();
  KeyedHandle& keyed = *metadata.operators[0].subtasks[0].managed_keyed;
  keyed.tag = KeyedTag::kKeyGroups;  // 64 key groups, but no offsets
  EXPECT_THAT(WriteError(metadata).message(), HasSubstr("differ in number"));
}

}  // namespace
}  // namespace stateferry::state::snapshot
