#include "storage/s3/aws_chunked.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "storage/s3/digest.h"

namespace stateferry::storage::s3 {
namespace {

constexpr std::uint64_t kSignatureBytes = sizeof(";chunk-signature=") - 1 + 64;

std::string Sha256Hex(std::string_view text) { return ToHex(DigestBytes(Sha256(AsBytes(text)))); }

std::string Lines(const NameValues& trailer, std::string_view line_end) {
  std::string lines;
  for (const auto& [name, value] : trailer) {
    lines += LowerCase(name) + ':' + value + std::string(line_end);
  }
  return lines;
}

std::uint64_t FramedLength(std::uint64_t chunk_bytes) {
  return fmt::formatted_size("{:x}", chunk_bytes) + kSignatureBytes + 2 + chunk_bytes + 2;
}

}  // namespace

std::string UnsignedChunkHeader(std::uint64_t size_bytes) {
  return fmt::format("{:x}\r\n", size_bytes);
}

std::string UnsignedEnd(const NameValues& trailer) {
  return "0\r\n" + Lines(trailer, "\r\n") + "\r\n";
}

std::string ChunkSigner::SignNext(std::string_view kind, const std::string& what) {
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}\n{}", kind, seed_.time, seed_.scope, seed_.signature, what);
  seed_.signature = ToHex(DigestBytes(HmacSha256(seed_.signing_key.Reveal(), to_sign)));
  return seed_.signature;
}

std::string ChunkSigner::ChunkHeader(ByteSpan chunk) {
  // The first hash is that of no bytes at all: a place kept for headers of a chunk.
  const std::string what = Sha256Hex("") + '\n' + Sha256Hex(AsText(chunk));
  return fmt::format("{:x};chunk-signature={}\r\n", chunk.size(),
                     SignNext("AWS4-HMAC-SHA256-PAYLOAD", what));
}

std::string ChunkSigner::End(const NameValues& trailer) {
  std::string end = ChunkHeader({});
  if (!trailer.empty()) {
    // Signed with "\n" behind each line, sent with "\r\n".
    const std::string signature =
        SignNext("AWS4-HMAC-SHA256-TRAILER", Sha256Hex(Lines(trailer, "\n")));
    end += Lines(trailer, "\r\n") + "x-amz-trailer-signature:" + signature + "\r\n";
  }
  return end + "\r\n";
}

std::uint64_t SignedChunksLength(std::uint64_t body_bytes, std::uint64_t chunk_bytes) {
  std::uint64_t length = body_bytes / chunk_bytes * FramedLength(chunk_bytes);
  if (body_bytes % chunk_bytes > 0) length += FramedLength(body_bytes % chunk_bytes);
  return length + FramedLength(0);
}

}  // namespace stateferry::storage::s3
