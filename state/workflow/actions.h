#pragma once
// What running an item takes.  The engine decides what is done when, and sets every status; an
// Actions knows how it is done.

#include <span>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "state/workflow/run.h"

namespace stateferry::state::workflow {

/// Whether an item brings files or state with it, and so takes time.
inline bool MovesBytes(const Item& item) {
  return !item.files.empty() || !item.snapshot_from.empty();
}

/// The place or the machine is in trouble, not the item: the next item would meet the same. Storage
/// that does not answer when repetitions are used up, a full disk, an operating system that fails,
/// somebody's lock, and rights: they were looked at before the run began, so that they are missing
/// now means credentials that have expired, or a disk that has become read-only.
inline bool InterruptsRun(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kThrottled:
    case ErrorCode::kNoSpace:
    case ErrorCode::kIo:
    case ErrorCode::kLocked:
    case ErrorCode::kPermission: return true;
    default: return false;
  }
}

/// Every call is safe to run twice, also by another process after a crash: it finds what was done.
/// Used by one thread.
class Actions {
 public:
  virtual ~Actions() = default;

  /// The entity is there, whole, and made by this run.
  virtual Result<bool> IsMade(const Item& item) = 0;
  /// Takes the names of the item and of its snapshot at the target before bytes are moved: entities
  /// that are half made.  Errors: kConflict when somebody else has one of them.
  virtual Result<void> Reserve(const Item& item) = 0;
  /// Gives the item's name back; success also when it was not taken.  Never touches what IsMade,
  /// and nothing of anybody else.
  virtual Result<void> Unreserve(const Item& item) = 0;
  /// Verified by hash.  Sets the item's bytes.  Errors: kCancelled; of the first file that failed,
  /// of one that InterruptsRun only when all have.
  virtual Result<void> MoveFiles(Item& item, std::stop_token stop) = 0;
  virtual Result<void> MoveState(Item& item, std::stop_token stop) = 0;
  /// Removes what MoveState has put at the target, and then gives the snapshot's name back.  Never
  /// touches what IsMade, and nothing of anybody else, also when it lies in the same directory.
  virtual Result<void> DropState(const Item& item) = 0;
  /// From now on the item is one without state: its body says so, nothing is left to move for it.
  virtual void MakeStateless(Item& item) = 0;
  /// Makes the entities whole: in one durable write, or one by one in their order when one of them
  /// stands in the way of the others.  One result for each item, in order; with `stop_at_failure`
  /// the first failure is the last one, and what follows is not made.
  /// Errors: those that have nothing to do with an item (the disk is full...).
  virtual Result<std::vector<Result<void>>> Make(std::span<const Item> items,
                                                 bool stop_at_failure) = 0;
};

}  // namespace stateferry::state::workflow
