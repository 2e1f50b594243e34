#pragma once

#include <memory>

#include "base/clock.h"
#include "state/catalog/catalog.h"

namespace stateferry::state::catalog {

/// A catalog that lives as long as the object; `clock` must outlive it.
std::unique_ptr<Catalog> MakeMemoryCatalog(Clock& clock);

}  // namespace stateferry::state::catalog
