#pragma once

#include <optional>
#include <span>

#include "state/catalog/catalog.h"

namespace stateferry::state::catalog {

/// Passes everything on to another catalog, which must outlive it: the base of those that change or
/// watch one thing.
class ForwardingCatalog : public Catalog {
 public:
  explicit ForwardingCatalog(Catalog& inner) : inner_(inner) {}

  Result<std::optional<Record>> Find(const Scope& scope, const entities::EntityKey& key) override {
    return inner_.Find(scope, key);
  }
  Result<void> List(const Scope& scope, std::string_view kind,
                    const RecordVisitor& visit) override {
    return inner_.List(scope, kind, visit);
  }
  Result<void> Apply(std::span<const Change> changes) override { return inner_.Apply(changes); }

 private:
  Catalog& inner_;
};

}  // namespace stateferry::state::catalog
