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

/// The account behind fully managed storage, as Project Clone documents it.
inline constexpr std::string_view kManagedAccount =
    "arn:sts::1060219998962774:assumed-role/aliyunstreamasidefaultrole/refresh_token";

/// One choice of objects (C-36): empty `kinds` = all that are cloned, empty `names` = all names.
struct Selection {
  std::vector<std::string> kinds{};
  std::vector<std::string> names{};  ///< globs: '*' is any text, also with '/', '?' one character
};

struct CloneRequest {
  std::string source{}, target{};  ///< "WORKSPACE/PROJECT" (C-06, C-35)
  std::string account{};           ///< who asks: a member of the target (C-15, C-16)
  Selection selection{};
  StateStrategy state = StateStrategy::kStateful;
  RunningStrategy running = RunningStrategy::kSkip;
  OnError on_error = OnError::kContinue;
  std::chrono::seconds max_snapshot_age{3600};  ///< C-25
  /// Names of jobs and drafts at the target: "" = as at the source; else text that may hold {name}
  /// and {date:%Y%m%d} (UTC).  Without {name} it stands before the name: "Backup_20241001_orders".
  /// Other kinds keep their names, because text that mentions them is never rewritten (C-52).
  std::string name_template{};
  std::string label{};  ///< "backup" asks for an empty target (C-52)
  /// The least role of `account`, OWNER standing for ADMIN too; somebody with less needs the right
  /// "clone" (C-15, C-16, R-3).  For the program to set: who asks does not choose it.
  std::string required_role = "OWNER";
  /// Who reads the source's bucket for managed storage; only named in messages (C-21).
  std::string storage_reader = std::string(kManagedAccount);
};

Json ToJson(const CloneRequest& request);
/// What somebody asks for; what is not given has its default, and `requiredRole` does not count.
/// Errors: kInvalidArgument naming the field (C-37).
Result<CloneRequest> CloneRequestFromJson(const Json& json);
/// What ToJson has made, all of it.  Errors: the same.
Result<CloneRequest> CloneRequestFromRecord(const Json& json);

}  // namespace stateferry::state::clone
