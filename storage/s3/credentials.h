#pragma once
// Where credentials come from, and how they stay fresh in the middle of a long transfer.

#include <memory>
#include <string>

#include "base/result.h"
#include "storage/s3/signer.h"

namespace stateferry::storage::s3 {

/// Gives the credentials to sign the next request with.  Ask before every request and keep no copy
/// longer: they are refreshed before they expire.  Thread-safe.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;

  /// Errors: kPermission: there are none, or their source is set up wrongly (the message says which
  /// source and what is missing, never a secret); kUnavailable (retry may help): their source does
  /// not answer.
  virtual Result<Credentials> Get() = 0;

  /// The service called these expired or unknown: the next Get() asks the source again, unless
  /// somebody else has already replaced them.
  virtual void Rejected(const Credentials& credentials) = 0;

  /// "environment", "profile prod in /home/u/.aws/credentials": for messages; no secret.
  virtual std::string Describe() const = 0;
};

}  // namespace stateferry::storage::s3
