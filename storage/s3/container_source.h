#pragma once

#include <memory>

#include "storage/s3/credential_source.h"

namespace stateferry::storage::s3 {

/// The credentials of a task or pod: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI at 169.254.170.2, or
/// AWS_CONTAINER_CREDENTIALS_FULL_URI with AWS_CONTAINER_AUTHORIZATION_TOKEN[_FILE].  Not set up
/// without either.  A full URI over plain http may only lead to this machine or to the link-local
/// addresses of ECS and EKS, or the token would be sent to anybody: kPermission.
/// Facts: AWS SDKs and Tools Reference Guide, "Container credential provider".
std::unique_ptr<CredentialSource> MakeContainerSource(const CredentialSurroundings& around);

}  // namespace stateferry::storage::s3
