#pragma once

#include <string>

namespace stateferry::fakes {

/// The absolute path of this repository's sources, below which tests/data lies.
std::string SourceDir();

}  // namespace stateferry::fakes
