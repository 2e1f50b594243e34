#pragma once
// One entity that a clone has made, as it is now at the target (C-28, C-30, C-31, C-33).

#include <optional>
#include <vector>

#include "state/clone/file_check.h"
#include "state/clone/mentions.h"
#include "state/workflow/run.h"

namespace stateferry::state::clone {

/// Borrows its arguments.
class EntityCheck {
 public:
  /// `source`: nothing when the source project is gone.
  EntityCheck(const Side& target, const std::optional<Side>& source,
              const ProjectContents& contents, const TakenNames& names,
              workflow::Findings& findings);

  /// Tells what is wrong with the entity, and adds its files to `files`.
  void Check(const workflow::Item& item, std::vector<FileCheck>& files);

 private:
  void CheckReferences(const entities::Entity& entity);
  void CheckMentions(const entities::Entity& entity);
  void CheckDraft(const entities::Entity& entity);
  void AddFiles(const entities::Entity& entity, const workflow::Item& item,
                std::vector<FileCheck>& files);
  void CheckOldPlace(const entities::Entity& entity, const std::string& text,
                     const std::string& where);

  const ProjectContents& contents_;
  const TakenNames& names_;
  workflow::Findings& findings_;
  const Space space_;              // the target on both sides
  const ProjectContents nothing_;  // of the source only places matter
  const std::optional<Space> source_space_;
  const ProjectFiles files_;
  std::optional<ProjectFiles> source_files_;
  const MentionFinder finder_;
  const std::string default_queue_;
};

}  // namespace stateferry::state::clone
