#pragma once

#include <memory>
#include <string>

#include "storage/s3/credential_source.h"

namespace stateferry::storage::s3 {

/// The role of an EC2 instance, from its metadata service in version 2 (with a session token; the
/// first version, which any page could make a browser ask, is never used).  Not set up when nothing
/// answers at 169.254.169.254 or AWS_EC2_METADATA_DISABLED is true.
std::unique_ptr<CredentialSource> MakeImdsSource(const CredentialSurroundings& around);

/// The RAM role of an Alibaba Cloud ECS instance, from 100.100.100.200: hardened mode, else the
/// plain one unless ALIBABA_CLOUD_IMDSV1_DISABLED is true.  `role` "": ALIBABA_CLOUD_ECS_METADATA,
/// else the instance's own.  Not set up when nothing answers there or
/// ALIBABA_CLOUD_ECS_METADATA_DISABLED is true.
std::unique_ptr<CredentialSource> MakeEcsRoleSource(const CredentialSurroundings& around,
                                                    std::string role);

}  // namespace stateferry::storage::s3
