#pragma once
// From which snapshot each job of an exported project begins.

#include <map>
#include <set>
#include <span>
#include <string>

#include "state/entities/entity.h"

namespace stateferry::state::manifest {

/// Borrows the entities.
class ExportRestorePoints {
 public:
  /// Those of the whole project: what is written may be less.
  explicit ExportRestorePoints(std::span<const entities::Entity* const> project);

  /// The snapshot that the restore strategy of the deployment names, else its newest completed one;
  /// null when there is none, or the strategy is to begin with nothing.
  const entities::Entity* Of(const entities::Entity& deployment) const;
  /// Why the job cannot begin where its strategy says; "" when it can.  No other snapshot stands
  /// in for one that is missing: it would be another state.
  std::string WhyNot(const entities::Entity& deployment) const;

 private:
  std::map<std::string, const entities::Entity*> completed_;  ///< by name
  std::map<std::string, const entities::Entity*> newest_;     ///< by the name of the deployment
  std::set<std::string> others_;                              ///< snapshots that are not completed
};

}  // namespace stateferry::state::manifest
