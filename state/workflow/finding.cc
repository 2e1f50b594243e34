#include "state/workflow/finding.h"

#include <algorithm>

namespace stateferry::state::workflow {

Result<void> FirstError(const std::vector<Finding>& findings) {
  const auto it = std::find_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Finding::Severity::kError;
  });
  if (it == findings.end()) return {};
  return Error(it->code, it->message).WithHint(it->hint).WithRule(it->rule, it->category);
}

}  // namespace stateferry::state::workflow
