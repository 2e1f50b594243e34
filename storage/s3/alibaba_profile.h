#pragma once
// Files in which the Alibaba Cloud tools keep credentials: ~/.ossutilconfig (ossutil 1 and 2),
// ~/.aliyun/config.json (aliyun CLI) and ~/.alibabacloud/credentials.ini (SDKs).

#include <memory>
#include <string>

#include "storage/s3/credential_source.h"

namespace stateferry::storage::s3 {

/// OSS_CONFIG_FILE, else ~/.ossutilconfig.  `profile` "": "default", else ossutil 1's
/// [Credentials]. Not set up without the file; a profile that was named and is not there is
/// kPermission.
std::unique_ptr<CredentialSource> MakeOssutilSource(const CredentialSurroundings& around,
                                                    std::string profile);

/// `profile` "": ALIBABA_CLOUD_PROFILE, else the file's "current".
std::unique_ptr<CredentialSource> MakeAliyunCliSource(const CredentialSurroundings& around,
                                                      std::string profile);

/// ALIBABA_CLOUD_CREDENTIALS_FILE, else ~/.alibabacloud/credentials.ini.  `profile` "":
/// ALIBABA_CLOUD_PROFILE, else "default".
std::unique_ptr<CredentialSource> MakeAlibabaIniSource(const CredentialSurroundings& around,
                                                       std::string profile);

/// A local service that answers with credentials as JSON: ALIBABA_CLOUD_CREDENTIALS_URI.
std::unique_ptr<CredentialSource> MakeCredentialsUriSource(const CredentialSurroundings& around);

/// What ossutil's profile says besides keys; "" = nothing.
struct OssProfileSettings {
  std::string region;
  std::string endpoint;
  std::string addressing_style;  ///< "virtual", "path", "cname"
};
/// Errors: kPermission: a file that cannot be read.
Result<OssProfileSettings> ReadOssSettings(const CredentialSurroundings& around,
                                           const std::string& profile);

}  // namespace stateferry::storage::s3
