#pragma once
// What every catalog does with a batch of changes, however it stores records.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "state/catalog/catalog.h"

namespace stateferry::state::catalog {

using FindRecord = std::function<Result<std::optional<Record>>(const Change&)>;
/// `record`: what is there from now on; nothing when the change deletes it.
using PutRecord = std::function<Result<void>(const Change&, const std::optional<Record>& record)>;

/// Checks all changes against what `find` gives, and then puts the outcome of each; `now` is when.
/// Errors: as Catalog::Apply, before the first put; those of `find` and `put`.
Result<void> ApplyChanges(std::span<const Change> changes, const std::string& now,
                          const FindRecord& find, const PutRecord& put);

}  // namespace stateferry::state::catalog
