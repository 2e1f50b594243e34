#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "base/buffer_pool.h"
#include "transfer/endpoints.h"
#include "transfer/file_run.h"

namespace stateferry::transfer {

enum class LateJoin {
  kOurs,       ///< the object is there, and holds exactly the parts: nothing is left to move
  kUploadIs,   ///< the upload is known (again): go on with it; FileRun::upload is set
  kNotComing,  ///< neither came: the parts are lost
};

/// A service that was told to join an upload goes on when nobody listens any more: the upload is
/// gone at once, and the object comes later.  Looks for it, for up to `patience`, and reads it
/// back. `file` has the token of the upload, and the hashes of all its parts unless `is_ours`
/// judges what is there.  Errors: kCancelled; what the destination and `is_ours` return.
Result<LateJoin> AwaitJoin(FileRun& file, const storage::UploadOptions& upload, Endpoints& ends,
                           BufferPool& buffers, std::chrono::milliseconds patience,
                           std::stop_token stop, const std::function<Result<bool>()>& is_ours = {});

}  // namespace stateferry::transfer
