#include "state/catalog/catalog.h"

#include <fmt/format.h>

namespace stateferry::state::catalog {

Result<std::vector<Record>> ListAll(Catalog& catalog, const Scope& scope, std::string_view kind) {
  std::vector<Record> records;
  SF_TRY(catalog.List(scope, kind, [&](const Record& record) {
    records.push_back(record);
    return Result<void>();
  }));
  return records;
}

Result<Record> Get(Catalog& catalog, const Scope& scope, const entities::EntityKey& key) {
  SF_TRY(auto record, catalog.Find(scope, key));
  if (record) return *std::move(record);
  return Error(ErrorCode::kNotFound,
               scope.empty()
                   ? fmt::format("there is no {} '{}'", key.kind, key.name)
                   : fmt::format("there is no {} '{}' in project '{}'", key.kind, key.name, scope));
}

}  // namespace stateferry::state::catalog
