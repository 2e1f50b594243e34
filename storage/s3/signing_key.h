#pragma once

#include <list>
#include <mutex>
#include <string>
#include <string_view>

#include "storage/s3/digest.h"
#include "storage/s3/secret.h"

namespace stateferry::storage::s3 {

/// The key that signs for one day, region and service: HMAC of each in turn, beginning with
/// prefix + secret ("AWS4" or "aliyun_v4").
struct SigningScope {
  std::string_view prefix;
  std::string date;    ///< "20250102"
  std::string region;  ///< "us-east-1"
  std::string service;
  std::string_view terminator;  ///< "aws4_request"

  /// "20250102/us-east-1/s3/aws4_request"
  std::string ToString() const;
  bool operator==(const SigningScope&) const = default;
};

Secret DeriveSigningKey(const SigningScope& scope, const Secret& secret_access_key);

/// Remembers the derived keys of the last few secrets, days and regions: four HMACs less for each
/// request.  Thread-safe.
class SigningKeys {
 public:
  Secret Get(const SigningScope& scope, const Secret& secret_access_key);

 private:
  struct Entry {
    SigningScope scope;
    Secret secret_access_key;
    Secret key;
  };
  std::mutex mutex_;
  std::list<Entry> recent_;  ///< guarded by mutex_; the latest used first
};

}  // namespace stateferry::storage::s3
