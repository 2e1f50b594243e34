// Whether the request can be meant at all.
#include <fmt/format.h>

#include <algorithm>

#include "state/clone/name_template.h"
#include "state/clone/rights.h"
#include "state/clone/selection.h"
#include "state/entities/kinds.h"

namespace stateferry::state::clone {

namespace {

std::string ClonedKinds() {
  std::string names;
  for (const auto& kind : entities::Kinds())
    if (kind.spec().travel == entities::Travel::kCloned)
      names += (names.empty() ? "" : ", ") + std::string(kind.name());
  return names;
}

void CheckKind(const std::string& name, workflow::Findings& findings) {
  const auto* kind = entities::FindKind(name);
  if (kind == nullptr) {
    findings.Error("C-37", "usage", fmt::format("there is no kind of entity called '{}'", name),
                   "choose of: " + ClonedKinds());
    return;
  }
  switch (kind->spec().travel) {
    case entities::Travel::kCloned: return;
    case entities::Travel::kNever:
      findings.Error(
          "C-07", "usage",
          fmt::format("'{}' is selected, and {} is never cloned", name, kind->spec().excluded_as),
          "choose of: " + ClonedKinds());
      return;
    default:
      findings.Error(
          "C-36", "usage",
          fmt::format("'{}' cannot be selected by itself; snapshots go with their jobs", name),
          "choose of: " + ClonedKinds());
  }
}

}  // namespace

void CheckChoices(const CloneRequest& request, std::chrono::system_clock::time_point now,
                  workflow::Findings& findings) {
  for (const std::string& kind : request.selection.kinds) CheckKind(kind, findings);
  const auto& names = request.selection.names;
  if (std::find(names.begin(), names.end(), "") != names.end())
    findings.Error("C-37", "usage", "a selected name is empty; a name is a glob such as 'orders*'",
                   "leave it out to select all names");
  if (request.max_snapshot_age < std::chrono::seconds(0))
    findings.Error("C-37", "usage",
                   fmt::format("the longest age of a snapshot is negative: {} s",
                               request.max_snapshot_age.count()),
                   "give an age such as 1h");
  if (RoleRank(request.required_role) == 0)
    findings.Error("C-37", "usage",
                   fmt::format("there is no role called '{}'", request.required_role),
                   "choose of: OWNER, ADMIN, EDITOR, VIEWER, CUSTOM");
  if (const auto expanded = ExpandTemplate(request.name_template, "x", now); !expanded)
    findings.Error("C-37", "usage", expanded.error().message(), "leave it out to keep the names");
}

}  // namespace stateferry::state::clone
