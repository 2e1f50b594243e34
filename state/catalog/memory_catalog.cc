#include "state/catalog/memory_catalog.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "state/entities/kinds.h"

namespace stateferry::state::catalog {

namespace {

using Place = std::tuple<Scope, std::string, std::string>;  // scope, kind, name

Place PlaceOf(const Change& change) {
  return {change.scope, change.entity.key.kind, change.entity.key.name};
}

class MemoryCatalog : public Catalog {
 public:
  explicit MemoryCatalog(Clock& clock) : clock_(clock) {}

  Result<std::optional<Record>> Find(const Scope& scope, const entities::EntityKey& key) override {
    const std::scoped_lock lock(mutex_);
    const auto it = records_.find({scope, key.kind, key.name});
    return it == records_.end() ? std::optional<Record>() : it->second;
  }

  Result<void> List(const Scope& scope, std::string_view kind,
                    const RecordVisitor& visit) override {
    std::vector<Record> found;
    {
      const std::scoped_lock lock(mutex_);
      for (auto it = records_.lower_bound({scope, std::string(kind), ""});
           it != records_.end() && std::get<0>(it->first) == scope &&
           (kind.empty() || std::get<1>(it->first) == kind);
           ++it)
        found.push_back(it->second);
    }
    for (const Record& record : found) SF_TRY(visit(record));
    return {};
  }

  Result<void> Apply(std::span<const Change> changes) override {
    const std::scoped_lock lock(mutex_);
    SF_TRY(Check(changes));
    const std::string now = FormatTime(clock_.Now());
    for (const Change& change : changes) {
      if (change.what == Change::What::kDelete) {
        records_.erase(PlaceOf(change));
        continue;
      }
      Record& record = records_[PlaceOf(change)];
      record.entity = change.entity;
      record.phase = change.phase;
      record.updated = now;
      if (record.version++ == 0) record.created = now;
      if (!change.made_by.empty()) record.made_by = change.made_by;
    }
    return {};
  }

 private:
  Result<void> Check(std::span<const Change> changes) const {
    std::set<Place> seen;
    for (const Change& change : changes) {
      const auto& key = change.entity.key;
      if (entities::FindKind(key.kind) == nullptr)
        return Error(ErrorCode::kInvalidArgument,
                     fmt::format("there is no kind of entity called '{}'", key.kind));
      const auto it = records_.find(PlaceOf(change));
      const std::uint64_t version = it == records_.end() ? 0 : it->second.version;
      if (!seen.insert(PlaceOf(change)).second)
        return Error(ErrorCode::kConflict,
                     fmt::format("{} '{}' is changed twice in one go", key.kind, key.name));
      if (change.expected_version && *change.expected_version != version)
        return Error(ErrorCode::kConflict,
                     fmt::format("{} '{}' has version {}, not {}: somebody changed it meanwhile",
                                 key.kind, key.name, version, *change.expected_version));
    }
    return {};
  }

  Clock& clock_;
  std::mutex mutex_;
  std::map<Place, Record> records_;
};

}  // namespace

std::unique_ptr<Catalog> MakeMemoryCatalog(Clock& clock) {
  return std::make_unique<MemoryCatalog>(clock);
}

}  // namespace stateferry::state::catalog
