#pragma once
// Roles of Alibaba Cloud: its Security Token Service.  Facts: STS API 2015-04-01 and the RPC
// signature of the Alibaba Cloud API (HMAC-SHA1 over all parameters).

#include <memory>
#include <string>

#include "storage/s3/credential_source.h"

namespace stateferry::storage::s3 {

struct AlibabaRole {
  std::string role_arn;           ///< "acs:ram::123456789012****:role/name"
  std::string session_name = {};  ///< "": a name of ours
  std::string external_id = {};   ///< "": none
  std::string policy = {};        ///< narrows the role; "": none
  /// Of the service asked; "": ALIBABA_CLOUD_STS_REGION, else the central endpoint.
  std::string region = {};
  std::chrono::seconds duration = std::chrono::hours(1);
};

/// AssumeRole, signed with what `base` gives.
std::unique_ptr<CredentialSource> MakeRamRoleSource(const CredentialSurroundings& around,
                                                    AlibabaRole role,
                                                    std::unique_ptr<CredentialSource> base);

/// AssumeRoleWithOIDC (RRSA): unsigned, with the token that stands in a file and changes there.
std::unique_ptr<CredentialSource> MakeOidcSource(const CredentialSurroundings& around,
                                                 AlibabaRole role, std::string provider_arn,
                                                 std::string token_file);

/// The same from ALIBABA_CLOUD_ROLE_ARN, _OIDC_PROVIDER_ARN, _OIDC_TOKEN_FILE and
/// _ROLE_SESSION_NAME; not set up without the file.
std::unique_ptr<CredentialSource> MakeOidcFromEnvironment(const CredentialSurroundings& around);

/// The "Signature" parameter of an RPC call with these parameters.
std::string AlibabaRpcSignature(const std::string& method, const NameValues& parameters,
                                const Secret& key);

}  // namespace stateferry::storage::s3
