#pragma once
// What the benchmarks work on.  Made once per process.

#include "base/bytes.h"

namespace stateferry::bench {

/// 16 MiB of a Snappy-compressed SST.
ByteSpan SstContent16MiB();
/// 16 MiB of uncompressed state: a canonical savepoint, heap state.
ByteSpan PlainContent16MiB();

/// The first `size_bytes` of them.
inline ByteSpan SstBytes(std::size_t size_bytes) { return SstContent16MiB().first(size_bytes); }
inline ByteSpan PlainBytes(std::size_t size_bytes) { return PlainContent16MiB().first(size_bytes); }

}  // namespace stateferry::bench
