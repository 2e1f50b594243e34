#pragma once

#include <string>

namespace stateferry::cli {

/// "0.1.0".
std::string Version();

}  // namespace stateferry::cli
