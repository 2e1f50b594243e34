#pragma once
// Resources of the Flink Kubernetes Operator (flink.apache.org/v1beta1) as entities of a project,
// and back.  docs/formats/flink-operator.md.  Pure functions; the reader takes hostile text.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "state/entities/kind.h"
#include "state/manifest/resource.h"

namespace stateferry::state::manifest {

/// Adds the entities of a file, what is wrong with them, and what is left out.
void ReadFlinkOperator(std::string_view text, const std::string& file, Manifest& manifest);
/// After the last file: a session job takes its Flink version from its cluster.
void FinishFlinkOperator(Manifest& manifest);

struct FlinkOperatorOptions {
  std::string kubernetes_namespace = {};  ///< "" = whatever `kubectl apply` is told
  entities::PathMap map = {};             ///< directories and snapshots that lie elsewhere by now
  /// How Flink takes over the snapshot of a job; "" = as each job has it.
  std::string claim_mode = "NO_CLAIM";
  /// What the project holds besides: not written, but what is written begins and is called as in an
  /// export of everything.  Borrowed for the call.
  std::span<const Document> others = {};
};

/// An entity that the form cannot express, or not entirely.
struct Remark {
  entities::EntityKey key;
  std::string message;  ///< one sentence without full stop
};

struct Exported {
  std::string text = {};
  std::vector<Remark> left_out = {};  ///< these are not in the text
  std::vector<Remark> changed = {};   ///< these are, but see the message
};

/// The entities of one project, ready for `kubectl apply`: everything suspended, each job with its
/// restore point, snapshots never disposed of.
Exported WriteFlinkOperator(std::span<const Document> documents,
                            const FlinkOperatorOptions& options);

}  // namespace stateferry::state::manifest
