#pragma once
// What everything is called at the target (C-26, C-27, reading R-8).

#include <chrono>
#include <string>
#include <unordered_map>
#include <vector>

#include "state/clone/project_contents.h"
#include "state/clone/project_files.h"
#include "state/entities/kind.h"
#include "state/workflow/findings.h"

namespace stateferry::state::clone {

/// Gives out names that nobody has, at the target or in the clone itself.  The same names for the
/// same projects; linear in their number, however many are taken.
class NameGiver {
 public:
  explicit NameGiver(TakenNames& taken) : taken_(taken) {}

  /// `key` itself when it is free.  True when it was.
  bool Keep(const entities::EntityKey& key);
  /// NumberedName with the lowest free number, which is taken from now on.  Errors: kRefused, rule
  /// C-26, when no such name is legal.
  Result<std::string> Number(const entities::EntityKey& key);

 private:
  TakenNames& taken_;
  std::unordered_map<std::string, std::uint32_t> next_;  ///< "KIND NAME" -> the next number to try
};

/// Of each key its name at the target.  `keys` in the order in which they are made; what has its
/// own name free keeps it, whatever others come to be called.  A name that cannot be given is a
/// finding.
entities::Renames GiveNames(const std::vector<entities::EntityKey>& keys,
                            std::string_view name_template,
                            std::chrono::system_clock::time_point now, NameGiver& giver,
                            workflow::Findings& findings);

/// What files come to be called below the target's files.
class FileNames {
 public:
  /// Files that are entities are called as those are.  Of several files that would like one name
  /// that in the deepest directory gets it, and the others are numbered.  A name that cannot be
  /// given is a finding.  Both references are borrowed.
  FileNames(std::vector<ProjectFile> files, const entities::Renames& names, NameGiver& giver,
            workflow::Findings& findings);

  const std::string& Of(const ProjectFile& file) const;
  /// Those that are no entities, in the order of the names that they would like.
  const std::vector<ProjectFile>& others() const { return others_; }

 private:
  const entities::Renames& names_;
  std::vector<ProjectFile> others_;
  std::unordered_map<std::string, std::string> given_;  ///< location -> name
};

}  // namespace stateferry::state::clone
