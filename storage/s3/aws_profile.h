#pragma once
// ~/.aws/config and ~/.aws/credentials, with roles on top of other profiles.  Facts: AWS SDKs and
// Tools Reference Guide; the order is botocore's.

#include <memory>
#include <string>

#include "storage/s3/credential_source.h"

namespace stateferry::storage::s3 {

/// Which of a profile's settings count.  Roles come before a web identity of the environment, keys
/// after it.
enum class ProfilePart { kRoles, kKeys };

/// Reads the files anew in each Fetch (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE).  `profile`
/// "": AWS_PROFILE, else "default".  Not set up when "default" is not there; a profile that was
/// named and is not there is kPermission.
std::unique_ptr<CredentialSource> MakeAwsProfileSource(const CredentialSurroundings& around,
                                                       std::string profile, ProfilePart part);

/// What a profile says besides keys; "" = nothing.
struct AwsProfileSettings {
  std::string region;
  std::string endpoint_url;      ///< for S3: of its [services] section, else of the profile
  std::string addressing_style;  ///< "path", "virtual", "auto"
};
/// Errors: kPermission: a file that cannot be read, a named profile that is not there.
Result<AwsProfileSettings> ReadAwsSettings(const CredentialSurroundings& around,
                                           const std::string& profile);

}  // namespace stateferry::storage::s3
