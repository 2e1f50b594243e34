// One hand-made file per rule of the reader; each is right but for one thing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"
#include "state/snapshot/flink_metadata.h"
#include "state/snapshot/flink_metadata_cursor.h"
#include "state/snapshot/flink_metadata_limits.h"
#include "tests/state/snapshot/metadata_bytes.h"

namespace stateferry::state::snapshot {
namespace {

using namespace bytes;
using testing::HasSubstr;

struct Case {
  const char* name;
  std::string file;
  ErrorCode code;
  const char* message;
};

std::string OneOperator(const std::string& op) { return Frame(3, I32(1) + op); }
std::string Channels(int version, const std::string& inputs) {
  Body body;
  body.inputs = inputs;
  return OneSubtask(version, body);
}
std::string OperatorState(const std::string& handle) {
  Body body;
  body.managed_operator = I32(1) + handle;
  return OneSubtask(4, body);
}
std::string MasterStates(const std::string& states) { return Header(3) + states + I32(0); }
const std::string kMasterMagic = I32(static_cast<std::int32_t>(0xc96b1696));

/// `depth` changelog handles in each other.
std::string NestedChangelog(int depth) {
  std::string handle = U8(7) + KeyGroupOffsets() + Relative("x", 1);
  for (int i = 0; i < depth; ++i) {
    handle = U8(14) + KeyGroups() + I64(0) + I32(1) + handle + I32(0) + I64(0) + I64(0) + Utf("id");
  }
  return handle;
}
std::string NestedKeyGroups(int depth) {
  std::string stream = Relative("x", 1);
  for (int i = 0; i < depth; ++i) stream = U8(3) + I32(0) + I32(0) + stream;
  return stream;
}

class Rejects : public testing::TestWithParam<Case> {};

TEST_P(Rejects, WithWhatAndWhere) {
  auto read = ReadFlinkMetadata(AsBytes(GetParam().file));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), GetParam().code) << read.error().message();
  EXPECT_THAT(read.error().message(), HasSubstr(GetParam().message));
}

constexpr auto kBad = ErrorCode::kCorruption;
constexpr auto kNo = ErrorCode::kRefused;
const std::string kId2(16, '2');

INSTANTIATE_TEST_SUITE_P(
    Frame, Rejects,
    testing::Values(
        Case{"Empty", "", kBad, "at byte 0"},
        Case{"Magic", I32(1) + I32(3) + I64(1) + I32(0) + I32(0), kBad, "wrong magic"},
        Case{"Version0", Frame(0, I32(0)), kNo, "version 0 was written by Flink 1.1"},
        Case{"Version1", Frame(1, I32(0)), kNo, "version 1 was written by Flink 1.2"},
        Case{"Version8", Frame(8, I32(0)), kNo, "version 8 is newer than this stateferry"},
        Case{"VersionNegative", Frame(-3, I32(0)), kBad, "version -3 does not exist"},
        Case{"CheckpointId", Header(3, -1) + I32(0) + I32(0), kBad, "checkpoint id -1"},
        Case{"TrailingByte", Frame(3, I32(0)) + "x", kBad, "1 bytes after the end"},
        Case{"TrailingByteAfterProperties", Frame(4, I32(0)) + "x", kBad,
             "1 bytes after the end of the object"},
        Case{"NoProperties", Header(4) + I32(0) + I32(0), kBad, "checkpoint properties"},
        Case{"NegativeOperators", Frame(3, I32(-1)), kBad, "operators is negative"},
        Case{"TooManyOperators", Frame(3, I32(1000000000)), kBad, "1000000000 operators cannot"},
        Case{"NegativeMasters", MasterStates(I32(-1)), kBad, "master states is negative"},
        Case{"TooManyMasters", MasterStates(I32(5000)), kBad, "5000 master states cannot"},
        Case{"MasterMagic", MasterStates(I32(1) + I32(7) + Blob(I32(1) + Utf("n") + Blob("p"))),
             kBad, "master state with a wrong magic"},
        Case{"MasterEmpty", MasterStates(I32(1) + kMasterMagic + I32(0) + std::string(40, '\0')),
             kBad, "a master state of 0 bytes"},
        Case{"MasterTooLong",
             MasterStates(I32(1) + kMasterMagic + I32(999) + std::string(40, '\0')), kBad,
             "a master state of 999 bytes"},
        Case{"MasterTrailing",
             MasterStates(I32(1) + kMasterMagic + Blob(I32(1) + Utf("n") + Blob("p") + "x")), kBad,
             "trailing bytes in a master state"},
        Case{"MasterReadsBeyond",
             MasterStates(I32(1) + kMasterMagic + Blob(I32(1) + Utf("n") + I32(2) + "p")), kBad,
             "a master state needs 2 bytes, only 1"}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Operators, Rejects,
    testing::Values(
        Case{"DuplicateOperator",
             Frame(3, I32(2) + OperatorHead(3) + I32(0) + OperatorHead(3) + I32(0)), kBad,
             "an operator id that was there before"},
        Case{"ParallelismAboveMax", OneOperator(OperatorHead(3, kId2, 9, 8) + I32(0)), kBad,
             "parallelism 9 of 8"},
        Case{"ParallelismNegative", OneOperator(OperatorHead(3, kId2, -1, 8) + I32(0)), kBad,
             "parallelism -1 of 8"},
        Case{"MaxParallelism", OneOperator(OperatorHead(3, kId2, 1, 32769) + I32(0)), kBad,
             "parallelism 1 of 32769"},
        Case{"CoordinatorInAFile", OneOperator(kId2 + I32(1) + I32(8) + Relative("c", 1) + I32(0)),
             kBad, "coordinator state is neither absent nor inline"},
        Case{"FinishedWithCoordinator",
             OneOperator(kId2 + I32(1) + I32(8) + ByteStream("c", "d") + I32(-1)), kBad,
             "a fully finished operator has coordinator state"},
        Case{"FinishedOperatorInVersion2", Frame(2, I32(1) + OperatorHead(2) + I32(-1)), kBad,
             "subtasks is negative"},
        Case{"FinishedSubtaskInVersion2", Frame(2, I32(1) + OperatorHead(2) + I32(1) + I32(-1)),
             kBad, "negative subtask index"},
        Case{"LegacyState",
             Frame(2, I32(1) + OperatorHead(2) + I32(1) + I32(0) + I64(-1) + I32(1) +
                          std::string(20, '\0')),
             kNo, "state from before Flink 1.2"},
        Case{"TooManySubtasks", OneOperator(OperatorHead(3) + I32(3)), kBad, "3 subtasks cannot"},
        Case{"SubtaskTwice",
             OneOperator(OperatorHead(3) + I32(2) + I32(-1) + I32(0) + SubtaskBody(3)), kBad,
             "subtask 0 is there twice"},
        Case{"SubtaskIndex", OneOperator(OperatorHead(3) + I32(1) + I32(-3)), kBad,
             "not below the parallelism 2"},
        Case{"BadName", Frame(5, I32(1) + Utf("\xff") + Utf("") + kId2 + std::string(30, '\0')),
             kBad, "operator's name is not modified UTF-8"},
        Case{"ReferenceMarker", OneSubtask(7, {.end_of_7 = U8(2)}), kBad, "reference marker"}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Streams, Rejects,
    testing::Values(
        Case{"NullDelegate", OneStream(U8(0)), kBad, "a null stream handle"},
        Case{"UnknownTag", OneStream(U8(18)), kNo,
             "operator 30313233343536373839616263646566, subtask 0: unknown stream handle tag 18"},
        Case{"MisplacedTag", OneStream(U8(4)), kBad, "misplaced stream handle tag 4"},
        Case{"NegativeBlob", OneStream(U8(1) + Utf("n") + I32(-1)), kBad, "negative: -1"},
        Case{"LongBlob", OneStream(U8(1) + Utf("n") + I32(0x7fffffff)), kBad, "only"},
        Case{"EmptyPath", OneStream(File("", 1)), kBad, "the path is empty"},
        Case{"BadScheme", OneStream(File("1s:/x", 1)), kBad, "has a bad scheme"},
        Case{"SchemeWithRelativePath", OneStream(File("s3:x", 1)), kBad,
             "has a scheme and is relative"},
        Case{"RelativePathOfAFile", OneStream(File("x/y", 1)), kBad, "must be absolute"},
        Case{"NegativeSize", OneStream(File("s3://b/x", -2)), kBad, "size of -2 bytes"},
        Case{"BadUtf8", OneStream(File("s3://b/\xf0\x9f\x98\x80", 1)), kBad,
             "a file path is not modified UTF-8"},
        Case{"DotDot", OneStream(Relative("../shared/u", 1)), kNo, "leads out of the snapshot"},
        Case{"HiddenDotDot", OneStream(Relative("a\\..\\..\\u", 1)), kNo, "leads out"},
        Case{"AbsoluteRelative", OneStream(Relative("/etc/passwd", 1)), kNo, "is absolute"},
        Case{"EmptyRelative", OneStream(Relative("", 1)), kNo, "the relative path is empty"},
        Case{"SchemeInRelative", OneStream(Relative("s3://b/x", 1)), kNo, "has a scheme"},
        Case{"SegmentScope", OneStream(Segment("s3://b/x", 0, 1, 2)), kBad,
             "unknown segment scope 2"},
        Case{"SegmentStart", OneStream(Segment("s3://b/x", -1, 1)), kBad, "negative start"},
        Case{"NestedTooDeep", OneStream(NestedKeyGroups(17)), kNo, "nested deeper than 16"}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    OperatorStates, Rejects,
    testing::Values(
        Case{"UnknownTag", OperatorState(U8(99)), kNo, "unknown operator state handle tag 99"},
        Case{"MisplacedTag", OperatorState(U8(2)), kBad, "misplaced operator state handle tag 2"},
        Case{"Mode", OperatorState(U8(4) + I32(1) + Utf("s") + U8(3) + I32(0) + U8(16)), kBad,
             "distribution mode 3"},
        Case{"TooManyStates", OperatorState(U8(4) + I32(99999) + Relative("x", 1)), kBad,
             "99999 operator states cannot"},
        Case{"TooManyOffsets",
             OperatorState(U8(4) + I32(1) + Utf("s") + U8(0) + I32(0x10000000) + U8(16)), kBad,
             "offsets cannot"},
        Case{"StateTwice",
             OperatorState(U8(4) + I32(2) + Utf("s") + U8(0) + I32(0) + Utf("s") + U8(0) + I32(0) +
                           Relative("x", 1)),
             kBad, "two operator states have one name"},
        Case{"NullDelegate", OperatorState(Partitionable(U8(0))), kBad, "a null stream handle"},
        Case{"MergingWithoutSegment", OperatorState(FileMerging(Relative("x", 1))), kBad,
             "tag 17) that does not hold a segment"}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Keyed, Rejects,
    testing::Values(
        Case{"UnknownTag", OneKeyed(4, U8(200)), kNo, "unknown keyed handle tag 200"},
        Case{"MisplacedTag", OneKeyed(4, U8(15)), kBad, "misplaced keyed handle tag 15"},
        Case{"KeyGroupsNegative", OneKeyed(4, U8(7) + I32(-1) + I32(1) + I64(0) + Relative("x", 1)),
             kBad, "key groups"},
        Case{"KeyGroupsAboveMax",
             OneKeyed(4, U8(11) + I64(1) + Utf("b") + I32(32768) + I32(1) + std::string(40, '\0')),
             kBad, "1 key groups from 32768"},
        Case{"KeyGroupsOverflow",
             OneKeyed(4, U8(11) + I64(1) + Utf("b") + I32(0x7fffffff) + I32(0x7fffffff) +
                             std::string(40, '\0')),
             kBad, "key groups"},
        Case{"CheckpointId",
             OneKeyed(4, U8(11) + I64(-1) + Utf("b") + KeyGroups() + std::string(40, '\0')), kBad,
             "negative checkpoint id"},
        Case{"TooManyFiles", OneKeyed(4, Incremental(I32(1000), I32(0))), kBad,
             "1000 shared files cannot"},
        Case{"NegativeFiles", OneKeyed(4, Incremental(I32(0), I32(-7))), kBad,
             "private files is negative"},
        Case{"LocalNameWithSlash",
             OneKeyed(4, Incremental(I32(1) + Utf("../../x") + Relative("u", 1), I32(0))), kNo,
             "is not a plain name"},
        Case{"LocalNameDotDot",
             OneKeyed(4, Incremental(I32(1) + Utf("..") + Relative("u", 1), I32(0))), kNo,
             "is not a plain name"},
        Case{"NullInList", OneKeyed(4, Incremental(I32(1) + Utf("1.sst") + U8(0), I32(0))), kBad,
             "a null stream handle"},
        Case{"ChangeOfOtherKind",
             OneKeyed(4, U8(14) + KeyGroups() + I64(0) + I32(0) + I32(1) +
                             Incremental(I32(0), I32(0)) + I64(0) + I64(0) + Utf("id")),
             kBad, "handle tag 11 among the changes"},
        Case{"NullMaterialized",
             OneKeyed(4, U8(14) + KeyGroups() + I64(0) + I32(1) + U8(0) + I32(0) + I64(0) + I64(0) +
                             Utf("id")),
             kBad, "a null handle inside a changelog handle"},
        Case{"ChangelogSequence",
             OneKeyed(4, U8(9) + KeyGroups() + I64(-1) + I64(0) + I32(0) + Utf("id")), kBad,
             "negative changelog sequence number"},
        Case{"ChangeKeyGroup",
             OneKeyed(4, U8(9) + KeyGroups() + I64(0) + I64(0) + I32(1) + I32(-2) + Blob("") +
                             Utf("id")),
             kBad, "a change of key group -2"},
        Case{"TooManyChanges",
             OneKeyed(4, U8(9) + KeyGroups() + I64(0) + I64(0) + I32(500) + Utf("id")), kBad,
             "500 changes cannot"},
        Case{"TooManyChangeFiles",
             OneKeyed(4, U8(13) + KeyGroups() + I32(500) + I64(0) + I64(0) + Utf("id") + Utf("fs")),
             kBad, "500 changelog streams cannot"},
        Case{"NestedTooDeep", OneKeyed(4, NestedChangelog(15)), kNo, "nested deeper than 16"}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    ChannelHandles, Rejects,
    testing::Values(
        Case{"TooMany", Channels(3, I32(9999)), kBad, "9999 input channel handles cannot"},
        Case{"OutputAmongInputs", Channels(6, I32(1) + U8(2) + std::string(60, '\0')), kBad,
             "misplaced input channel handle tag 2"},
        Case{"UnknownTag", Channels(6, I32(1) + U8(77) + std::string(60, '\0')), kNo,
             "unknown input channel handle tag 77"},
        Case{"TooManyOffsets",
             Channels(3, I32(1) + I32(0) + I32(0) + I32(0) + I32(500) + I64(0) + Relative("x", 1)),
             kBad, "500 offsets cannot"},
        Case{"NullDelegate",
             Channels(3, I32(1) + I32(0) + I32(0) + I32(0) + I32(0) + I64(0) + U8(0)), kBad,
             "a null stream handle"},
        Case{"PackedTrailing",
             Channels(6, I32(1) + U8(3) + I32(0) + I64(0) + Relative("x", 1) + Blob(I32(0) + "z")),
             kBad, "trailing bytes in a merged channel handle"},
        Case{"PackedTooLong",
             Channels(6, I32(1) + U8(3) + I32(0) + I64(0) + Relative("x", 1) + I32(5000)), kBad,
             "with 5000 bytes of channels"},
        Case{"PackedCount",
             Channels(6, I32(1) + U8(3) + I32(0) + I64(0) + Relative("x", 1) + Blob(I32(9))), kBad,
             "9 merged channels cannot"}),
    [](const auto& test) { return test.param.name; });

TEST(FlinkMetadataLimits, NestingOf16IsStillRead) {
  EXPECT_TRUE(ReadFlinkMetadata(AsBytes(OneKeyed(4, NestedChangelog(14)))));
  // The keyed handle, its stream and 14 more levels.
  EXPECT_TRUE(ReadFlinkMetadata(AsBytes(OneStream(NestedKeyGroups(14)))));
  EXPECT_FALSE(ReadFlinkMetadata(AsBytes(OneStream(NestedKeyGroups(15)))));
}

TEST(FlinkMetadataLimits, AllKeyGroupsAreAllowed) {
  const std::string handle = U8(11) + I64(1) + Utf("b") + I32(0) + I32(kMaxKeyGroups) + I64(1) +
                             Relative("m", 1) + I32(0) + I32(0) + Utf("id");
  EXPECT_TRUE(ReadFlinkMetadata(AsBytes(OneKeyed(4, handle))));
}

TEST(FlinkMetadataLimits, RefusesAFileThatNeedsFarMoreMemoryThanItsSize) {
  for (const int count : {1, 2}) {
    const std::string file = I32(count) + std::string(100, '\0');
    MetadataCursor cursor(AsBytes(file));
    cursor.Count("things", 1, kModelBytesFree);
    ASSERT_EQ(cursor.ok(), count == 1);
    if (count == 1) continue;
    EXPECT_EQ(cursor.error().code(), ErrorCode::kRefused);
    EXPECT_THAT(cursor.error().message(), HasSubstr("far more memory than its size"));
  }
}

TEST(FlinkMetadataLimits, NoFileNeedsMoreMemoryThanTheLargest) {
  const std::string file = I32(1) + std::string(100 << 20, '\0');
  for (const std::uint64_t more : {0, 1}) {
    MetadataCursor cursor(AsBytes(file));
    cursor.Count("things", 1, kMaxModelBytes + more);
    EXPECT_EQ(cursor.ok(), more == 0);
  }
}

}  // namespace
}  // namespace stateferry::state::snapshot
