#pragma once
// Sources that only look at what is there already.

#include <memory>

#include "storage/s3/credential_source.h"
#include "storage/s3/place_profile.h"

namespace stateferry::storage::s3 {

/// Always these; `described` says where they came from.
std::unique_ptr<CredentialSource> MakeStaticSource(Credentials credentials, std::string described);

/// The keys of a place's own configuration, each text read anew; `described` says where they are
/// said.  kPermission: one that is not there, or is empty.
std::unique_ptr<CredentialSource> MakePlaceKeysSource(const CredentialSurroundings& around,
                                                      PlaceKeys keys, std::string described);

/// Three variables that hold one set of keys.
struct KeyVariables {
  std::string id;
  std::string secret;
  std::string token;
};
inline const KeyVariables kAwsVariables{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN"};
inline const KeyVariables kOssVariables{"OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET",
                                        "OSS_SESSION_TOKEN"};
inline const KeyVariables kAlibabaVariables{"ALIBABA_CLOUD_ACCESS_KEY_ID",
                                            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
                                            "ALIBABA_CLOUD_SECURITY_TOKEN"};
/// Not set up without the id.  kPermission: an id without its secret.
std::unique_ptr<CredentialSource> MakeEnvironmentSource(const CredentialSurroundings& around,
                                                        const KeyVariables& variables);

/// A program that prints {"Version": 1, "AccessKeyId": ...}.  Facts: AWS, "Sourcing credentials
/// with an external process".
std::unique_ptr<CredentialSource> MakeProcessSource(const CredentialSurroundings& around,
                                                    std::string command_line);

}  // namespace stateferry::storage::s3
