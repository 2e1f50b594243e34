#pragma once
// AWS Signature Version 4.

#include <string>
#include <vector>

#include "storage/s3/aws_chunked.h"
#include "storage/s3/signer.h"
#include "storage/s3/signing_key.h"

namespace stateferry::storage::s3 {

class SigV4Signer final : public Signer {
 public:
  explicit SigV4Signer(SigV4Options options) : options_(std::move(options)) {}

  Result<void> Sign(HttpRequest& request, const Credentials& credentials, const Payload& payload,
                    SystemTime now) const override;
  Result<std::string> Presign(const HttpRequest& request, const Credentials& credentials,
                              std::chrono::seconds valid_for, SystemTime now) const override;

  /// Signs a request whose body goes out in signed chunks, and gives what signs these.  The caller
  /// has set Content-Encoding, x-amz-decoded-content-length and, with a trailer, x-amz-trailer.
  /// Errors: as Sign; kInvalidArgument unless `kind` is one of the two signed streaming kinds.
  Result<ChunkSigner> SignChunked(HttpRequest& request, const Credentials& credentials,
                                  Payload::Kind kind, SystemTime now) const;

 private:
  Result<ChunkSigner::Seed> SignHeaders(HttpRequest& request, const Credentials& credentials,
                                        const Payload& payload, SystemTime now) const;
  Result<void> Check(const HttpRequest& request, const Credentials& credentials) const;
  SigningScope ScopeAt(const std::string& time) const;

  SigV4Options options_;
  mutable SigningKeys keys_;
};

/// The lower-case names of the headers that a client signs, sorted: all, except those which proxies
/// and HTTP libraries add or change on the way.
std::vector<std::string> SigV4SignedHeaders(const HttpRequest& request);

/// What is hashed and signed.  A server rebuilds it from the names that the client chose.  It holds
/// the session token, so it must not be logged.
std::string SigV4CanonicalRequest(const HttpRequest& request,
                                  const std::vector<std::string>& signed_headers,
                                  std::string_view payload_hash);

}  // namespace stateferry::storage::s3
