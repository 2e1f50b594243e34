#include "state/clone/rights.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace stateferry::state::clone {

namespace {

bool MayClone(const Json& member) {
  const auto grants = member.find("grants");
  return grants != member.end() && grants->is_array() &&
         std::find(grants->begin(), grants->end(), Json("clone")) != grants->end();
}

/// What the account is in the project and in its workspace.
Result<std::vector<Json>> MembershipsOf(const std::string& account, const Side& target,
                                        catalog::Catalog& catalog) {
  std::vector<Json> found;
  if (account.empty()) return found;
  SF_TRY(const auto record, catalog.Find(target.project, {"member", account}));
  if (record) found.push_back(record->entity.body);
  const auto members = target.workspace.body.find("members");
  if (members == target.workspace.body.end() || !members->is_array()) return found;
  std::copy_if(members->begin(), members->end(), std::back_inserter(found),
               [&](const Json& member) { return JsonString(member, "name") == account; });
  return found;
}

}  // namespace

int RoleRank(std::string_view role) {
  if (role == "OWNER" || role == "ADMIN") return 4;
  if (role == "EDITOR") return 3;
  if (role == "VIEWER") return 2;
  return role == "CUSTOM" ? 1 : 0;
}

Result<void> CheckRights(const CloneRequest& request, const Side& target, catalog::Catalog& catalog,
                         workflow::Findings& findings) {
  SF_TRY(const auto memberships, MembershipsOf(request.account, target, catalog));
  std::string best;
  for (const Json& member : memberships) {
    const std::string role = JsonString(member, "role").value_or("");
    if (MayClone(member) || RoleRank(role) >= RoleRank(request.required_role)) return {};
    if (RoleRank(role) > RoleRank(best)) best = role;
  }
  const std::string hint =
      fmt::format("let an owner of '{}' make the account {} or grant it the right 'clone'",
                  target.project, request.required_role);
  if (best.empty()) {
    findings.Error("C-15", "permission",
                   fmt::format("account '{}' has no right in the target '{}'; it needs the right "
                               "'clone' there",
                               request.account, target.project),
                   hint, {"member", request.account});
  } else {
    findings.Error("C-16", "permission",
                   fmt::format("account '{}' is {} in the target '{}'; starting a clone needs {} "
                               "or the right 'clone'",
                               request.account, best, target.project, request.required_role),
                   hint, {"member", request.account});
  }
  return {};
}

}  // namespace stateferry::state::clone
