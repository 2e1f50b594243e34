#include "state/manifest/import_checks.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "state/catalog/shared_storage.h"
#include "state/entities/kinds.h"

namespace stateferry::state::manifest {

namespace {

class Checker {
 public:
  Checker(catalog::Catalog& catalog, Manifest& manifest) : catalog_(catalog), manifest_(manifest) {}

  void GiveProjects(const std::string& project) {
    for (Document& document : manifest_.documents) {
      const auto& [kind, name] = document.entity.key;
      if (IsScopeKind(kind)) continue;
      if (document.project.empty()) document.project = project;
      if (document.project.empty())
        Complain(document.at,
                 fmt::format("{} '{}' names no project, and neither does the command", kind, name));
    }
  }

  void FindDuplicates() {
    for (const Document& document : manifest_.documents) {
      const auto& key = document.entity.key;
      const auto [it, is_new] = places_.try_emplace({ScopeOf(document), key}, &document);
      if (!is_new)
        Complain(document.at, fmt::format("{} '{}' is there already: {}", key.kind, key.name,
                                          ToText(it->second->at)));
    }
  }

  Result<void> CheckReferences() {
    for (const Document& document : manifest_.documents) {
      SF_TRY(CheckProject(document));
      const entities::EntityKind* kind = entities::FindKind(document.entity.key.kind);
      for (const auto& reference : kind->References(document.entity))
        SF_TRY(CheckReference(document, reference));
    }
    return {};
  }

  /// Of each project that the documents are about, once.
  Result<void> CheckDirectories() {
    std::vector<entities::Entity> coming;
    for (const Document& document : manifest_.documents)
      if (IsScopeKind(document.entity.key.kind)) coming.push_back(document.entity);
    SF_TRY(const auto roots, catalog::RootsOfProjects(catalog_, coming));
    std::set<std::string> checked;
    for (const Document& document : manifest_.documents)
      for (const auto& [project, root] : roots) {
        if (!IsAbout(document, project) || !checked.insert(project).second) continue;
        const auto own = catalog::CheckOwnDirectory(project, roots);
        if (!own) Complain(document.at, own.error().message() + "; " + own.error().hint());
      }
    return {};
  }

 private:
  static bool IsAbout(const Document& document, const std::string& project) {
    const auto& [kind, name] = document.entity.key;
    if (kind == "workspace") return project.starts_with(name + "/");
    return project == (kind == "project" ? name : document.project);
  }

  void Complain(Position at, std::string message) {
    manifest_.Complain(std::move(at), std::move(message));
  }

  Result<bool> Exists(const catalog::Scope& scope, const entities::EntityKey& key) {
    if (places_.contains({scope, key})) return true;
    const auto [it, is_new] = in_catalog_.try_emplace({scope, key}, false);
    if (is_new) {
      SF_TRY(const auto record, catalog_.Find(scope, key));
      it->second = record.has_value();
    }
    return it->second;
  }

  Result<void> CheckProject(const Document& document) {
    if (document.project.empty()) return {};
    SF_TRY(const bool exists, Exists("", {"project", document.project}));
    if (exists || !missing_projects_.insert(document.project).second) return {};
    Complain(document.at, fmt::format("there is no project '{}'; make it with `project create`",
                                      document.project));
    return {};
  }

  Result<void> CheckReference(const Document& document, const entities::Reference& reference) {
    const catalog::Scope scope = IsScopeKind(reference.to.kind) ? "" : document.project;
    SF_TRY(const bool exists, Exists(scope, reference.to));
    if (exists) return {};
    const auto& key = document.entity.key;
    Complain(document.Where(reference.pointer),
             fmt::format("{} '{}' refers to {} '{}', which is neither here nor in the {}", key.kind,
                         key.name, reference.to.kind, reference.to.name,
                         scope.empty() ? "catalog" : "project"));
    return {};
  }

  using Key = std::pair<catalog::Scope, entities::EntityKey>;
  catalog::Catalog& catalog_;
  Manifest& manifest_;
  std::map<Key, const Document*> places_;
  std::map<Key, bool> in_catalog_;
  std::set<std::string> missing_projects_;
};

}  // namespace

catalog::Scope ScopeOf(const Document& document) {
  return IsScopeKind(document.entity.key.kind) ? "" : document.project;
}

Result<void> CheckImport(const std::string& project, catalog::Catalog& catalog,
                         Manifest& manifest) {
  Checker checker(catalog, manifest);
  checker.GiveProjects(project);
  checker.FindDuplicates();
  SF_TRY(checker.CheckReferences());
  return checker.CheckDirectories();
}

}  // namespace stateferry::state::manifest
