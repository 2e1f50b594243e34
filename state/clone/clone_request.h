#pragma once
// What a clone of a project is asked to do.  Source of the rules: "Project Clone" of Realtime
// Compute for Apache Flink, numbered C-01 to C-52.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace stateferry::state::clone {

enum class StateStrategy { kStateful, kStateless };   // C-38, C-39
enum class RunningStrategy { kSkip, kInclude };       // C-40, C-41
enum class OnError { kContinue, kStop, kStateless };  // C-42, C-43, C-44

/// One choice of objects (C-36): empty `kinds` = all that are cloned, empty `names` = all names.
struct Selection {
  std::vector<std::string> kinds{};
  std::vector<std::string> names{};  ///< globs, '*' and '?'
};

struct CloneRequest {
  std::string source{}, target{};  ///< "WORKSPACE/PROJECT" (C-06, C-35)
  std::string account{};           ///< who asks: a member of the target (C-15, C-16)
  Selection selection{};
  StateStrategy state = StateStrategy::kStateful;
  RunningStrategy running = RunningStrategy::kSkip;
  OnError on_error = OnError::kContinue;
  bool trigger_savepoint = false;               ///< C-25
  std::chrono::seconds max_snapshot_age{3600};  ///< C-25
  /// Names at the target: "" = as at the source; else may hold {name} and {date:%Y%m%d} (C-52).
  std::string name_template{};
  std::string label{};  ///< "backup" asks for an empty target (C-52)
};

Json ToJson(const CloneRequest& request);
/// Errors: kInvalidArgument naming the field (C-37).
Result<CloneRequest> CloneRequestFromJson(const Json& json);

}  // namespace stateferry::state::clone
