#pragma once
// How the local index of a store with many writers learns what the others have done.

#include <stop_token>
#include <unordered_set>

#include "storage/managed/index_db.h"
#include "storage/managed/managed_store.h"
#include "storage/managed/pack_store.h"

namespace stateferry::storage::managed {

struct CatchUpReport {
  std::uint64_t packs_found = 0;
  /// Damaged, so that what they held is missing from the index.  The log names each.
  std::uint64_t packs_left_out = 0, records_left_out = 0;
  /// Packs that the index knows with another length than they have.
  std::unordered_set<PackId> lost;
  /// Packs that a gc is going to remove: what lies in them must not be referred to any more.
  std::unordered_set<PackId> doomed;
};

/// Takes in the packs that the index does not know, from an empty index all of them, and lets go of
/// those that are gone.  Reads of each new pack its footer and its records.  What a file says of
/// itself counts in the order of (sequence, bytes of the record), whoever was heard of first: every
/// index that knows the same packs says the same.
/// Every step is one batch, so that a crash or an error leaves an index that can catch up again;
/// until this has succeeded it must not be read from.
/// Needs the index alone.  `progress` counts packs.
Result<CatchUpReport> CatchUp(const PackStore& packs, const StoreMeta& meta, IndexDb& db,
                              const StoreProgress& progress, std::stop_token stop);

/// Whether a record of that sequence (or a deletion: no bytes) counts more than another one of the
/// same key.
inline bool CountsMore(std::uint64_t sequence, std::string_view record_bytes,
                       std::uint64_t other_sequence, std::string_view other_bytes) {
  return sequence != other_sequence ? sequence > other_sequence : record_bytes > other_bytes;
}

}  // namespace stateferry::storage::managed
