// WriteFlinkMetadata: the reader's mirror.  The first failure sticks, as in the cursor.

#include <limits>
#include <optional>
#include <utility>

#include "state/snapshot/flink_metadata.h"
#include "state/snapshot/flink_metadata_limits.h"
#include "state/snapshot/flink_metadata_magic.h"
#include "state/snapshot/flink_path.h"
#include "state/snapshot/modified_utf8.h"

namespace stateferry::state::snapshot {
namespace {

class FileWriter {
 public:
  explicit FileWriter(const FlinkMetadata& metadata) : metadata_(metadata) {}
  Result<std::string> Write();

 private:
  void WriteMasterState(const MasterState& state);
  void WriteOperator(const Operator& op);
  void WriteSubtask(const Subtask& subtask);
  void WriteOperatorState(const Box<OperatorStateHandle>& handle);
  void WriteStream(const StreamHandle& handle);
  void WriteKeyed(const Box<KeyedHandle>& handle);
  void WriteKeyedHandle(const KeyedHandle& handle);
  void WriteIncremental(const KeyedHandle& handle);
  void WriteChangelog(const KeyedHandle& handle);
  void WriteChangelogBytes(const KeyedHandle& handle);
  void WriteChangelogFiles(const KeyedHandle& handle);
  void WriteChannels(const std::vector<ChannelHandle>& channels, bool input);
  void WriteChannel(const ChannelHandle& handle);
  void WriteKeyGroups(const KeyGroupRange& range);
  void WriteKeyGroupOffsets(const KeyGroupRange& range, const std::vector<std::int64_t>& offsets);
  void WriteOffsets(const std::vector<std::int64_t>& offsets);
  void WriteList(const std::vector<NamedStream>& list);

  void U8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void I32(std::int32_t value) { AppendBig(out_, static_cast<std::uint32_t>(value)); }
  void I64(std::int64_t value) { AppendBig(out_, static_cast<std::uint64_t>(value)); }
  void Utf(std::string_view text);
  void Blob(std::string_view bytes);
  void Count(std::size_t count);
  void Fail(ErrorCode code, std::string what);
  void Impossible(std::string what) { Fail(ErrorCode::kInvalidArgument, std::move(what)); }

  const FlinkMetadata& metadata_;
  std::string out_;
  std::string where_;
  std::optional<Error> error_;
};

Result<std::string> FileWriter::Write() {
  if (metadata_.version > kNewestWrittenVersion || metadata_.version < kOldestMetadataVersion) {
    return Error(ErrorCode::kRefused, "metadata version " + std::to_string(metadata_.version) +
                                          " cannot be written by this stateferry, only " +
                                          std::to_string(kOldestMetadataVersion) + " to " +
                                          std::to_string(kNewestWrittenVersion) +
                                          "; copy the snapshot as it is");
  }
  AppendBig(out_, kMetadataMagic);
  I32(metadata_.version);
  I64(metadata_.checkpoint_id);
  Count(metadata_.master_states.size());
  for (const MasterState& state : metadata_.master_states) WriteMasterState(state);
  Count(metadata_.operators.size());
  for (const Operator& op : metadata_.operators) WriteOperator(op);
  where_.clear();
  if (metadata_.version >= 4) {
    out_ += metadata_.properties;
  } else if (!metadata_.properties.empty()) {
    Impossible("checkpoint properties need metadata version 4");
  }
  if (out_.size() > kMaxMetadataBytes) {
    Fail(ErrorCode::kRefused,
         "the metadata would exceed " + std::to_string(kMaxMetadataBytes) + " bytes");
  }
  if (error_) return *error_;
  return std::move(out_);
}

void FileWriter::WriteMasterState(const MasterState& state) {
  AppendBig(out_, kMasterStateMagic);
  const std::size_t length_at = out_.size();
  I32(0);
  I32(state.version);
  Utf(state.name);
  Blob(state.payload);
  const std::size_t length = out_.size() - length_at - 4;
  StoreBig(out_.data() + length_at, static_cast<std::uint32_t>(length));
}

void FileWriter::WriteOperator(const Operator& op) {
  where_ = "operator " + OperatorLabel(op);
  if (metadata_.version >= 5) {
    Utf(op.name);
    Utf(op.uid);
  } else if (!op.name.empty() || !op.uid.empty()) {
    Impossible("operator names need metadata version 5");
  }
  out_.append(reinterpret_cast<const char*>(op.id.data()), op.id.size());
  I32(op.parallelism);
  I32(op.max_parallelism);
  if (metadata_.version == 2) {
    I32(op.chain_length);
    if (op.coordinator.tag != StreamTag::kNull || op.fully_finished) {
      Impossible("coordinator state and finished operators need metadata version 3");
    }
  } else {
    WriteStream(op.coordinator);
  }
  if (op.fully_finished) {
    I32(op.finished_count);
    if (op.finished_count >= 0 || !op.subtasks.empty()) {
      Impossible("a fully finished operator has subtasks");
    }
    return;
  }
  Count(op.subtasks.size());
  for (const Subtask& subtask : op.subtasks) WriteSubtask(subtask);
}

void FileWriter::WriteSubtask(const Subtask& subtask) {
  const std::string operator_name = where_;
  where_ += ", subtask " + std::to_string(subtask.index);
  I32(subtask.finished ? -subtask.index - 1 : subtask.index);
  if (metadata_.version == 2) {
    I64(subtask.duration);
    I32(subtask.legacy_count);
    if (subtask.finished) Impossible("finished subtasks need metadata version 3");
  }
  if (!subtask.finished) {
    WriteOperatorState(subtask.managed_operator);
    WriteOperatorState(subtask.raw_operator);
    WriteKeyed(subtask.managed_keyed);
    WriteKeyed(subtask.raw_keyed);
    WriteChannels(subtask.input_channels, /*input=*/true);
    WriteChannels(subtask.output_channels, /*input=*/false);
  }
  where_ = operator_name;
}

void FileWriter::WriteOperatorState(const Box<OperatorStateHandle>& handle) {
  if (!handle) {
    I32(0);
    return;
  }
  I32(handle->flag);
  if (handle->flag == 0) Impossible("an operator state whose flag says it is absent");
  U8(static_cast<std::uint8_t>(handle->tag));
  if (handle->tag == OperatorStateTag::kNull) return;
  Count(handle->states.size());
  for (const NamedState& state : handle->states) {
    Utf(state.name);
    U8(static_cast<std::uint8_t>(state.mode));
    WriteOffsets(state.offsets);
  }
  if (handle->tag == OperatorStateTag::kFileMerging) {
    Utf(handle->task_owned_directory);
    Utf(handle->shared_directory);
    U8(handle->empty);
  }
  WriteStream(handle->stream);
}

void FileWriter::WriteStream(const StreamHandle& handle) {
  U8(static_cast<std::uint8_t>(handle.tag));
  switch (handle.tag) {
    case StreamTag::kNull:
    case StreamTag::kEmptySegment: return;
    case StreamTag::kBytes:
      Utf(handle.name);
      Blob(handle.data);
      return;
    case StreamTag::kFile:
      I64(handle.size_bytes);
      Utf(handle.path);
      return;
    case StreamTag::kKeyGroups:
      if (!handle.key_groups) {
        Impossible("a key groups handle without its content");
        return;
      }
      WriteKeyGroupOffsets(handle.key_groups->key_groups, handle.key_groups->offsets);
      if (handle.key_groups->stream) {
        WriteStream(*handle.key_groups->stream);
      } else {
        Impossible("a key groups handle without a stream");
      }
      return;
    case StreamTag::kRelative:
      Utf(handle.path);
      I64(handle.size_bytes);
      return;
    case StreamTag::kSegment:
      I64(handle.start);
      I64(handle.size_bytes);
      I32(static_cast<std::int32_t>(handle.scope));
      Utf(handle.path);
      Utf(handle.name);
      return;
  }
  Impossible("an unknown stream handle tag");
}

void FileWriter::WriteKeyed(const Box<KeyedHandle>& handle) {
  if (handle) {
    WriteKeyedHandle(*handle);
  } else {
    U8(0);
  }
}

void FileWriter::WriteKeyedHandle(const KeyedHandle& handle) {
  U8(static_cast<std::uint8_t>(handle.tag));
  switch (handle.tag) {
    case KeyedTag::kNull: break;
    case KeyedTag::kKeyGroupsOld:
    case KeyedTag::kSavepointKeyGroups:
    case KeyedTag::kKeyGroups:
      WriteKeyGroupOffsets(handle.key_groups, handle.offsets);
      WriteStream(handle.stream);
      if (handle.tag == KeyedTag::kKeyGroups) Utf(handle.handle_id);
      return;
    case KeyedTag::kIncrementalOld:
    case KeyedTag::kIncremental: WriteIncremental(handle); return;
    case KeyedTag::kChangelogOld:
    case KeyedTag::kChangelog: WriteChangelog(handle); return;
    case KeyedTag::kChangelogBytes: WriteChangelogBytes(handle); return;
    case KeyedTag::kChangelogFilesOld:
    case KeyedTag::kChangelogFiles: WriteChangelogFiles(handle); return;
  }
  Impossible("an unknown keyed handle tag");
}

void FileWriter::WriteIncremental(const KeyedHandle& handle) {
  const bool has_sizes = handle.tag == KeyedTag::kIncremental;
  I64(handle.checkpoint_id);
  Utf(handle.backend_id);
  WriteKeyGroups(handle.key_groups);
  if (has_sizes) I64(handle.checkpointed_size);
  WriteStream(handle.stream);
  WriteList(handle.shared_files);
  WriteList(handle.private_files);
  if (has_sizes) Utf(handle.handle_id);
}

void FileWriter::WriteChangelog(const KeyedHandle& handle) {
  const bool old_tag = handle.tag == KeyedTag::kChangelogOld;
  const bool old_layout = old_tag && metadata_.changelog_1_14;
  WriteKeyGroups(handle.key_groups);
  if (!old_layout) I64(handle.checkpointed_size);
  Count(handle.materialized.size());
  for (const KeyedHandle& child : handle.materialized) WriteKeyedHandle(child);
  Count(handle.changes.size());
  for (const KeyedHandle& child : handle.changes) WriteKeyedHandle(child);
  if (old_layout) return;
  I64(handle.materialization_id);
  if (!old_tag) I64(handle.checkpoint_id);
  Utf(handle.handle_id);
}

void FileWriter::WriteChangelogBytes(const KeyedHandle& handle) {
  WriteKeyGroups(handle.key_groups);
  I64(handle.from);
  I64(handle.to);
  Count(handle.change_blobs.size());
  for (const ChangeBlob& change : handle.change_blobs) {
    I32(change.key_group);
    Blob(change.data);
  }
  if (!metadata_.changelog_1_14) Utf(handle.handle_id);
}

void FileWriter::WriteChangelogFiles(const KeyedHandle& handle) {
  const bool old_tag = handle.tag == KeyedTag::kChangelogFilesOld;
  WriteKeyGroups(handle.key_groups);
  Count(handle.change_files.size());
  for (const ChangelogStream& change : handle.change_files) {
    I64(change.offset);
    WriteStream(change.stream);
  }
  I64(handle.size_bytes);
  if (old_tag && metadata_.changelog_1_14) return;
  I64(handle.checkpointed_size);
  Utf(handle.handle_id);
  if (!old_tag) Utf(handle.storage_id);
}

void FileWriter::WriteChannels(const std::vector<ChannelHandle>& channels, bool input) {
  if (metadata_.version < 3) {
    if (!channels.empty()) Impossible("channel state needs metadata version 3");
    return;
  }
  Count(channels.size());
  for (const ChannelHandle& channel : channels) {
    const bool is_input =
        channel.tag == ChannelTag::kInput || channel.tag == ChannelTag::kMergedInput;
    if (is_input != input) Impossible("input and output channels in one list");
    WriteChannel(channel);
  }
}

void FileWriter::WriteChannel(const ChannelHandle& handle) {
  const bool merged =
      handle.tag == ChannelTag::kMergedInput || handle.tag == ChannelTag::kMergedOutput;
  if (metadata_.version >= 6) {
    U8(static_cast<std::uint8_t>(handle.tag));
  } else if (merged) {
    Impossible("merged channel handles need metadata version 6");
  }
  I32(handle.subtask);
  if (!merged) {
    if (handle.parts.size() != 1) {
      Impossible("a plain channel handle that is not of one channel");
      return;
    }
    const ChannelPart& part = handle.parts.front();
    I32(part.a);
    I32(part.b);
    WriteOffsets(part.offsets);
    I64(handle.size_bytes);
    WriteStream(handle.stream);
    return;
  }
  I64(handle.size_bytes);
  WriteStream(handle.stream);
  const std::size_t length_at = out_.size();
  I32(0);
  Count(handle.parts.size());
  for (const ChannelPart& part : handle.parts) {
    I32(part.a);
    I32(part.b);
    I64(part.size_bytes);
    WriteOffsets(part.offsets);
  }
  const std::size_t length = out_.size() - length_at - 4;
  StoreBig(out_.data() + length_at, static_cast<std::uint32_t>(length));
}

void FileWriter::WriteKeyGroups(const KeyGroupRange& range) {
  I32(range.first);
  I32(range.count);
}

void FileWriter::WriteKeyGroupOffsets(const KeyGroupRange& range,
                                      const std::vector<std::int64_t>& offsets) {
  WriteKeyGroups(range);
  if (range.count < 0 || static_cast<std::size_t>(range.count) != offsets.size()) {
    Impossible("key groups and offsets differ in number");
  }
  for (const std::int64_t offset : offsets) I64(offset);
}

void FileWriter::WriteOffsets(const std::vector<std::int64_t>& offsets) {
  Count(offsets.size());
  for (const std::int64_t offset : offsets) I64(offset);
}

void FileWriter::WriteList(const std::vector<NamedStream>& list) {
  Count(list.size());
  for (const NamedStream& entry : list) {
    Utf(entry.local_name);
    WriteStream(entry.stream);
  }
}

void FileWriter::Utf(std::string_view text) {
  if (text.size() > kMaxUtfBytes) {
    Fail(ErrorCode::kRefused, "the string \"" + PrintablePath(text) + "\" has " +
                                  std::to_string(text.size()) + " bytes, _metadata can hold " +
                                  std::to_string(kMaxUtfBytes) +
                                  "; choose a destination with a shorter path");
    return;
  }
  if (FindBadModifiedUtf8(text)) {
    Impossible("the string \"" + PrintablePath(text) + "\" is not modified UTF-8");
    return;
  }
  AppendBig(out_, static_cast<std::uint16_t>(text.size()));
  out_ += text;
}

void FileWriter::Blob(std::string_view bytes) {
  Count(bytes.size());
  out_ += bytes;
}

void FileWriter::Count(std::size_t count) {
  if (count > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    Impossible("a list or blob of " + std::to_string(count) + " elements");
  }
  I32(static_cast<std::int32_t>(count));
}

void FileWriter::Fail(ErrorCode code, std::string what) {
  if (error_) return;
  error_.emplace(code, "writing _metadata" + (where_.empty() ? "" : ", " + where_) + ": " + what);
}

}  // namespace

Result<std::string> WriteFlinkMetadata(const FlinkMetadata& metadata) {
  return FileWriter(metadata).Write();
}

}  // namespace stateferry::state::snapshot
