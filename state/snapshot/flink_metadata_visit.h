#pragma once
// Walks all handles of a FlinkMetadata in file order, and adds up sizes.

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "state/snapshot/flink_metadata.h"

namespace stateferry::state::snapshot {

enum class StatePlace {
  kCoordinator,
  kManagedOperator,
  kRawOperator,
  kManagedKeyed,
  kRawKeyed,
  kInputChannel,
  kOutputChannel,
};
std::string_view StatePlaceName(StatePlace place);  // "managed keyed state"

enum class HandleList {
  kNone,     ///< the only stream of its handle
  kMeta,     ///< "meta" of an incremental handle
  kShared,   ///< LIST shared: says who deletes it, not where it is
  kPrivate,  ///< LIST private
  kChanges,  ///< a changelog file: sizes and offsets count logical bytes, never check or cut
};

struct HandleContext {
  const Operator* op = nullptr;
  std::int32_t subtask = -1;  ///< index; -1 for the coordinator
  StatePlace place = StatePlace::kCoordinator;
  HandleList list = HandleList::kNone;
  bool materialized = false;         ///< inside the materialized part of a changelog handle
  bool sizes_exact = true;           ///< false for kChanges
  bool file_merging = false;         ///< the delegate of an operator-state handle of tag 17
  std::string_view local_name = {};  ///< kShared, kPrivate
  /// kInput/kOutputChannel: the channel handle whose delegate this is; it may be shared.
  const ChannelHandle* channel = nullptr;
};
/// "operator 'map' (32 hex), subtask 3, managed keyed state": for messages.
std::string DescribeHandle(const HandleContext& context);

/// Called for every stream handle but kNull and the kKeyGroups wrappers (whose inner handle is
/// visited).  It may change the handle, its tag too; an error ends the walk and is returned.
using StreamVisitor = std::function<Result<void>(StreamHandle&, const HandleContext&)>;
using ConstStreamVisitor = std::function<Result<void>(const StreamHandle&, const HandleContext&)>;
Result<void> VisitStreamHandles(FlinkMetadata& metadata, const StreamVisitor& visit);
Result<void> VisitStreamHandles(const FlinkMetadata& metadata, const ConstStreamVisitor& visit);

/// Called for every present operator-state handle; resetting the Box drops it (flag 0).
/// To turn tag 17 into 4: set the tag and empty both directories.
using OperatorStateVisitor =
    std::function<Result<void>(Box<OperatorStateHandle>&, const HandleContext&)>;
Result<void> VisitOperatorStates(FlinkMetadata& metadata, const OperatorStateVisitor& visit);
using ConstOperatorStateVisitor =
    std::function<Result<void>(const OperatorStateHandle&, const HandleContext&)>;
Result<void> VisitOperatorStates(const FlinkMetadata& metadata,
                                 const ConstOperatorStateVisitor& visit);

/// Bytes of state per category as the handles say; unknown sizes count 0, sums saturate.
struct StateSizes {
  std::uint64_t managed_keyed_bytes = 0, raw_keyed_bytes = 0;
  std::uint64_t managed_operator_bytes = 0, raw_operator_bytes = 0;
  std::uint64_t channel_bytes = 0, coordinator_bytes = 0;
  std::uint64_t inline_bytes = 0;  ///< the part of all these that is inside `_metadata`
};
StateSizes SizesOf(const Operator& op);

}  // namespace stateferry::state::snapshot
