// ReadFlinkMetadata: the frame of the file around the handles.

#include <algorithm>
#include <set>
#include <utility>

#include "state/snapshot/flink_metadata.h"
#include "state/snapshot/flink_metadata_cursor.h"
#include "state/snapshot/flink_metadata_handles.h"
#include "state/snapshot/flink_metadata_limits.h"
#include "state/snapshot/flink_metadata_magic.h"
#include "state/snapshot/java_properties.h"
#include "state/snapshot/modified_utf8.h"

namespace stateferry::state::snapshot {
namespace {

class FileReader {
 public:
  FileReader(ByteSpan file, ChangelogLayout layout)
      : in_(file), handles_(in_, layout), layout_(layout) {}

  Result<FlinkMetadata> Read();
  /// True when the other layout of the changelog tags may be the right one.
  bool MayHaveOtherLayout() const { return out_.version == 3 && handles_.met_changelog_tag(); }

 private:
  bool ReadVersion();
  void ReadMasterState();
  void ReadOperator();
  void ReadSubtasks(Operator& op, std::int32_t count);
  Subtask ReadSubtask();
  void ReadBody(Subtask& subtask);
  Box<OperatorStateHandle> ReadOperatorState();
  std::vector<ChannelHandle> ReadChannels(bool input);
  void ReadProperties();

  MetadataCursor in_;
  HandleReader handles_;
  ChangelogLayout layout_;
  FlinkMetadata out_;
  std::set<std::array<std::uint8_t, 16>> operator_ids_;
};

Result<FlinkMetadata> FileReader::Read() {
  if (!ReadVersion()) return in_.error();
  out_.changelog_1_14 = layout_ == ChangelogLayout::kFlink114;
  out_.checkpoint_id = in_.I64();
  if (out_.checkpoint_id < 0) {
    in_.Fail("checkpoint id " + std::to_string(out_.checkpoint_id) + " is negative");
  }
  const std::size_t masters = in_.Count("master states", 18, sizeof(MasterState));
  for (std::size_t i = 0; i < masters && in_.ok(); ++i) ReadMasterState();
  // An operator costs its entry in the set of ids, too.
  const std::size_t operators = in_.Count("operators", 29, sizeof(Operator) + 64);
  for (std::size_t i = 0; i < operators && in_.ok(); ++i) ReadOperator();
  in_.SetOperator("");
  if (out_.version >= 4) ReadProperties();
  if (in_.remaining() != 0) {
    in_.Fail(std::to_string(in_.remaining()) + " bytes after the end of the metadata");
  }
  if (!in_.ok()) return in_.error();
  return std::move(out_);
}

bool FileReader::ReadVersion() {
  const auto magic = static_cast<std::uint32_t>(in_.I32());
  if (in_.ok() && magic != kMetadataMagic)
    in_.Fail("this is no Flink _metadata file (wrong magic)");
  out_.version = in_.I32();
  const std::string number = std::to_string(out_.version);
  if (in_.ok() && (out_.version == 0 || out_.version == 1)) {
    in_.Fail("metadata version " + number + " was written by Flink " +
                 std::string(FlinkReleasesOf(out_.version)) +
                 ", which no current Flink reads; take a savepoint with Flink 1.3 to 1.8 first",
             ErrorCode::kRefused);
  }
  if (out_.version > kNewestReadVersion) {
    in_.Fail("metadata version " + number + " is newer than this stateferry, which knows " +
                 std::to_string(kOldestMetadataVersion) + " to " +
                 std::to_string(kNewestReadVersion),
             ErrorCode::kRefused);
  }
  if (out_.version < 0) in_.Fail("metadata version " + number + " does not exist");
  return in_.ok();
}

void FileReader::ReadMasterState() {
  const auto magic = static_cast<std::uint32_t>(in_.I32());
  if (magic != kMasterStateMagic) in_.Fail("a master state with a wrong magic");
  const std::int32_t length = in_.I32();
  if (!in_.ok()) return;
  if (length <= 0 || static_cast<std::size_t>(length) > in_.remaining()) {
    in_.Fail("a master state of " + std::to_string(length) + " bytes");
    return;
  }
  const std::size_t end = in_.offset() + static_cast<std::size_t>(length);
  const std::size_t former_end = in_.LimitTo(end);
  MasterState state;
  state.version = in_.I32();
  state.name = in_.Utf("the name of a master state");
  state.payload = in_.Blob("a master state");
  if (in_.ok() && in_.offset() != end) in_.Fail("trailing bytes in a master state");
  in_.Unlimit(former_end);
  out_.master_states.push_back(std::move(state));
}

void FileReader::ReadOperator() {
  Operator op;
  in_.SetOperator("number " + std::to_string(out_.operators.size() + 1));
  if (out_.version >= 5) {
    op.name = in_.Utf("an operator's name");
    op.uid = in_.Utf("an operator's uid");
  }
  const std::string_view id = in_.Raw(op.id.size(), "an operator id");
  if (!in_.ok()) return;
  std::copy(id.begin(), id.end(), op.id.begin());
  in_.SetOperator(OperatorLabel(op));
  if (!operator_ids_.insert(op.id).second) in_.Fail("an operator id that was there before");
  op.parallelism = in_.I32();
  op.max_parallelism = in_.I32();
  if (op.parallelism < 0 || op.parallelism > op.max_parallelism ||
      op.max_parallelism > kMaxKeyGroups) {
    in_.Fail("parallelism " + std::to_string(op.parallelism) + " of " +
             std::to_string(op.max_parallelism) + " is impossible");
  }
  if (out_.version == 2) {
    op.chain_length = in_.I32();
  } else {
    op.coordinator = handles_.Stream(/*may_be_null=*/true);
    if (op.coordinator.tag != StreamTag::kNull && op.coordinator.tag != StreamTag::kBytes) {
      in_.Fail("the coordinator state is neither absent nor inline");
    }
  }
  const std::int32_t count = in_.I32();
  if (in_.ok() && count < 0 && out_.version >= 3) {
    op.fully_finished = true;
    op.finished_count = count;
    if (op.coordinator.tag != StreamTag::kNull) {
      in_.Fail("a fully finished operator has coordinator state");
    }
  } else {
    ReadSubtasks(op, count);
  }
  if (in_.ok()) out_.operators.push_back(std::move(op));
}

void FileReader::ReadSubtasks(Operator& op, std::int32_t count) {
  const std::size_t wanted = in_.CheckCount(count, "subtasks", 4, sizeof(Subtask));
  std::vector<std::int32_t> indices;
  for (std::size_t i = 0; i < wanted && in_.ok(); ++i) {
    Subtask subtask = ReadSubtask();
    if (subtask.index >= op.parallelism) {
      in_.Fail("its index is not below the parallelism " + std::to_string(op.parallelism));
    }
    in_.SetSubtask(std::nullopt);
    indices.push_back(subtask.index);
    op.subtasks.push_back(std::move(subtask));
  }
  std::sort(indices.begin(), indices.end());
  const auto twice = std::adjacent_find(indices.begin(), indices.end());
  if (twice != indices.end()) in_.Fail("subtask " + std::to_string(*twice) + " is there twice");
}

Subtask FileReader::ReadSubtask() {
  Subtask subtask;
  const std::int32_t stored = in_.I32();
  if (stored < 0 && out_.version == 2) in_.Fail("a negative subtask index");
  subtask.finished = stored < 0;
  subtask.index = subtask.finished ? -(stored + 1) : stored;
  in_.SetSubtask(subtask.index);
  if (in_.ok() && !subtask.finished) ReadBody(subtask);
  return subtask;
}

void FileReader::ReadBody(Subtask& subtask) {
  if (out_.version == 2) {
    subtask.duration = in_.I64();
    subtask.legacy_count = in_.I32();
    if (subtask.legacy_count > 0) {
      in_.Fail("it holds state from before Flink 1.2, which no current Flink reads",
               ErrorCode::kRefused);
    }
  }
  subtask.managed_operator = ReadOperatorState();
  subtask.raw_operator = ReadOperatorState();
  subtask.managed_keyed = handles_.Keyed();
  subtask.raw_keyed = handles_.Keyed();
  if (out_.version >= 3) {
    subtask.input_channels = ReadChannels(/*input=*/true);
    subtask.output_channels = ReadChannels(/*input=*/false);
  }
  if (out_.version >= 7) {
    subtask.reference_marker = in_.U8();
    if (subtask.reference_marker > 1) in_.Fail("an unknown reference marker");
    if (subtask.reference_marker == 1) subtask.reference_checkpoint_id = in_.I64();
  }
}

Box<OperatorStateHandle> FileReader::ReadOperatorState() {
  const std::int32_t flag = in_.I32();
  if (!in_.ok() || flag == 0) return {};
  in_.Charge(sizeof(OperatorStateHandle));
  OperatorStateHandle handle = handles_.OperatorState();
  handle.flag = flag;
  return handle;
}

std::vector<ChannelHandle> FileReader::ReadChannels(bool input) {
  const std::size_t count = in_.Count(input ? "input channel handles" : "output channel handles",
                                      17, sizeof(ChannelHandle));
  std::vector<ChannelHandle> channels;
  for (std::size_t i = 0; i < count && in_.ok(); ++i) {
    channels.push_back(handles_.Channel(input, /*tagged=*/out_.version >= 6));
  }
  return channels;
}

void FileReader::ReadProperties() {
  if (!in_.ok()) return;
  const std::size_t start = in_.offset();
  const std::string_view raw = in_.Raw(in_.remaining(), "the checkpoint properties");
  auto properties = ReadJavaProperties(AsBytes(raw));
  if (!properties) {
    in_.Fail("the checkpoint properties that begin at byte " + std::to_string(start) + ": " +
                 properties.error().message(),
             properties.error().code());
    return;
  }
  out_.properties = raw;
  out_.warnings = std::move(properties->warnings);
  out_.parsed_properties = std::move(properties->properties);
}

}  // namespace

Result<FlinkMetadata> ReadFlinkMetadata(ByteSpan file) {
  if (file.size() > kMaxMetadataBytes) {
    return Error(ErrorCode::kRefused, "the metadata file has " + std::to_string(file.size()) +
                                          " bytes, more than the limit of " +
                                          std::to_string(kMaxMetadataBytes));
  }
  FileReader reader(file, ChangelogLayout::kFlink115);
  Result<FlinkMetadata> result = reader.Read();
  if (result || !reader.MayHaveOtherLayout()) return result;
  // Flink 1.14 wrote other fields under the tags 8, 9 and 10; nothing in the file says so, except
  // that it cannot be read the usual way.
  Result<FlinkMetadata> older = FileReader(file, ChangelogLayout::kFlink114).Read();
  if (older) return older;
  return result;
}

}  // namespace stateferry::state::snapshot
