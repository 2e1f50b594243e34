#pragma once
// The durable records of runs and their items, in RocksDB at HOME/runs.  docs/formats/runs.md.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_io.h"
#include "base/result.h"
#include "state/workflow/finding.h"
#include "state/workflow/run.h"
#include "transfer/home_lock.h"

namespace stateferry::state::workflow {

/// Empty fields: any.
struct RunFilter {
  std::string kind{}, source{}, target{};
  std::optional<RunStatus> status{};
};
bool Matches(const RunFilter& filter, const Run& run);

/// How many items have each status, by the kind of the entity at the source (C-49).
using Totals = std::map<std::string, std::map<ItemStatus, std::uint64_t>>;

/// One writer per home, readers beside it see the moment at which they opened it.  Thread-safe.
/// Errors of all calls: kIo, kNoSpace, kPermission, kCorruption (names the record); writes:
/// kRefused when it is open for reading.
class RunStore {
 public:
  /// Errors: kRefused when the home was written by a newer version.
  static Result<std::unique_ptr<RunStore>> Open(const FileIo& io, const std::string& home_dir,
                                                const transfer::HomeLock& held);
  /// A home without runs reads as empty.
  static Result<std::unique_ptr<RunStore>> OpenToRead(const FileIo& io, Clock& clock,
                                                      const std::string& home_dir);
  virtual ~RunStore() = default;

  /// Oldest first.
  virtual Result<std::vector<Run>> List(const RunFilter& filter) = 0;
  virtual Result<std::optional<Run>> Find(const std::string& id) = 0;
  /// Durable on return.
  virtual Result<void> PutRun(const Run& run) = 0;
  /// Items with what is known of them already; durable with the next PutRun or PutStates.
  virtual Result<void> AddItems(const std::string& id, std::span<const Item> items) = 0;
  /// What the check has found, in place of what it had; durable with the next PutRun.
  virtual Result<void> PutFindings(const std::string& id, std::span<const Finding> findings) = 0;
  virtual Result<std::vector<Finding>> Findings(const std::string& id) = 0;
  /// Status, reason and bytes of items, in one batch; durable on return.
  virtual Result<void> PutStates(const std::string& id, std::span<const Item> items) = 0;
  /// Up to `limit` items in order, from `first_index` on; none: there are no more.
  virtual Result<std::vector<Item>> Items(const std::string& id, std::uint64_t first_index,
                                          std::size_t limit) = 0;
  /// All that have this status, in order.  Reads the states of all items, and the plans of these.
  virtual Result<std::vector<Item>> WithStatus(const std::string& id, ItemStatus status) = 0;
  virtual Result<Totals> Count(const std::string& id) = 0;
  /// What AddItems and PutFindings have recorded; durable with the next PutRun.
  virtual Result<void> RemoveItems(const std::string& id) = 0;
  /// The record, its items and findings.
  virtual Result<void> Remove(const std::string& id) = 0;

  /// All items in order.  An error from `visit` ends the walk and is returned.
  Result<void> VisitItems(const std::string& id,
                          const std::function<Result<void>(const Item&)>& visit);
};

/// The record, or kNotFound.
Result<Run> GetRun(RunStore& store, const std::string& id);

}  // namespace stateferry::state::workflow
