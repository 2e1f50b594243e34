#pragma once
// The ways in which projects are written down.  One row each in formats.cc.

#include <span>
#include <string>
#include <string_view>

#include "state/manifest/document.h"

namespace stateferry::state::manifest {

struct Format {
  std::string_view name;  ///< of --format
  /// Adds the documents of a file, and what is wrong with them.  Takes hostile text.
  void (*read)(std::string_view text, const std::string& file, Manifest& manifest);
  /// The documents as one file; those that the format has no place for are left out.
  std::string (*write)(std::span<const Document> documents);
};

std::span<const Format> Formats();
/// Null when there is none of that name.
const Format* FindFormat(std::string_view name);

}  // namespace stateferry::state::manifest
