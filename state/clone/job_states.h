#pragma once
// Which state goes with which job (C-14, C-23, C-24, C-40).

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "state/clone/clone_request.h"
#include "state/clone/project_contents.h"
#include "storage/places.h"

namespace stateferry::state::clone {

/// Batch jobs have no state and never count as running.
bool IsStreaming(const entities::Entity& deployment);

/// Which of two snapshots was made later; of the same time the name decides.
bool IsNewer(const entities::Entity& one, const entities::Entity& other);

/// Runs and snapshots of a project, by deployment.  Borrows the contents.
class JobHistory {
 public:
  explicit JobHistory(const ProjectContents& contents);

  /// Starting, running or cancelling: it still writes.
  bool IsRunning(const std::string& deployment) const { return running_.contains(deployment); }
  bool HasRun(const std::string& deployment) const { return has_run_.contains(deployment); }
  /// There is a run of it: snapshots alone may have been made elsewhere.
  bool HasJob(const std::string& deployment) const { return has_job_.contains(deployment); }
  /// Those that are complete, whatever kind they are, the newest first.
  const std::vector<const entities::Entity*>& Complete(const std::string& deployment) const;
  /// The snapshot of that name, whosever it is; null when there is none.
  const entities::Entity* Named(const std::string& snapshot) const;
  /// A complete one that lies there, whosever it is; null when there is none.
  const entities::Entity* At(const std::string& location) const;

 private:
  std::set<std::string> running_, has_run_, has_job_;
  std::map<std::string, const entities::Entity*> by_name_, by_location_;
  std::map<std::string, std::vector<const entities::Entity*>> complete_;
};

/// The state of one job, as far as it was asked for.
struct JobState {
  const entities::Entity* snapshot = nullptr;  ///< null: nothing to restore from
  /// The job has not run, and this is what it is to begin from: no other stands in for it.
  bool is_named = false;
  /// Those before it, the newest first: for when it is not whole.
  std::vector<const entities::Entity*> older = {};
  /// What is wrong with the newest when `snapshot` is an older one; else "".
  std::string passed_over = {};
  std::uint64_t size_bytes = 0;  ///< of its files
  /// Why there is none although there should be; "" when all is well.
  std::string rule = {}, category = {}, reason = {};
};

/// Without looking at any file.  A job that has run brings the newest (C-23); one that has not what
/// its strategy FROM_SAVEPOINT names, or the initialSavepointPath that was imported with it.
JobState ChooseState(const entities::Entity& deployment, const JobHistory& history);

/// Looks at the snapshots, whether they are whole, a few jobs at a time.  Of one that is not, the
/// newest before it that is becomes the snapshot (C-24: the newest valid state); when there is none
/// that is the reason.  One that may not be read is not passed over: its rights can be mended.
/// Errors: kCancelled; of the places what repeating may help.
Result<void> InspectStates(storage::Places& places, const std::vector<JobState*>& states,
                           std::stop_token stop);

}  // namespace stateferry::state::clone
