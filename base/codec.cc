#include "base/codec.h"

// For ZSTD_c_literalCompressionMode: an experimental parameter, refused at run time by a library
// that does not know it, which then compresses a little less.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include <string>

namespace stateferry {

struct ZstdCompressor::Context {
  ZSTD_CCtx* cctx = ZSTD_createCCtx();
  Context() = default;
  ~Context() { ZSTD_freeCCtx(cctx); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

ZstdCompressor::ZstdCompressor(int level) : context_(std::make_unique<Context>()), level_(level) {
  ZSTD_CCtx_setParameter(context_->cctx, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context_->cctx, ZSTD_c_contentSizeFlag, 1);
  ZSTD_CCtx_setParameter(context_->cctx, ZSTD_c_checksumFlag, 0);
}

ZstdCompressor ZstdCompressor::ForStateFiles() {
  ZstdCompressor compressor(1);
  ZSTD_CCtx* cctx = compressor.context_->cctx;
  ZSTD_CCtx_setParameter(cctx, ZSTD_c_strategy, ZSTD_fast);
  ZSTD_CCtx_setParameter(cctx, ZSTD_c_minMatch, 6);
  ZSTD_CCtx_setParameter(cctx, ZSTD_c_hashLog, 15);
  // Acceleration alone would switch entropy coding of literals off, and that is where most of the
  // gain on already compressed blocks comes from.
  const std::size_t literals =
      ZSTD_CCtx_setParameter(cctx, ZSTD_c_literalCompressionMode, ZSTD_ps_enable);
  if (!ZSTD_isError(literals)) ZSTD_CCtx_setParameter(cctx, ZSTD_c_targetLength, 2);
  return compressor;
}

ZstdCompressor::~ZstdCompressor() = default;
ZstdCompressor::ZstdCompressor(ZstdCompressor&&) noexcept = default;
ZstdCompressor& ZstdCompressor::operator=(ZstdCompressor&&) noexcept = default;

Result<void> ZstdCompressor::Compress(ByteSpan plain, Bytes& out) {
  out.resize(ZSTD_compressBound(plain.size()));
  const std::size_t size =
      ZSTD_compress2(context_->cctx, out.data(), out.size(), plain.data(), plain.size());
  if (ZSTD_isError(size))
    return Error(ErrorCode::kInternal, std::string("zstd: ") + ZSTD_getErrorName(size));
  out.resize(size);
  return {};
}

struct ZstdDecompressor::Context {
  ZSTD_DCtx* dctx = ZSTD_createDCtx();
  Context() = default;
  ~Context() { ZSTD_freeDCtx(dctx); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

ZstdDecompressor::ZstdDecompressor() : context_(std::make_unique<Context>()) {}
ZstdDecompressor::~ZstdDecompressor() = default;
ZstdDecompressor::ZstdDecompressor(ZstdDecompressor&&) noexcept = default;
ZstdDecompressor& ZstdDecompressor::operator=(ZstdDecompressor&&) noexcept = default;

Result<void> ZstdDecompressor::Decompress(ByteSpan frame, MutableByteSpan plain) {
  const std::size_t size =
      ZSTD_decompressDCtx(context_->dctx, plain.data(), plain.size(), frame.data(), frame.size());
  if (ZSTD_isError(size))
    return Error(ErrorCode::kCorruption, std::string("zstd: ") + ZSTD_getErrorName(size));
  if (size != plain.size())
    return Error(ErrorCode::kCorruption, "zstd frame holds " + std::to_string(size) +
                                             " bytes, not the expected " +
                                             std::to_string(plain.size()));
  // ZSTD_decompressDCtx takes several frames in a row; here that would be two ways to write one
  // content.
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size())
    return Error(ErrorCode::kCorruption, "zstd frame is followed by other bytes");
  return {};
}

}  // namespace stateferry
