#include "state/clone/text_warnings.h"

#include <fmt/format.h>

namespace stateferry::state::clone {

namespace {

/// "deployment 'orders' (/artifact/sqlScript line 3)".
std::string Where(const entities::Entity& entity, const Mention& mention) {
  return fmt::format("{} '{}' ({} line {})", entity.key.kind, entity.key.name, mention.pointer,
                     mention.line);
}

}  // namespace

void WarnOfMentions(const entities::Entity& entity, const Chosen& chosen,
                    const entities::Renames& names,
                    const std::unordered_set<std::string>& target_catalogs,
                    workflow::Findings& findings) {
  for (const Mention& mention : chosen.mentions) {
    const auto& [kind, name] = mention.to;
    const auto made = names.find(mention.to);
    const bool renamed = made != names.end() && made->second != name;
    if (kind == "catalog") {
      if (renamed)
        findings.Warn("C-28",
                      fmt::format("{} names the catalog '{}', whose clone is called '{}'; catalog "
                                  "names in jobs are not changed",
                                  Where(entity, mention), name, made->second),
                      "edit the job at the target", entity.key);
      else if (made == names.end() && !target_catalogs.contains(name))
        findings.Warn("C-28",
                      fmt::format("{} names the catalog '{}', which the target has not; catalog "
                                  "names in jobs are not changed",
                                  Where(entity, mention), name),
                      "create the catalog at the target, or edit the job there", entity.key);
    } else if (kind == "resource-file") {
      if (made != names.end())
        findings.Warn(
            "C-33",
            fmt::format("{} names the file '{}' in its text, where it keeps its place in "
                        "the source's storage",
                        Where(entity, mention), name),
            fmt::format("edit the job at the target: the clone is files/{}", made->second),
            entity.key);
    } else if (renamed) {
      findings.Warn("C-26",
                    fmt::format("{} names the {} '{}', whose clone is called '{}'; text is not "
                                "changed, so it means the one that the target had before",
                                Where(entity, mention), kind, name, made->second),
                    "edit the job at the target if it should use the clone", entity.key);
    }
  }
}

}  // namespace stateferry::state::clone
