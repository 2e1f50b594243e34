#pragma once

#include <string>

#include "cli/app.h"
#include "storage/managed/managed_store.h"

namespace stateferry::cli {

/// The managed location that `text` names: a directory stands for the store in it, and
/// managed://NAME/... for a store of the configuration.  Nothing needs to be there.
Result<storage::Location> StoreLocation(const App& app, const std::string& text);

/// The store that `text` names, open for as long as the command runs.
/// Errors: kNotFound without a store upwards.
Result<storage::Places::StoreAt> FindStore(App& app, const std::string& text,
                                           storage::Access access);
Result<storage::Places::StoreAt> FindStore(App& app, const storage::Location& location,
                                           storage::Access access);

/// Shows the bytes of a store command as the progress of `phase`.
storage::managed::StoreProgress ShowStoreProgress(App& app, std::string_view phase);

}  // namespace stateferry::cli
