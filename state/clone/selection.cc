#include "state/clone/selection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>

#include "state/entities/kinds.h"

namespace stateferry::state::clone {

namespace {

bool IsSelected(const Selection& selection, const entities::EntityKey& key) {
  const auto& [kinds, names] = selection;
  if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), key.kind) == kinds.end())
    return false;
  return names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& glob) {
           return MatchesGlob(glob, key.name);
         });
}

/// Follows what chosen entities need, each once.
class Closure {
 public:
  Closure(const ProjectContents& contents, const ProjectFiles& files,
          const LeavesAlone& leaves_alone, workflow::Findings& findings)
      : contents_(contents),
        files_(files),
        finder_(contents, files),
        leaves_alone_(leaves_alone),
        findings_(findings) {
    result_.chosen.resize(contents.entities.size());
  }

  void Add(std::size_t at) {
    Chosen& chosen = result_.chosen[at];
    if (chosen.in) return;
    chosen.in = true;
    chosen.left_running = leaves_alone_(contents_.entities[at]);
    if (!chosen.left_running) queue_.push_back(at);
  }

  SelectionResult Run() {
    for (; !queue_.empty(); queue_.pop_front()) Follow(queue_.front());
    return std::move(result_);
  }

 private:
  void Follow(std::size_t at) {
    const auto& entity = contents_.entities[at];
    const auto& kind = *entities::FindKind(entity.key.kind);
    for (const auto& reference : kind.References(entity)) {
      if (reference.back_link || !Travels(reference.to.kind)) continue;
      if (!Need(reference.to, entity.key)) NotThere(entity.key, reference.to, reference.pointer);
    }
    Chosen& chosen = result_.chosen[at];
    chosen.mentions = finder_.Of(entity);
    for (const Mention& mention : chosen.mentions)
      if (!Need(mention.to, entity.key) && mention.to.kind != "catalog")
        NotThere(entity.key, mention.to, fmt::format("{} line {}", mention.pointer, mention.line));
    if (entity.key.kind == "resource-file") {
      if (auto file = files_.Of(entity)) chosen.files.push_back(*std::move(file));
      return;
    }
    for (const auto& field : kind.Files(entity)) {
      auto file = files_.Resolve(field.text);
      if (!file) continue;
      if (file->is_entity) Need(file->key, entity.key);
      chosen.files.push_back(*std::move(file));
    }
  }

  static bool Travels(std::string_view kind) {
    return entities::FindKind(kind)->spec().travel == entities::Travel::kCloned;
  }

  /// False when there is no such entity.
  bool Need(const entities::EntityKey& key, const entities::EntityKey& needed_by) {
    const auto it = contents_.index.find(key);
    if (it == contents_.index.end()) return false;
    if (!result_.chosen[it->second].in) {
      result_.dependencies.push_back({key, needed_by});
      Add(it->second);
    }
    return true;
  }

  void NotThere(const entities::EntityKey& by, const entities::EntityKey& key,
                std::string_view where) {
    findings_.Warn(
        "C-30",
        fmt::format("{} '{}' refers to {} '{}' ({}), which is not in the source project", by.kind,
                    by.name, key.kind, key.name, where.empty() ? "by its name" : where),
        "make it at the target before the job is started", by);
  }

  const ProjectContents& contents_;
  const ProjectFiles& files_;
  const MentionFinder finder_;
  const LeavesAlone& leaves_alone_;
  workflow::Findings& findings_;
  SelectionResult result_;
  std::deque<std::size_t> queue_;
};

}  // namespace

bool MatchesGlob(std::string_view glob, std::string_view name) {
  std::size_t g = 0, n = 0, star = std::string_view::npos, after_star = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      after_star = n;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == name[n])) {
      ++g;
      ++n;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      n = ++after_star;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

SelectionResult Select(const Selection& selection, const ProjectContents& contents,
                       const ProjectFiles& files, const LeavesAlone& leaves_alone,
                       workflow::Findings& findings) {
  Closure closure(contents, files, leaves_alone, findings);
  // All of the selection first: what somebody chose is no dependency.
  std::size_t selected = 0;
  for (std::size_t i = 0; i < contents.entities.size(); ++i) {
    if (!IsSelected(selection, contents.entities[i].key)) continue;
    closure.Add(i);
    ++selected;
  }
  if (selected == 0)
    findings.Error(
        "C-36", "usage",
        fmt::format("nothing is selected: kinds [{}], names [{}]; a clone needs an object",
                    fmt::join(selection.kinds, ", "), fmt::join(selection.names, ", ")),
        "choose other kinds or names");
  return closure.Run();
}

}  // namespace stateferry::state::clone
