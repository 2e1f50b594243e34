#pragma once
// Which projects have a running clone.  C-10, C-11, C-17.
//
// Between processes the lock of the home decides: one process writes, so one clone is at work, and
// CheckProjectsFree says which rule the next one would break.  RunLocks and GuardCatalog are for a
// server that holds that lock and runs several clones, beside other changes of the catalog, in one
// process; no command of this program does that, and only tests use them so far.

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "state/catalog/catalog.h"
#include "state/workflow/run.h"

namespace stateferry::state::workflow {

/// One source goes to one target at a time (C-10), one target takes from one source at a time
/// (C-11).  `active` names the run in the way.
Result<void> CheckProjectsFree(const std::string& source, const std::string& target,
                               const Run& active);

/// Thread-safe; must outlive the leases.
class RunLocks {
 public:
  /// Held until it is destroyed.
  class Lease {
   public:
    Lease(Lease&& other) noexcept : locks_(std::exchange(other.locks_, nullptr)), id_(other.id_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();

   private:
    friend class RunLocks;
    Lease(RunLocks& locks, std::string id) : locks_(&locks), id_(std::move(id)) {}
    RunLocks* locks_;
    std::string id_;
  };

  /// `selected`: the entities of the source that are cloned.  Errors: kConflict with the rule,
  /// naming the run in the way.
  Result<Lease> Take(const Run& run, std::set<entities::EntityKey> selected);
  /// Errors: kLocked (C-17) when this entity must not be changed now: any of a target, the selected
  /// ones of a source.
  Result<void> CheckFree(const catalog::Scope& scope, const entities::EntityKey& key) const;

 private:
  struct Active {
    Run run;
    std::set<entities::EntityKey> selected;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Active> active_;  // guarded by mutex_; by id
};

/// The catalog for everybody but the runs themselves: reads pass, and changes of what a running
/// clone needs are refused with kLocked.  Both references outlive it.
std::unique_ptr<catalog::Catalog> GuardCatalog(catalog::Catalog& catalog, const RunLocks& locks);

}  // namespace stateferry::state::workflow
