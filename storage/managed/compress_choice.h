#pragma once
// How much CPU the bytes of one part are worth.

#include "base/bytes.h"
#include "base/codec.h"
#include "storage/places.h"

namespace stateferry::storage::managed {

/// 0 = store raw, else the zstd level.
/// `probe` compresses samples; its level is what an automatic choice would use.
int ChooseZstdLevel(const CompressPolicy& policy, ByteSpan part, ZstdCompressor& probe);

/// The level that `policy` compresses with when it compresses.
int CompressionLevel(const CompressPolicy& policy);

}  // namespace stateferry::storage::managed
