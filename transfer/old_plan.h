#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "transfer/journal.h"

namespace stateferry::transfer {

/// The plan that an earlier run left in the journal, looked up file by file while a new listing
/// streams past.  Reads ahead in plan order, which is the order of the listing unless the source
/// changed; only then an index of the whole old plan is made (24 bytes per file).
class OldPlan {
 public:
  OldPlan(Journal& journal, std::string id) : journal_(journal), id_(std::move(id)) {}

  /// The old record of that to_name, which now counts as taken.
  Result<std::optional<FileRecord>> Take(const std::string& to_name, const Hash128& hash);
  /// A fresh index past all old ones.
  std::uint64_t NextIndex() { return next_index_++; }
  /// The old files that were never taken.  Call after the last Take.
  Result<void> VisitNotTaken(const std::function<void(FileRecord)>& visit);

 private:
  struct Named {
    Hash128 hash;
    std::uint64_t index;
    bool operator<(const Named& other) const { return hash < other.hash; }
  };
  Result<void> FindEnd();
  Result<void> ReadAhead();
  Result<void> MakeIndex();

  Journal& journal_;
  const std::string id_;
  std::deque<FileRecord> ahead_;
  std::uint64_t read_from_ = 0;
  bool read_all_ = false;
  bool found_end_ = false;
  std::uint64_t old_end_ = 0;  ///< one past the largest old index
  std::uint64_t next_index_ = 0;
  std::vector<bool> taken_;
  std::optional<std::vector<Named>> by_name_;
};

}  // namespace stateferry::transfer
