#pragma once
// Alibaba Cloud OSS signature V4 (OSS4-HMAC-SHA256).

#include <string>
#include <vector>

#include "storage/s3/signer.h"
#include "storage/s3/signing_key.h"

namespace stateferry::storage::s3 {

class OssV4Signer final : public Signer {
 public:
  explicit OssV4Signer(OssV4Options options) : options_(std::move(options)) {}

  Result<void> Sign(HttpRequest& request, const Credentials& credentials, const Payload& payload,
                    SystemTime now) const override;
  Result<std::string> Presign(const HttpRequest& request, const Credentials& credentials,
                              std::chrono::seconds valid_for, SystemTime now) const override;

 private:
  Result<void> Check(const HttpRequest& request, const Credentials& credentials) const;
  SigningScope ScopeAt(const std::string& time) const;
  std::string SignatureOf(const HttpRequest& request, const std::vector<std::string>& additional,
                          const Credentials& credentials, const std::string& time) const;

  OssV4Options options_;
  mutable SigningKeys keys_;
};

/// The names of `wanted` that the request has a value for and that are not signed anyway: lower
/// case, sorted.
std::vector<std::string> OssAdditionalHeaders(const HttpRequest& request,
                                              const std::vector<std::string>& wanted);

/// What is hashed and signed.  A server rebuilds it with the additional headers that the client
/// named.  It holds the session token, so it must not be logged.
std::string OssV4CanonicalRequest(const HttpRequest& request,
                                  const std::vector<std::string>& additional_headers);

}  // namespace stateferry::storage::s3
