#include "tests/fakes/source_dir.h"

namespace stateferry::fakes {

std::string SourceDir() { return SF_SOURCE_DIR; }

}  // namespace stateferry::fakes
