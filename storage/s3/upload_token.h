#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/backend.h"
#include "storage/s3/signer.h"

namespace stateferry::storage::s3 {

/// What a later process must know to go on with a multipart upload; opaque to everybody else.
struct UploadToken {
  std::uint64_t size_bytes = 0;
  std::uint64_t part_bytes = 0;
  bool checksummed = false;  ///< NewMultipart::checksummed
  std::string upload_id = {};
  /// Bucket::Service() where it was begun; none in tokens of old.
  std::optional<std::string> service = {};
  /// The service's time before it was begun; none in tokens of old.  Only with `service`.
  std::optional<SystemTime> begun = {};

  std::string Text() const;
  /// Nothing when `text` was not made by Text().
  static std::optional<UploadToken> Parse(std::string_view text);
  /// Whether it is about an object of that size in parts of that size.
  bool Fits(const UploadOptions& options) const {
    return size_bytes == options.size_bytes && part_bytes == options.part_bytes;
  }
};

/// The token of an upload that cannot be resumed, for nothing of it is at the service.
inline constexpr std::string_view kNothingToResume = "whole";

}  // namespace stateferry::storage::s3
