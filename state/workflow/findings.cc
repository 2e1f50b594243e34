#include "state/workflow/findings.h"

#include <iterator>
#include <utility>

namespace stateferry::state::workflow {

ErrorCode CodeOfCategory(std::string_view category) {
  static constexpr std::pair<std::string_view, ErrorCode> kCodes[] = {
      {"usage", ErrorCode::kInvalidArgument},
      {"permission", ErrorCode::kPermission},
      {"storage_access", ErrorCode::kPermission},
      {"not_found", ErrorCode::kNotFound},
      {"conflict", ErrorCode::kConflict},
      {"locked", ErrorCode::kLocked},
      {"integrity", ErrorCode::kCorruption},
      {"transient", ErrorCode::kUnavailable},
      {"cancelled", ErrorCode::kCancelled},
      {"no_space", ErrorCode::kNoSpace},
      {"io", ErrorCode::kIo},
      {"internal", ErrorCode::kInternal}};
  for (const auto& [name, code] : kCodes)
    if (name == category) return code;
  // Incompatible, limit, state, expired, dependency.
  return ErrorCode::kRefused;
}

std::string CategoryOf(const stateferry::Error& error) {
  if (!error.category().empty()) return error.category();
  switch (error.code()) {
    case ErrorCode::kRefused: return "incompatible";
    case ErrorCode::kThrottled: return "transient";
    default: return std::string(ErrorCodeName(error.code()));
  }
}

void Findings::Error(std::string rule, std::string category, std::string message, std::string hint,
                     entities::EntityKey about) {
  const ErrorCode code = CodeOfCategory(category);
  errors_.push_back({.severity = Finding::Severity::kError,
                     .rule = std::move(rule),
                     .category = std::move(category),
                     .code = code,
                     .message = std::move(message),
                     .hint = std::move(hint),
                     .about = std::move(about)});
}

void Findings::Warn(std::string rule, std::string message, std::string hint,
                    entities::EntityKey about) {
  warnings_.push_back({.severity = Finding::Severity::kWarning,
                       .rule = std::move(rule),
                       .message = std::move(message),
                       .hint = std::move(hint),
                       .about = std::move(about)});
}

std::vector<Finding> Findings::Take() && {
  std::move(warnings_.begin(), warnings_.end(), std::back_inserter(errors_));
  warnings_.clear();
  return std::move(errors_);
}

}  // namespace stateferry::state::workflow
