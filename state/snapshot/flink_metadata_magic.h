#pragma once
// The numbers by which the parts of `_metadata` are known.

#include <cstdint>

namespace stateferry::state::snapshot {

constexpr std::uint32_t kMetadataMagic = 0x4960672d;     ///< the first four bytes of the file
constexpr std::uint32_t kMasterStateMagic = 0xc96b1696;  ///< of each master state

}  // namespace stateferry::state::snapshot
