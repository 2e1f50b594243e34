#pragma once

#include <string>

#include "cli/app.h"
#include "storage/managed/managed_store.h"

namespace stateferry::cli {

/// The directory that `text` names: a path, managed:///path or managed://NAME/... with a store of
/// the configuration.  Nothing needs to be there.
Result<std::string> StoreDirectory(const App& app, const std::string& text);

/// Store, project and key that `text` names.  Errors: kNotFound without a store upwards.
Result<storage::managed::StorePath> StorePathOf(const App& app, const std::string& text);

/// Shows the bytes of a store command as the progress of `phase`.
storage::managed::StoreProgress ShowStoreProgress(App& app, std::string_view phase);

}  // namespace stateferry::cli
