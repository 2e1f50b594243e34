#pragma once
// Hostile YAML as JSON values that know their lines.  A part of YAML 1.2: no anchors and aliases,
// no tags but those of plain values, keys are single values.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "state/manifest/problem.h"

namespace stateferry::state::manifest {

/// A larger file, a longer text (or comment, or list or map in brackets), deeper nesting, more
/// values in a file or more fields in a map are refused.
inline constexpr std::size_t kMaxYamlBytes = 64u << 20;
inline constexpr std::size_t kMaxYamlPieceBytes = 1u << 20;
inline constexpr std::size_t kMaxYamlDepth = 64;
inline constexpr std::size_t kMaxYamlValues = 4'000'000;
inline constexpr std::size_t kMaxYamlFields = 1'000;  // JSON of ours looks for fields one by one

/// One document of a file.
struct YamlDocument {
  Json value;
  std::uint32_t line = 1;  ///< where it begins, from 1
  /// Lines of all values, a map or list before what is in it; of a value in a map that of its key.
  std::vector<std::uint32_t> lines = {};
  /// Of each of these, where in `children` its own begin; those are numbers of values.
  std::vector<std::uint32_t> first_child = {}, children = {};

  /// Numbers the values, once `value` and `lines` are whole.
  void Number();

  /// The line of what a JSON pointer into `value` names, or of the innermost thing around it that
  /// is there.  `value` must be as it was read, and numbered.  Takes no longer in a large document.
  std::uint32_t LineOf(std::string_view pointer) const;
  /// Each item of the list in that field as a document of its own; none when it is no list.
  std::vector<YamlDocument> Items(const std::string& field) const;
};

/// The documents of a file in their order, without empty ones.  What is wrong is added to
/// `problems`; documents before the first problem are returned.
///
/// null, true and false (also True, TRUE, ~ and nothing at all) and numbers as JSON writes them
/// have their types; everything else is text, so that 007 and 0x1f stay what they are.
std::vector<YamlDocument> ReadYaml(std::string_view text, const std::string& file,
                                   std::vector<Problem>& problems);

}  // namespace stateferry::state::manifest
