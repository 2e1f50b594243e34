#pragma once
// The record of a workflow: values only.  Clones use it; migrations and packages will.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "state/entities/entity.h"

namespace stateferry::state::workflow {

enum class RunStatus : std::uint8_t {
  kPending = 0,  ///< recorded, nothing written yet
  kChecking = 1,
  kRunning = 2,
  kStopping = 3,
  kStopped = 4,
  kCompleted = 5,
  kCompletedWithFailures = 6,
  kFailed = 7,
};
/// "completed_with_failures": the spelling of records, JSON and the API.
std::string_view RunStatusName(RunStatus status);
/// Stopped, completed (with failures), failed.
bool IsTerminal(RunStatus status);

enum class ItemStatus : std::uint8_t {
  kPending = 0,
  kCopyingState = 1,
  kCreating = 2,
  kSucceeded = 3,
  kDegradedStateless = 4,  ///< made, without the state that was asked for (C-44)
  kSkippedRunning = 5,     ///< C-40
  kFailed = 6,
  kNotStarted = 7,  ///< the run ended before its turn (C-43)
};
std::string_view ItemStatusName(ItemStatus status);
bool IsTerminal(ItemStatus status);

/// A file that goes with an item, by the URIs of its places.  Several items may need the same one.
struct FileMove {
  std::string from, to;
};

/// One entity to be made at the target, with what must be there first.  Items are made in the order
/// of their list; what an item refers to stands before it.
struct Item {
  std::uint64_t index = 0;  ///< position in the run
  entities::EntityKey from{}, to{};
  ItemStatus status = ItemStatus::kPending;
  /// The body that will be put: stripped, retargeted, renamed.
  Json body = Json::object();
  std::vector<FileMove> files = {};
  /// The snapshot that becomes the restore point: URIs of its directories; "" = none.
  std::string snapshot_from = {}, snapshot_to = {};
  /// The entity of the restored snapshot at the target; its kind is "" when there is none.
  entities::Entity snapshot_record = {};
  /// Why it failed, or why it is degraded: "C-14", "incompatible", one sentence.  Of a pending
  /// item: it has lost its state before its turn came, and will end degraded.
  std::string rule = {}, category = {}, reason = {};
  std::uint64_t bytes_done = 0, bytes_total = 0;  ///< of files and state
  /// Its files have begun to move, so that some may be at the target.
  bool begun = false;
};

struct Run {
  std::string id{};    ///< unique in a home; begins with the kind: "clone-20261126-071500-3f2a"
  std::string kind{};  ///< "clone"
  RunStatus status = RunStatus::kPending;
  std::string source{}, target{};  ///< projects, "WORKSPACE/PROJECT"
  std::string account{};           ///< who started it
  Json request = Json::object();
  std::string created{}, updated{},
      ended{};          ///< RFC 3339, UTC; `ended` "" while it is not terminal
  std::string error{};  ///< of a failed run, one sentence
  std::uint64_t items = 0;
  /// What was left out, by what it is counted as: {"queue": 2} (C-07).
  std::map<std::string, std::uint64_t> excluded = {};
};

}  // namespace stateferry::state::workflow
