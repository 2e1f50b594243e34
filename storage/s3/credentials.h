#pragma once
// Where credentials come from, and how they stay fresh in the middle of a long transfer.

#include <memory>
#include <string>

#include "base/result.h"
#include "storage/s3/credential_source.h"
#include "storage/s3/place_profile.h"
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

/// Keeps what the source gave and asks again before it expires: from 15 minutes before one caller
/// asks while the others go on with the old ones, from 10 minutes before all wait for it (of what
/// lives shorter, from half and from a third of its life).  When the source fails, credentials that
/// are still good stay in use and the source is left alone for 30 seconds.  Times and order are
/// those of botocore's RefreshableCredentials.
class CachedCredentials final : public CredentialsProvider {
 public:
  CachedCredentials(std::unique_ptr<CredentialSource> source, Clock& clock);
  ~CachedCredentials() override;
  Result<Credentials> Get() override;
  void Rejected(const Credentials& credentials) override;
  std::string Describe() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What the user said about one place's credentials.
struct CredentialOptions {
  /// From the place's own configuration; they win over everything.
  std::optional<PlaceKeys> keys = {};
  std::string credential_process = {};  ///< likewise, next
  std::string described = {};           ///< where those two are said: "place night of FILE:3"
  /// Of the service's own files.  Naming one switches everything else off, the environment too.
  std::string profile = {};
};

/// For s3: environment, roles of the AWS profile, web identity, keys of the profile, container,
/// instance.  The first that is set up is used.
std::unique_ptr<CredentialsProvider> MakeS3Credentials(CredentialSurroundings around,
                                                       const CredentialOptions& options);

/// For oss: OSS_* and ALIBABA_CLOUD_* variables, OIDC, ~/.ossutilconfig, ~/.aliyun/config.json,
/// ~/.alibabacloud/credentials.ini, instance, credentials URI.
std::unique_ptr<CredentialsProvider> MakeOssCredentials(CredentialSurroundings around,
                                                        const CredentialOptions& options);

}  // namespace stateferry::storage::s3
