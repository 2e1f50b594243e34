#pragma once
// What tests of uploads have in common.

#include <memory>
#include <string>

#include "base/hash.h"
#include "storage/s3/digest.h"
#include "tests/storage/s3/s3_rig.h"

namespace stateferry::storage::s3 {

inline constexpr std::uint64_t kPart = std::uint64_t{5} << 20;
/// Of a service whose conditions need no proof.
inline constexpr const char* kKnown = "&sign=no&dialect=minio";

inline std::string Md5Hex(std::string_view text) { return ToHex(DigestBytes(Md5(AsBytes(text)))); }

/// Of the object "k".
inline std::unique_ptr<Upload> Started(S3Rig& rig, const UploadOptions& options) {
  auto upload = rig.backend->StartUpload("k", options);
  EXPECT_TRUE(upload) << upload.error().message();
  return upload ? std::move(*upload) : nullptr;
}

}  // namespace stateferry::storage::s3
