#pragma once
// What a preflight collects.

#include <string>
#include <string_view>
#include <vector>

#include "state/workflow/finding.h"

namespace stateferry::state::workflow {

/// The error code (and with it the exit code) of a category of documented rules: "incompatible" is
/// kRefused.  docs/howto/exit-codes.md.
ErrorCode CodeOfCategory(std::string_view category);

/// The category of an error that ended an item: its own, else the one of its code.
std::string CategoryOf(const Error& error);

/// Not thread-safe.
class Findings {
 public:
  /// `message`: what, which values, which rule; one sentence without full stop.
  void Error(std::string rule, std::string category, std::string message, std::string hint,
             entities::EntityKey about = {});
  void Warn(std::string rule, std::string message, std::string hint,
            entities::EntityKey about = {});

  bool has_errors() const { return !errors_.empty(); }
  /// Errors first, each sort in the order in which it was found.
  std::vector<Finding> Take() &&;

 private:
  std::vector<Finding> errors_, warnings_;
};

}  // namespace stateferry::state::workflow
