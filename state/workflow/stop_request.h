#pragma once
// How one process asks another to end a run: an empty file in HOME/stop-requests, named by its id.

#include <string>

#include "base/file_io.h"
#include "base/result.h"

namespace stateferry::state::workflow {

/// Durable on return; needs no lock.
Result<void> RequestStop(const FileIo& io, const std::string& home_dir, const std::string& id);
/// False also when nobody can say.
bool StopRequested(const FileIo& io, const std::string& home_dir, const std::string& id);
/// Success also when there was none.
Result<void> ForgetStopRequest(const FileIo& io, const std::string& home_dir,
                               const std::string& id);

}  // namespace stateferry::state::workflow
