#pragma once

#include <algorithm>
#include <memory>

#include "storage/backend.h"
#include "storage/s3/client.h"
#include "storage/s3/unheard_uploads.h"
#include "storage/s3/versions.h"

namespace stateferry::storage::s3 {

struct UploadPlace {
  std::shared_ptr<Client> client;
  std::shared_ptr<Versions> versions;
  std::shared_ptr<UnheardUploads> unheard;
};

/// Starts or resumes the upload of an object.  Up to kWholePutBytes in one part travel as one PUT:
/// two requests fewer, and their bytes are kept until Complete, for a PUT is visible at once.
/// The resume token is that of upload_token.h.  Notes the version of what was completed.
/// Errors: kInvalidArgument for parts that the service does not take; kNotFound when a resume token
/// names nothing (any more).
Result<std::unique_ptr<Upload>> StartUpload(const UploadPlace& place, std::string_view key,
                                            const UploadOptions& options);

inline constexpr std::uint64_t kWholePutBytes = std::uint64_t{8} << 20;
/// Whether it is one PUT, of which nothing is at the service before.
inline bool TravelsWhole(const UploadOptions& options) {
  return options.size_bytes <= std::min(options.part_bytes, kWholePutBytes);
}

}  // namespace stateferry::storage::s3
