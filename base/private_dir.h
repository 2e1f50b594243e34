#pragma once
// Directories that only their owner may look into: what lies in a home can hold whole entities.

#include <string>

#include "base/file_io.h"

namespace stateferry {

/// As FileIo::MakeDirsDurably, and what it makes has mode 0700.  One that is there already keeps
/// its mode: who made it may have had a reason.
Result<void> MakePrivateDirsDurably(const FileIo& io, const std::string& path);

}  // namespace stateferry
