#include "state/catalog/memory_catalog.h"

#include <map>
#include <mutex>
#include <tuple>

#include "state/catalog/changes.h"

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
    return ApplyChanges(
        changes, FormatTime(clock_.Now()),
        [&](const Change& change) -> Result<std::optional<Record>> {
          const auto it = records_.find(PlaceOf(change));
          return it == records_.end() ? std::optional<Record>() : it->second;
        },
        [&](const Change& change, const std::optional<Record>& record) -> Result<void> {
          if (record)
            records_.insert_or_assign(PlaceOf(change), *record);
          else
            records_.erase(PlaceOf(change));
          return {};
        });
  }

 private:
  Clock& clock_;
  std::mutex mutex_;
  std::map<Place, Record> records_;
};

}  // namespace

std::unique_ptr<Catalog> MakeMemoryCatalog(Clock& clock) {
  return std::make_unique<MemoryCatalog>(clock);
}

}  // namespace stateferry::state::catalog
