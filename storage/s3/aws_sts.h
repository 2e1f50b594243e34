#pragma once
// Roles of AWS: the Security Token Service.  Facts: AWS STS API reference, 2011-06-15.

#include <memory>
#include <string>

#include "storage/s3/credential_source.h"

namespace stateferry::storage::s3 {

struct AwsRole {
  std::string role_arn;
  std::string session_name = {};       ///< "": a name of ours
  std::string external_id = {};        ///< "": none
  std::string region = {};             ///< of the service asked; "": AWS_REGION, else us-east-1
  std::chrono::seconds duration = {};  ///< 0: the service's default, an hour
};

/// AssumeRole, signed with what `base` gives.
std::unique_ptr<CredentialSource> MakeAssumeRoleSource(const CredentialSurroundings& around,
                                                       AwsRole role,
                                                       std::unique_ptr<CredentialSource> base);

/// AssumeRoleWithWebIdentity: unsigned, with the token that stands in a file and changes there.
std::unique_ptr<CredentialSource> MakeWebIdentitySource(const CredentialSurroundings& around,
                                                        AwsRole role, std::string token_file);

/// The same from AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_SESSION_NAME; not set up
/// without the file.
std::unique_ptr<CredentialSource> MakeWebIdentityFromEnvironment(
    const CredentialSurroundings& around);

}  // namespace stateferry::storage::s3
