#pragma once
// The fixed grid of parts on an object.

#include <algorithm>
#include <string>
#include <string_view>

#include "storage/backend.h"

namespace stateferry::storage {

inline std::uint64_t PartCount(const UploadOptions& options) {
  return options.size_bytes / options.part_bytes +
         (options.size_bytes % options.part_bytes != 0 ? 1 : 0);
}

/// kInvalidArgument unless the options describe a grid.
inline Result<void> CheckGrid(std::string_view key, const UploadOptions& options) {
  if (options.part_bytes != 0) return {};
  return Error(ErrorCode::kInvalidArgument,
               "the upload of " + std::string(key) + " has a part size of 0");
}

/// Where the part starts.  kInvalidArgument unless a part with that index has that many bytes.  An
/// empty object has no parts, but an empty part 0 does no harm.
inline Result<std::uint64_t> PartOffset(std::string_view key, const UploadOptions& options,
                                        std::uint32_t part_index, std::size_t part_bytes) {
  const bool inside = part_index < PartCount(options);
  const std::uint64_t offset = inside ? part_index * options.part_bytes : 0;
  const std::uint64_t expected =
      inside ? std::min(options.part_bytes, options.size_bytes - offset) : 0;
  const bool empty_object = options.size_bytes == 0 && part_index == 0;
  if ((inside || empty_object) && part_bytes == expected) return offset;
  return Error(ErrorCode::kInvalidArgument,
               "part " + std::to_string(part_index) + " of " + std::string(key) + " has " +
                   std::to_string(part_bytes) + " bytes, which is not its place in the grid of " +
                   std::to_string(PartCount(options)) + " parts of " +
                   std::to_string(options.part_bytes) + " bytes");
}

}  // namespace stateferry::storage
