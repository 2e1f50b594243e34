#pragma once
// What the commands about projects share.

#include <string>
#include <vector>

#include "cli/app.h"
#include "state/manifest/formats.h"

namespace stateferry::cli {

/// --format with the names of all formats.
OptionSpec FormatOption(std::string help);
const state::manifest::Format& FormatOf(const App& app);

/// Reads until the end of standard input.  Errors: kRefused above `limit_bytes`; kCancelled.
Result<std::string> ReadInput(App& app, std::size_t limit_bytes);

/// The project that argument `index` names, from the catalog.  Errors: kNotFound with the nearest
/// name.
Result<state::catalog::Record> ProjectArgument(App& app, state::catalog::Catalog& catalog,
                                               std::size_t index);

/// --kind and --name.
class EntityFilter {
 public:
  /// `what_for`: how the help begins: "Only".
  static std::vector<OptionSpec> Options(const std::string& what_for);
  static EntityFilter From(const App& app);
  bool IsSet() const { return !kinds_.empty() || !globs_.empty(); }
  bool Takes(const state::entities::EntityKey& key) const;

 private:
  std::vector<std::string> kinds_, globs_;
};

}  // namespace stateferry::cli
