#pragma once
// Content-Encoding: aws-chunked, where a body carries signatures of its chunks or a checksum behind
// it.  Facts: AWS, "Signature calculations for the Authorization header: transferring payload in
// multiple chunks" and "including trailing headers".

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "storage/s3/http_request.h"
#include "storage/s3/secret.h"

namespace stateferry::storage::s3 {

/// "64\r\n": stands before a chunk of 0x64 bytes whose signature nobody asks for.  "\r\n" follows
/// the bytes.
std::string UnsignedChunkHeader(std::uint64_t size_bytes);
/// What ends an unsigned body: the empty chunk and the trailer.
std::string UnsignedEnd(const NameValues& trailer);

/// Signs the chunks of one body, in order.  Not thread-safe.
class ChunkSigner {
 public:
  /// What the signature of the headers was made with; SigV4Signer::SignChunked fills it in.
  struct Seed {
    Secret signing_key;
    std::string time;       ///< x-amz-date
    std::string scope;      ///< "20130524/us-east-1/s3/aws4_request"
    std::string signature;  ///< of the headers, in hex
  };
  explicit ChunkSigner(Seed seed) : seed_(std::move(seed)) {}

  /// "10000;chunk-signature=<hex>\r\n": stands before the bytes of `chunk`, "\r\n" follows them.
  /// The empty chunk ends the body: End().
  std::string ChunkHeader(ByteSpan chunk);
  /// The empty chunk, and the signed trailer when there is one (-TRAILER payloads).
  std::string End(const NameValues& trailer = {});

 private:
  std::string SignNext(std::string_view kind, const std::string& what);

  Seed seed_;  ///< its signature is that of the last chunk
};

/// The Content-Length of a body signed by ChunkSigner without trailer, for chunks of `chunk_bytes`
/// (> 0) but the last.
std::uint64_t SignedChunksLength(std::uint64_t body_bytes, std::uint64_t chunk_bytes);

}  // namespace stateferry::storage::s3
