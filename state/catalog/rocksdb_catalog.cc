#include "state/catalog/rocksdb_catalog.h"

#include <fmt/format.h>

#include <mutex>

#include "state/catalog/catalog_records.h"
#include "state/catalog/changes.h"
#include "storage/rocksdb_tables.h"

namespace stateferry::state::catalog {

namespace {

constexpr std::size_t kEntities = 0;

storage::TablesSpec CatalogSpec(const std::string& home_dir, rocksdb::Env* env = nullptr) {
  const std::string dir = home_dir + "/catalog";
  return {.dir = dir,
          .name = "catalog",
          .tables = {"entities"},
          .format_version = kCatalogFormatVersion,
          .unreadable_hint = "move " + dir +
                             " away to start with an empty catalog: projects must then be "
                             "imported again",
          .env = env};
}

class RocksCatalog final : public Catalog {
 public:
  /// `tables`: null when there is none to read.
  RocksCatalog(Clock& clock, std::unique_ptr<storage::RocksTables> tables)
      : clock_(clock), tables_(std::move(tables)) {}

  Result<std::optional<Record>> Find(const Scope& scope, const entities::EntityKey& key) override {
    if (!tables_) return std::optional<Record>();
    SF_TRY(const auto bytes, tables_->Get(kEntities, RecordKey(scope, key.kind, key.name)));
    if (!bytes) return std::optional<Record>();
    SF_TRY(auto record, Decode(scope, key, *bytes));
    return std::optional(std::move(record));
  }

  // An iterator sees the moment in which it was made.
  Result<void> List(const Scope& scope, std::string_view kind,
                    const RecordVisitor& visit) override {
    if (!tables_) return {};
    const std::string of_scope = RecordKey(scope), first = RecordKey(scope, kind);
    return tables_->Walk(kEntities, first, "", [&](auto key, auto value) -> Result<bool> {
      if (!key.starts_with(first)) return false;
      const auto rest = key.substr(of_scope.size());
      const auto kind_end = rest.find('\0');
      if (kind_end == std::string_view::npos)
        return Error(ErrorCode::kCorruption,
                     fmt::format("catalog {}: a key of '{}' names no kind", tables_->dir(), scope));
      SF_TRY(const auto record,
             Decode(scope,
                    {std::string(rest.substr(0, kind_end)), std::string(rest.substr(kind_end + 1))},
                    value));
      SF_TRY(visit(record));
      return true;
    });
  }

  Result<void> Apply(std::span<const Change> changes) override {
    if (!tables_) return Error(ErrorCode::kRefused, "the catalog is open for reading only");
    const std::scoped_lock lock(writing_);
    storage::RocksTables::Batch batch(*tables_);
    SF_TRY(ApplyChanges(
        changes, FormatTime(clock_.Now()),
        [&](const Change& change) { return Find(change.scope, change.entity.key); },
        [&](const Change& change, const std::optional<Record>& record) -> Result<void> {
          const auto& key = change.entity.key;
          const std::string row = RecordKey(change.scope, key.kind, key.name);
          if (!record) {
            batch.Delete(kEntities, row);
            return {};
          }
          SF_TRY(const std::string value, EncodeRecord(*record));
          batch.Put(kEntities, row, value);
          return {};
        }));
    return tables_->Write(batch, true, "writing the catalog");
  }

 private:
  Result<Record> Decode(const Scope& scope, entities::EntityKey key, std::string_view bytes) const {
    const std::string name =
        fmt::format("catalog {}: {} '{}' in '{}'", tables_->dir(), key.kind, key.name, scope);
    auto record = DecodeRecord(std::move(key), bytes);
    if (!record) return std::move(record).error().WithContext(name);
    return record;
  }

  Clock& clock_;
  const std::unique_ptr<storage::RocksTables> tables_;
  std::mutex writing_;  // versions are looked at and changed by one thread at a time
};

}  // namespace

Result<std::unique_ptr<Catalog>> OpenCatalog(const FileIo& io, Clock& clock,
                                             const std::string& home_dir,
                                             const transfer::HomeLock& /*held*/,
                                             rocksdb::Env* env) {
  SF_TRY(auto tables, storage::RocksTables::OpenToWrite(io, CatalogSpec(home_dir, env)));
  return std::unique_ptr<Catalog>(std::make_unique<RocksCatalog>(clock, std::move(tables)));
}

Result<std::unique_ptr<Catalog>> OpenCatalogToRead(const FileIo& io, Clock& clock,
                                                   const std::string& home_dir) {
  SF_TRY(auto tables, storage::RocksTables::OpenToRead(io, clock, CatalogSpec(home_dir)));
  return std::unique_ptr<Catalog>(std::make_unique<RocksCatalog>(clock, std::move(tables)));
}

}  // namespace stateferry::state::catalog
