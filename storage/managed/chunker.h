#pragma once
// Cuts the content of one part into chunks.  docs/formats/managed-store.md, "Chunking".

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace stateferry::storage::managed {

/// Content that is not cut at all up to this length.
inline constexpr std::size_t kWholePartBytes = 64u << 10;
/// Large chunks for content in which nothing repeats below whole files: SSTs, compressed bytes.
inline constexpr std::size_t kFixedChunkBytes = 2u << 20;
/// FastCDC: shortest, the length from which a cut becomes more likely, longest.
inline constexpr std::size_t kMinCutBytes = 16u << 10;
inline constexpr std::size_t kNormalCutBytes = 64u << 10;
inline constexpr std::size_t kMaxCutBytes = 512u << 10;

enum class Chunking { kWhole, kFixed, kContentDefined };

/// Looks at samples only.  The same content always gets the same answer, so that a repeated part
/// finds its chunks again.
Chunking ChooseChunking(ByteSpan part);

/// The lengths of the chunks, in order; they add up to part.size().  Empty for an empty part.
std::vector<std::uint32_t> CutChunks(ByteSpan part, Chunking chunking);

}  // namespace stateferry::storage::managed
