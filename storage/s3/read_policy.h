#pragma once
// The bucket policy that lets somebody read snapshots and do nothing else.  Facts: the documents of
// both services on bucket policies; OSS's "Grant permissions on the bucket" of Project Clone.

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace stateferry::storage::s3 {

enum class PolicyKind { kS3, kOss };

struct ReadPolicy {
  PolicyKind kind = PolicyKind::kS3;
  std::string principal;    ///< who may read: an ARN, or what else the service calls them
  std::string bucket;       ///< its name
  std::string prefix = {};  ///< a directory without '/' at its ends; "" = the whole bucket
  /// OSS: the account that the bucket belongs to; "*" = not said.
  std::string owner = "*";
};

/// Listing is a right on the bucket and reading one on its objects: two statements, as a right to
/// list `bucket/*` is none.  Of a prefix, its own name may be listed and read besides what is below
/// it, because whether a place is a file or a directory is found out by asking.
/// Errors: kRefused: everybody as the principal; kInvalidArgument: names that a policy cannot hold
/// or would take for patterns.
Result<Json> ReadOnlyPolicy(const ReadPolicy& policy);

/// Whose ARN it is: "arn:aws...:" is of AWS, "arn:sts:" and "arn:acs:" of Alibaba Cloud.  Errors:
/// kInvalidArgument when it does not tell.
Result<PolicyKind> PolicyKindOf(std::string_view principal);

}  // namespace stateferry::storage::s3
