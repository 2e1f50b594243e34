#pragma once
// Our own form of a project in YAML.  docs/formats/project-yaml.md.  Pure functions; the reader
// takes hostile text.

#include <span>
#include <string>
#include <string_view>

#include "state/manifest/document.h"

namespace stateferry::state::manifest {

inline constexpr std::uint64_t kNativeVersion = 1;

/// Adds the documents of a file and everything that is wrong with each of them, also what its kind
/// wants of its name and fields.
void ReadNative(std::string_view text, const std::string& file, Manifest& manifest);

/// The documents in the order of their kinds (what is referred to comes first) and names.  Read
/// back they are the same.
std::string WriteNative(std::span<const Document> documents);

}  // namespace stateferry::state::manifest
