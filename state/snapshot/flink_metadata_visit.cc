#include "state/snapshot/flink_metadata_visit.h"

#include <limits>
#include <type_traits>

#include "state/snapshot/modified_utf8.h"

namespace stateferry::state::snapshot {
namespace {

/// One walk for both constnesses; `Metadata` is FlinkMetadata or const FlinkMetadata.
template <typename Metadata, typename Visitor>
class StreamWalk {
  template <typename T>
  using Like = std::conditional_t<std::is_const_v<Metadata>, const T, T>;

 public:
  explicit StreamWalk(const Visitor& visit) : visit_(visit) {}

  Result<void> Walk(Metadata& metadata) {
    for (auto& op : metadata.operators) {
      HandleContext context{.op = &op};
      SF_TRY(Stream(op.coordinator, context));
      for (auto& subtask : op.subtasks) {
        context.subtask = subtask.index;
        SF_TRY(WalkSubtask(subtask, context));
      }
    }
    return {};
  }

 private:
  Result<void> WalkSubtask(Like<Subtask>& subtask, HandleContext context) {
    SF_TRY(OperatorState(subtask.managed_operator, context, StatePlace::kManagedOperator));
    SF_TRY(OperatorState(subtask.raw_operator, context, StatePlace::kRawOperator));
    context.place = StatePlace::kManagedKeyed;
    if (subtask.managed_keyed) SF_TRY(Keyed(*subtask.managed_keyed, context));
    context.place = StatePlace::kRawKeyed;
    if (subtask.raw_keyed) SF_TRY(Keyed(*subtask.raw_keyed, context));
    SF_TRY(Channels(subtask.input_channels, context, StatePlace::kInputChannel));
    return Channels(subtask.output_channels, context, StatePlace::kOutputChannel);
  }

  Result<void> OperatorState(Like<Box<OperatorStateHandle>>& handle, HandleContext context,
                             StatePlace place) {
    if (!handle) return {};
    context.place = place;
    context.file_merging = handle->tag == OperatorStateTag::kFileMerging;
    return Stream(handle->stream, context);
  }

  Result<void> Channels(Like<std::vector<ChannelHandle>>& channels, HandleContext context,
                        StatePlace place) {
    context.place = place;
    for (auto& channel : channels) {
      context.channel = &channel;
      SF_TRY(Stream(channel.stream, context));
    }
    return {};
  }

  Result<void> Keyed(Like<KeyedHandle>& handle, HandleContext context) {
    const bool incremental =
        handle.tag == KeyedTag::kIncremental || handle.tag == KeyedTag::kIncrementalOld;
    context.list = incremental ? HandleList::kMeta : HandleList::kNone;
    SF_TRY(Stream(handle.stream, context));
    SF_TRY(List(handle.shared_files, context, HandleList::kShared));
    SF_TRY(List(handle.private_files, context, HandleList::kPrivate));
    HandleContext child_context = context;
    child_context.list = HandleList::kNone;
    child_context.materialized = true;
    for (auto& child : handle.materialized) SF_TRY(Keyed(child, child_context));
    child_context.materialized = context.materialized;
    for (auto& child : handle.changes) SF_TRY(Keyed(child, child_context));
    context.list = HandleList::kChanges;
    context.sizes_exact = false;
    for (auto& change : handle.change_files) SF_TRY(Stream(change.stream, context));
    return {};
  }

  Result<void> List(Like<std::vector<NamedStream>>& list, HandleContext context, HandleList kind) {
    context.list = kind;
    for (auto& entry : list) {
      context.local_name = entry.local_name;
      SF_TRY(Stream(entry.stream, context));
    }
    return {};
  }

  Result<void> Stream(Like<StreamHandle>& handle, const HandleContext& context) {
    if (handle.tag == StreamTag::kNull) return {};
    if (handle.tag != StreamTag::kKeyGroups) return visit_(handle, context);
    if (!handle.key_groups || !handle.key_groups->stream) return {};
    return Stream(*handle.key_groups->stream, context);
  }

  const Visitor& visit_;
};

/// Adds the non-negative part of `bytes`; hostile sizes cannot make the sum wrap.
void AddBytes(std::uint64_t& sum, std::int64_t bytes) {
  if (bytes <= 0) return;
  const auto more = static_cast<std::uint64_t>(bytes);
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - sum;
  sum += more < room ? more : room;
}

std::int64_t InlineBytes(const StreamHandle& handle) {
  return handle.tag == StreamTag::kBytes ? static_cast<std::int64_t>(handle.data.size()) : 0;
}

class SizeSum {
 public:
  void AddStream(std::uint64_t& sum, const StreamHandle& handle) {
    if (handle.tag == StreamTag::kKeyGroups) {
      if (handle.key_groups && handle.key_groups->stream) {
        AddStream(sum, *handle.key_groups->stream);
      }
      return;
    }
    AddBytes(sizes.inline_bytes, InlineBytes(handle));
    AddBytes(sum, handle.tag == StreamTag::kBytes ? InlineBytes(handle) : handle.size_bytes);
  }
  void AddKeyed(std::uint64_t& sum, const KeyedHandle& handle) {
    AddStream(sum, handle.stream);
    for (const NamedStream& entry : handle.shared_files) AddStream(sum, entry.stream);
    for (const NamedStream& entry : handle.private_files) AddStream(sum, entry.stream);
    for (const KeyedHandle& child : handle.materialized) AddKeyed(sum, child);
    for (const KeyedHandle& child : handle.changes) AddKeyed(sum, child);
    for (const ChangelogStream& change : handle.change_files) AddStream(sum, change.stream);
    for (const ChangeBlob& change : handle.change_blobs) {
      const auto bytes = static_cast<std::int64_t>(change.data.size());
      AddBytes(sum, bytes);
      AddBytes(sizes.inline_bytes, bytes);
    }
  }
  void AddChannels(const std::vector<ChannelHandle>& channels) {
    for (const ChannelHandle& channel : channels) {
      AddBytes(sizes.channel_bytes, channel.size_bytes);
      AddBytes(sizes.inline_bytes, InlineBytes(channel.stream));
    }
  }

  StateSizes sizes;
};

}  // namespace

std::string_view StatePlaceName(StatePlace place) {
  switch (place) {
    case StatePlace::kCoordinator: return "coordinator state";
    case StatePlace::kManagedOperator: return "managed operator state";
    case StatePlace::kRawOperator: return "raw operator state";
    case StatePlace::kManagedKeyed: return "managed keyed state";
    case StatePlace::kRawKeyed: return "raw keyed state";
    case StatePlace::kInputChannel: return "input channel state";
    case StatePlace::kOutputChannel: return "output channel state";
  }
  return "state";
}

std::string DescribeHandle(const HandleContext& context) {
  std::string text = "operator ";
  if (context.op != nullptr) {
    const std::string label = OperatorLabel(*context.op);
    const std::string id = OperatorIdText(context.op->id);
    text += label == id ? id : "\"" + label + "\" (" + id + ")";
  }
  if (context.subtask >= 0) text += ", subtask " + std::to_string(context.subtask);
  text += ", ";
  text += StatePlaceName(context.place);
  if (!context.local_name.empty()) text += ", " + PrintableText(context.local_name);
  return text;
}

Result<void> VisitStreamHandles(FlinkMetadata& metadata, const StreamVisitor& visit) {
  return StreamWalk<FlinkMetadata, StreamVisitor>(visit).Walk(metadata);
}

Result<void> VisitStreamHandles(const FlinkMetadata& metadata, const ConstStreamVisitor& visit) {
  return StreamWalk<const FlinkMetadata, ConstStreamVisitor>(visit).Walk(metadata);
}

Result<void> VisitOperatorStates(FlinkMetadata& metadata, const OperatorStateVisitor& visit) {
  for (Operator& op : metadata.operators) {
    for (Subtask& subtask : op.subtasks) {
      for (const bool managed : {true, false}) {
        Box<OperatorStateHandle>& handle =
            managed ? subtask.managed_operator : subtask.raw_operator;
        if (!handle) continue;
        const HandleContext context{
            .op = &op,
            .subtask = subtask.index,
            .place = managed ? StatePlace::kManagedOperator : StatePlace::kRawOperator,
            .file_merging = handle->tag == OperatorStateTag::kFileMerging,
        };
        SF_TRY(visit(handle, context));
      }
    }
  }
  return {};
}

Result<void> VisitOperatorStates(const FlinkMetadata& metadata,
                                 const ConstOperatorStateVisitor& visit) {
  // The walk itself changes nothing, and the visitor is given const handles only.
  return VisitOperatorStates(const_cast<FlinkMetadata&>(metadata),  // NOLINT: see above
                             [&](const Box<OperatorStateHandle>& handle,
                                 const HandleContext& context) { return visit(*handle, context); });
}

StateSizes SizesOf(const Operator& op) {
  SizeSum sum;
  sum.AddStream(sum.sizes.coordinator_bytes, op.coordinator);
  for (const Subtask& subtask : op.subtasks) {
    if (subtask.managed_operator) {
      sum.AddStream(sum.sizes.managed_operator_bytes, subtask.managed_operator->stream);
    }
    if (subtask.raw_operator) {
      sum.AddStream(sum.sizes.raw_operator_bytes, subtask.raw_operator->stream);
    }
    if (subtask.managed_keyed) {
      sum.AddKeyed(sum.sizes.managed_keyed_bytes, *subtask.managed_keyed);
    }
    if (subtask.raw_keyed) sum.AddKeyed(sum.sizes.raw_keyed_bytes, *subtask.raw_keyed);
    sum.AddChannels(subtask.input_channels);
    sum.AddChannels(subtask.output_channels);
  }
  return sum.sizes;
}

}  // namespace stateferry::state::snapshot
