#include "state/snapshot/flink_metadata_handles.h"

#include <algorithm>
#include <utility>

#include "state/snapshot/flink_metadata_limits.h"
#include "state/snapshot/flink_path.h"
#include "state/snapshot/modified_utf8.h"

namespace stateferry::state::snapshot {
namespace {

constexpr std::uint8_t kNewestTag = 17;

bool HasDuplicateNames(const std::vector<NamedState>& states) {
  std::vector<std::string_view> names;
  names.reserve(states.size());
  for (const NamedState& state : states) names.push_back(state.name);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

}  // namespace

// ---- Stream handles ----------------------------------------------------------------------------

StreamHandle HandleReader::Stream(bool may_be_null) {
  StreamHandle handle;
  if (!Enter()) return handle;
  handle = ReadStream(may_be_null);
  Leave();
  return handle;
}

StreamHandle HandleReader::ReadStream(bool may_be_null) {
  StreamHandle handle;
  const std::uint8_t tag = in_.U8();
  if (!in_.ok()) return handle;
  handle.tag = static_cast<StreamTag>(tag);
  switch (handle.tag) {
    case StreamTag::kNull:
      if (!may_be_null) in_.Fail("a null stream handle where there must be one");
      break;
    case StreamTag::kBytes:
      handle.name = in_.Utf("the name of a byte stream");
      handle.data = in_.Blob("a byte stream");
      break;
    case StreamTag::kFile:
      handle.size_bytes = in_.I64();
      handle.path = AbsolutePath("a file path");
      break;
    case StreamTag::kKeyGroups: handle.key_groups = ReadKeyGroupsStream(); break;
    case StreamTag::kRelative: {
      handle.path = in_.Utf("a relative path");
      if (!in_.ok()) break;
      if (auto normal = NormalRelativePath(ModifiedToUtf8(handle.path)); !normal) {
        in_.Fail(normal.error().message(), normal.error().code());
      }
      handle.size_bytes = in_.I64();
      break;
    }
    case StreamTag::kSegment: {
      handle.start = in_.I64();
      handle.size_bytes = in_.I64();
      const std::int32_t scope = in_.I32();
      if (handle.start < 0 || handle.size_bytes < 0) {
        in_.Fail("a segment with a negative start or size");
      }
      if (scope != 0 && scope != 1) in_.Fail("unknown segment scope " + std::to_string(scope));
      handle.scope = static_cast<SegmentScope>(scope);
      handle.path = AbsolutePath("the path of a segment's file");
      handle.name = in_.Utf("a logical file id");
      break;
    }
    case StreamTag::kEmptySegment: break;
    default: UnknownTag("stream", tag);
  }
  if (handle.size_bytes < -1) {
    in_.Fail("a file size of " + std::to_string(handle.size_bytes) + " bytes");
  }
  return handle;
}

Box<KeyGroupsStream> HandleReader::ReadKeyGroupsStream() {
  in_.Charge(sizeof(KeyGroupsStream) + sizeof(StreamHandle));
  KeyGroupsStream wrapped;
  wrapped.key_groups = KeyGroups();
  wrapped.offsets = Offsets(wrapped.key_groups.count);
  wrapped.stream = Stream();
  return wrapped;
}

// ---- Operator state ----------------------------------------------------------------------------

OperatorStateHandle HandleReader::OperatorState() {
  OperatorStateHandle handle;
  const std::uint8_t tag = in_.U8();
  handle.tag = static_cast<OperatorStateTag>(tag);
  if (!in_.ok() || handle.tag == OperatorStateTag::kNull) return handle;
  if (handle.tag != OperatorStateTag::kPartitionable &&
      handle.tag != OperatorStateTag::kFileMerging) {
    UnknownTag("operator state", tag);
    return handle;
  }
  const std::size_t count = in_.Count("operator states", 7, sizeof(NamedState));
  for (std::size_t i = 0; i < count && in_.ok(); ++i) {
    NamedState state;
    state.name = in_.Utf("a state name");
    const std::uint8_t mode = in_.U8();
    if (mode > 2) in_.Fail("unknown distribution mode " + std::to_string(mode));
    state.mode = static_cast<StateMode>(mode);
    state.offsets = Offsets(in_.I32());
    handle.states.push_back(std::move(state));
  }
  if (HasDuplicateNames(handle.states)) in_.Fail("two operator states have one name");
  if (handle.tag == OperatorStateTag::kFileMerging) {
    handle.task_owned_directory = AbsolutePath("the task-owned directory");
    handle.shared_directory = AbsolutePath("the shared directory");
    handle.empty = in_.U8();
  }
  handle.stream = Stream();
  const bool is_segment =
      handle.stream.tag == StreamTag::kSegment || handle.stream.tag == StreamTag::kEmptySegment;
  if (handle.tag == OperatorStateTag::kFileMerging && !is_segment) {
    in_.Fail("a file-merging handle (tag 17) that does not hold a segment");
  }
  return handle;
}

// ---- Keyed state -------------------------------------------------------------------------------

Box<KeyedHandle> HandleReader::Keyed() {
  const std::uint8_t tag = in_.U8();
  if (!in_.ok() || tag == 0) return {};
  in_.Charge(sizeof(KeyedHandle));
  return KeyedBody(tag);
}

KeyedHandle HandleReader::KeyedBody(std::uint8_t tag) {
  KeyedHandle handle;
  if (!Enter()) return handle;
  handle.tag = static_cast<KeyedTag>(tag);
  switch (handle.tag) {
    case KeyedTag::kKeyGroupsOld:
    case KeyedTag::kSavepointKeyGroups:
    case KeyedTag::kKeyGroups:
      handle.key_groups = KeyGroups();
      handle.offsets = Offsets(handle.key_groups.count);
      handle.stream = Stream();
      if (handle.tag == KeyedTag::kKeyGroups) handle.handle_id = in_.Utf("a handle id");
      break;
    case KeyedTag::kIncrementalOld:
    case KeyedTag::kIncremental: IncrementalBody(handle); break;
    case KeyedTag::kChangelogOld:
    case KeyedTag::kChangelog: ChangelogBody(handle); break;
    case KeyedTag::kChangelogBytes: ChangelogBytesBody(handle); break;
    case KeyedTag::kChangelogFilesOld:
    case KeyedTag::kChangelogFiles: ChangelogFilesBody(handle); break;
    case KeyedTag::kNull:
    default: UnknownTag("keyed", tag);
  }
  Leave();
  return handle;
}

void HandleReader::IncrementalBody(KeyedHandle& handle) {
  handle.checkpoint_id = in_.I64();
  if (handle.checkpoint_id < 0) in_.Fail("a negative checkpoint id");
  handle.backend_id = in_.Utf("a backend id");
  handle.key_groups = KeyGroups();
  const bool has_sizes = handle.tag == KeyedTag::kIncremental;
  if (has_sizes) handle.checkpointed_size = in_.I64();
  handle.stream = Stream();
  handle.shared_files = List("shared files");
  handle.private_files = List("private files");
  if (has_sizes) handle.handle_id = in_.Utf("a handle id");
}

void HandleReader::ChangelogBody(KeyedHandle& handle) {
  const bool old_tag = handle.tag == KeyedTag::kChangelogOld;
  if (old_tag) met_changelog_tag_ = true;
  const bool old_layout = old_tag && !has_handle_ids();
  handle.key_groups = KeyGroups();
  if (!old_layout) handle.checkpointed_size = in_.I64();
  for (const bool change : {false, true}) {
    const std::size_t count =
        in_.Count(change ? "changelog handles" : "materialized handles", 1, sizeof(KeyedHandle));
    auto& list = change ? handle.changes : handle.materialized;
    for (std::size_t i = 0; i < count && in_.ok(); ++i) list.push_back(ChangelogChild(change));
  }
  if (old_layout) return;
  handle.materialization_id = in_.I64();
  if (!old_tag) handle.checkpoint_id = in_.I64();
  handle.handle_id = in_.Utf("a handle id");
}

KeyedHandle HandleReader::ChangelogChild(bool change) {
  const std::uint8_t tag = in_.U8();
  if (!in_.ok()) return {};
  const auto kind = static_cast<KeyedTag>(tag);
  if (kind == KeyedTag::kNull) {
    in_.Fail("a null handle inside a changelog handle");
    return {};
  }
  const bool is_change = kind == KeyedTag::kChangelogBytes ||
                         kind == KeyedTag::kChangelogFilesOld || kind == KeyedTag::kChangelogFiles;
  if (change && !is_change && tag <= kNewestTag) {
    in_.Fail("handle tag " + std::to_string(tag) + " among the changes of a changelog handle");
    return {};
  }
  return KeyedBody(tag);
}

void HandleReader::ChangelogBytesBody(KeyedHandle& handle) {
  met_changelog_tag_ = true;
  handle.key_groups = KeyGroups();
  handle.from = in_.I64();
  handle.to = in_.I64();
  if (handle.from < 0 || handle.to < 0) in_.Fail("a negative changelog sequence number");
  const std::size_t count = in_.Count("changes", 8, sizeof(ChangeBlob));
  for (std::size_t i = 0; i < count && in_.ok(); ++i) {
    ChangeBlob change;
    change.key_group = in_.I32();
    if (change.key_group < -1 || change.key_group >= kMaxKeyGroups) {
      in_.Fail("a change of key group " + std::to_string(change.key_group));
    }
    change.data = in_.Blob("a change");
    handle.change_blobs.push_back(std::move(change));
  }
  if (has_handle_ids()) handle.handle_id = in_.Utf("a handle id");
}

void HandleReader::ChangelogFilesBody(KeyedHandle& handle) {
  const bool old_tag = handle.tag == KeyedTag::kChangelogFilesOld;
  if (old_tag) met_changelog_tag_ = true;
  handle.key_groups = KeyGroups();
  const std::size_t count = in_.Count("changelog streams", 9, sizeof(ChangelogStream));
  for (std::size_t i = 0; i < count && in_.ok(); ++i) {
    ChangelogStream change;
    change.offset = in_.I64();
    change.stream = Stream();
    handle.change_files.push_back(std::move(change));
  }
  handle.size_bytes = in_.I64();
  if (old_tag && !has_handle_ids()) return;
  handle.checkpointed_size = in_.I64();
  handle.handle_id = in_.Utf("a handle id");
  if (!old_tag) handle.storage_id = in_.Utf("a changelog storage identifier");
}

// ---- Channel state -----------------------------------------------------------------------------

ChannelHandle HandleReader::Channel(bool input, bool tagged) {
  ChannelHandle handle;
  handle.tag = input ? ChannelTag::kInput : ChannelTag::kOutput;
  if (tagged) {
    const std::uint8_t tag = in_.U8();
    handle.tag = static_cast<ChannelTag>(tag);
    const bool fits = input ? tag == 1 || tag == 3 : tag == 2 || tag == 4;
    if (!fits) {
      UnknownTag(input ? "input channel" : "output channel", tag);
      return handle;
    }
  }
  handle.subtask = in_.I32();
  const bool merged =
      handle.tag == ChannelTag::kMergedInput || handle.tag == ChannelTag::kMergedOutput;
  if (merged) {
    handle.size_bytes = in_.I64();
    handle.stream = Stream();
    MergedParts(handle);
    return handle;
  }
  ChannelPart part;
  in_.Charge(sizeof part);
  part.a = in_.I32();
  part.b = in_.I32();
  part.offsets = Offsets(in_.I32());
  handle.size_bytes = in_.I64();
  part.size_bytes = handle.size_bytes;
  handle.parts.push_back(std::move(part));
  handle.stream = Stream();
  return handle;
}

void HandleReader::MergedParts(ChannelHandle& handle) {
  const std::int32_t length = in_.I32();
  if (!in_.ok()) return;
  if (length < 0 || static_cast<std::size_t>(length) > in_.remaining()) {
    in_.Fail("a merged channel handle with " + std::to_string(length) + " bytes of channels");
    return;
  }
  const std::size_t end = in_.offset() + static_cast<std::size_t>(length);
  const std::size_t former_end = in_.LimitTo(end);
  const std::size_t count = in_.Count("merged channels", 20, sizeof(ChannelPart));
  for (std::size_t i = 0; i < count && in_.ok(); ++i) {
    ChannelPart part;
    part.a = in_.I32();
    part.b = in_.I32();
    part.size_bytes = in_.I64();
    part.offsets = Offsets(in_.I32());
    handle.parts.push_back(std::move(part));
  }
  if (in_.ok() && in_.offset() != end) in_.Fail("trailing bytes in a merged channel handle");
  in_.Unlimit(former_end);
}

// ---- Parts of handles --------------------------------------------------------------------------

KeyGroupRange HandleReader::KeyGroups() {
  KeyGroupRange range;
  range.first = in_.I32();
  range.count = in_.I32();
  const bool fits = range.first >= 0 && range.count >= 0 && range.first <= kMaxKeyGroups &&
                    range.count <= kMaxKeyGroups - range.first;
  if (!fits) {
    in_.Fail(std::to_string(range.count) + " key groups from " + std::to_string(range.first) +
             " on, outside of 0 to " + std::to_string(kMaxKeyGroups));
  }
  return range;
}

std::vector<std::int64_t> HandleReader::Offsets(std::int32_t count) {
  const std::size_t wanted = in_.CheckCount(count, "offsets", 8, 8);
  std::vector<std::int64_t> offsets;
  offsets.reserve(wanted);
  for (std::size_t i = 0; i < wanted; ++i) offsets.push_back(in_.I64());
  return offsets;
}

std::vector<NamedStream> HandleReader::List(std::string_view what) {
  const std::size_t count = in_.Count(what, 3, sizeof(NamedStream));
  std::vector<NamedStream> list;
  for (std::size_t i = 0; i < count && in_.ok(); ++i) {
    NamedStream entry;
    entry.local_name = in_.Utf("a local file name");
    if (in_.ok() && !IsPlainFileName(ModifiedToUtf8(entry.local_name))) {
      in_.Fail("local file name \"" + PrintableText(entry.local_name) + "\" is not a plain name",
               ErrorCode::kRefused);
    }
    entry.stream = Stream();
    list.push_back(std::move(entry));
  }
  return list;
}

std::string HandleReader::AbsolutePath(std::string_view what) {
  std::string path = in_.Utf(what);
  if (!in_.ok()) return path;
  const std::string text = ModifiedToUtf8(path);
  const auto parsed = ParseFlinkPath(text);
  if (!parsed) {
    in_.Fail(parsed.error().message(), parsed.error().code());
  } else if (!parsed->IsAbsolute()) {
    in_.Fail("path \"" + PrintablePath(text) + "\" must be absolute");
  }
  return path;
}

void HandleReader::UnknownTag(std::string_view family, std::uint8_t tag) {
  const bool is_new = tag > kNewestTag;
  in_.Fail((is_new ? "unknown " : "misplaced ") + std::string(family) + " handle tag " +
               std::to_string(tag) +
               (is_new ? "; written by a newer Flink or a proprietary state backend" : ""),
           is_new ? ErrorCode::kRefused : ErrorCode::kCorruption);
}

bool HandleReader::Enter() {
  if (!in_.ok()) return false;
  if (depth_ >= kMaxHandleNesting) {
    in_.Fail("handles nested deeper than " + std::to_string(kMaxHandleNesting),
             ErrorCode::kRefused);
    return false;
  }
  ++depth_;
  return true;
}

}  // namespace stateferry::state::snapshot
