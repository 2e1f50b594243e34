#pragma once
// What is cloned: the objects that were chosen, and what they need (C-36).

#include <chrono>
#include <functional>
#include <string_view>
#include <vector>

#include "state/clone/clone_plan.h"
#include "state/clone/mentions.h"

namespace stateferry::state::clone {

/// '*' is any text, '?' one byte; linear but for repeated '*'.
bool MatchesGlob(std::string_view glob, std::string_view name);

/// Whether the request can be meant: kinds, globs, strategies (C-36, C-37).
void CheckChoices(const CloneRequest& request, std::chrono::system_clock::time_point now,
                  workflow::Findings& findings);

/// Of an entity of the source, by its place in ProjectContents::entities.
struct Chosen {
  bool in = false;            ///< selected, or needed
  bool left_running = false;  ///< selected, but a running job that is skipped (C-40)
  std::vector<Mention> mentions;
  std::vector<ProjectFile> files;
};

struct SelectionResult {
  std::vector<Chosen> chosen;
  std::vector<Dependency> dependencies;  ///< in the order in which they were met
};

/// Whether an entity is a running job that the request leaves alone.
using LeavesAlone = std::function<bool(const entities::Entity&)>;

/// A reference to what is not there is a finding (C-30); so is an empty selection (C-36).
SelectionResult Select(const Selection& selection, const ProjectContents& contents,
                       const ProjectFiles& files, const LeavesAlone& leaves_alone,
                       workflow::Findings& findings);

}  // namespace stateferry::state::clone
