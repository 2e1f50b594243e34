#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "transfer/progress.h"

namespace stateferry::cli {

/// The display of a running transfer for a terminal `width` columns wide: one to three lines, each
/// shorter than the width, so that no line wraps.  None below ten columns.
std::vector<std::string> RenderProgress(const transfer::Progress& progress, int width);

/// The same in one line of any length, for logs.
std::string ProgressSentence(const transfer::Progress& progress);

/// {"type":"progress",...} as docs/howto/command-line.md describes it.
Json ProgressJson(const transfer::Progress& progress, const std::string& time);

}  // namespace stateferry::cli
