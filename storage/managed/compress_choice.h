#pragma once
// How much CPU the bytes of one part are worth.

#include <memory>

#include "base/bytes.h"
#include "base/codec.h"
#include "storage/places.h"

namespace stateferry::storage::managed {

/// 0 = store raw; anything else: compress, with MakeCompressor's compressor.
/// `probe` compresses samples; its level is what an automatic choice would use.
int ChooseZstdLevel(const CompressPolicy& policy, ByteSpan part, ZstdCompressor& probe);

/// The compressor for chunks and samples under `policy`.
std::unique_ptr<ZstdCompressor> MakeCompressor(const CompressPolicy& policy);

}  // namespace stateferry::storage::managed
