#pragma once
// zstd frames (RFC 8878) of one buffer each.

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace stateferry {

/// Compresses buffers into single zstd frames with content size and no checksum (the caller has its
/// own hash).  Keeps a context between calls; one object per thread.
class ZstdCompressor {
 public:
  /// `level`: -7..19, as zstd counts them; 0 is not allowed here.
  explicit ZstdCompressor(int level);
  /// Parameters between the levels, found by a scan over Snappy-compressed SSTs: about the ratio of
  /// level 2 at the speed of level 1 (0.786 at 269 MB/s a core, where level 1 gave 0.811 at 266 and
  /// level 2 0.773 at 208; the command is in docs/decisions/0005-compression.md).
  static ZstdCompressor ForStateFiles();
  ~ZstdCompressor();
  ZstdCompressor(ZstdCompressor&&) noexcept;
  ZstdCompressor& operator=(ZstdCompressor&&) noexcept;

  int level() const { return level_; }
  /// Replaces `out` by the frame.  Errors: kInternal.
  Result<void> Compress(ByteSpan plain, Bytes& out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  int level_;
};

/// Decompresses single frames.  One object per thread.
class ZstdDecompressor {
 public:
  ZstdDecompressor();
  ~ZstdDecompressor();
  ZstdDecompressor(ZstdDecompressor&&) noexcept;
  ZstdDecompressor& operator=(ZstdDecompressor&&) noexcept;

  /// Fills exactly `plain`; anything else is kCorruption.  Never writes outside `plain`.
  Result<void> Decompress(ByteSpan frame, MutableByteSpan plain);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace stateferry
