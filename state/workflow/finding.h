#pragma once
// What a preflight has to say.  Shared by every workflow.

#include <string>
#include <vector>

#include "base/result.h"
#include "state/entities/entity.h"

namespace stateferry::state::workflow {

struct Finding {
  enum class Severity {
    kError,    ///< the workflow must not start
    kWarning,  ///< told before it starts; never changes an exit code
  };
  Severity severity = Severity::kError;
  std::string rule{};      ///< "C-05"
  std::string category{};  ///< "incompatible"; of warnings ""
  /// Decides the exit code when this is the first error.
  ErrorCode code = ErrorCode::kRefused;
  std::string message{};        ///< what, which values, which rule; one sentence without full stop
  std::string hint{};           ///< what to do; may be empty
  entities::EntityKey about{};  ///< kind "" when it is not about one entity
};

/// The first error of a preflight as an Error with its rule; success when there are only warnings.
Result<void> FirstError(const std::vector<Finding>& findings);

}  // namespace stateferry::state::workflow
