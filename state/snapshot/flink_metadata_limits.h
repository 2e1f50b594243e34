#pragma once
// What the reader of `_metadata` accepts at most.  Tests try limit - 1, limit and limit + 1.

#include <cstddef>
#include <cstdint>

namespace stateferry::state::snapshot {

/// Flink itself reads a file into arrays of at most 2 GiB; the largest seen are below 100 MB.  This
/// is about a million files in state, or 256 MiB of state that is kept inside.
constexpr std::uint64_t kMaxMetadataBytes = 256ULL << 20;
constexpr std::int32_t kMaxKeyGroups = 32768;  ///< also the largest max parallelism
constexpr int kMaxHandleNesting = 16;          ///< key groups or changelog handles in each other
constexpr std::size_t kMaxUtfBytes = 65535;    ///< the length is an u16
constexpr std::size_t kMaxPropertiesBytes = 1 << 20;  ///< real ones are below 1 KB
constexpr int kMaxJavaNesting = 16;
constexpr std::size_t kMaxJavaHandles = 4096;

/// A few bytes of a hostile file can stand for a far larger value of the model.  The values' own
/// sizes may add up to kModelBytesFree + kModelBytesPerFileByte * (file size), and to
/// kMaxModelBytes whatever the size.  Real files need about 4 per byte, so that the largest one
/// still fits; finished subtasks (4 bytes each) are what the free part is for.
constexpr std::uint64_t kModelBytesFree = 256ULL << 20;
constexpr std::uint64_t kModelBytesPerFileByte = 8;
constexpr std::uint64_t kMaxModelBytes = 1ULL << 30;

}  // namespace stateferry::state::snapshot
