#pragma once

#include <functional>
#include <span>
#include <utility>

#include "state/catalog/forwarding_catalog.h"

namespace stateferry::state::catalog {

/// Shows each change before it happens; an error refuses all of that Apply.
class WatchedCatalog final : public ForwardingCatalog {
 public:
  using Before = std::function<Result<void>(const Change&)>;
  WatchedCatalog(Catalog& inner, Before before)
      : ForwardingCatalog(inner), before_(std::move(before)) {}
  Result<void> Apply(std::span<const Change> changes) override {
    for (const Change& change : changes) SF_TRY(before_(change));
    return ForwardingCatalog::Apply(changes);
  }

 private:
  const Before before_;
};

/// Those that `refused` says are refused.
inline WatchedCatalog::Before Refuse(std::function<bool(const Change&)> refused) {
  return [refused = std::move(refused)](const Change& change) -> Result<void> {
    if (!refused(change)) return {};
    return Error(ErrorCode::kRefused, "the platform does not like it");
  };
}

}  // namespace stateferry::state::catalog
