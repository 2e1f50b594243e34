#pragma once
// The ways in which projects are written down.  One row each in formats.cc.

#include <span>
#include <string>
#include <string_view>

#include "state/manifest/flink_operator.h"

namespace stateferry::state::manifest {

/// What only some forms look at.
struct WriteOptions {
  std::string kubernetes_namespace = {};  ///< "" = none
  std::string claim_mode = "NO_CLAIM";    ///< of Flink; "" = as each job has it
  entities::PathMap map = {};             ///< places that lie elsewhere by now
  std::span<const Document> others = {};  ///< of the project, which are not written; borrowed
};

struct Format {
  std::string_view name;  ///< of --format
  /// Adds the documents of a file, and what is wrong with them.  Takes hostile text.
  void (*read)(std::string_view text, const std::string& file, Manifest& manifest);
  /// After the last file; null when each file stands for itself.
  void (*finish)(Manifest& manifest) = nullptr;
  /// The documents of one project as one file.
  Exported (*write)(std::span<const Document> documents, const WriteOptions& options);
};

std::span<const Format> Formats();
/// Null when there is none of that name.
const Format* FindFormat(std::string_view name);

}  // namespace stateferry::state::manifest
