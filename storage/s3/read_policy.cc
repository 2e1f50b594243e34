#include "storage/s3/read_policy.h"

#include <algorithm>

namespace stateferry::storage::s3 {

namespace {

Error Unfit(const std::string& what, const std::string& text, const std::string& why) {
  return Error(ErrorCode::kInvalidArgument, "the " + what + " \"" + text + "\" " + why);
}

bool HasBlankOrControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
}

bool IsBucketName(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

/// What policies match with wildcards must not hold any.
Result<void> CheckLiteral(const std::string& what, const std::string& text) {
  if (text.find_first_of("*?") != std::string::npos || text.find("${") != std::string::npos)
    return Unfit(what, text, "holds a character that a policy takes for a pattern");
  return {};
}

Result<void> Check(const ReadPolicy& policy) {
  if (policy.principal == "*")
    return Error(ErrorCode::kRefused, "a policy for everybody makes the bucket public")
        .WithHint("name who is to read it");
  if (policy.principal.empty() || HasBlankOrControl(policy.principal))
    return Unfit("principal", policy.principal, "is not an ARN");
  if (policy.bucket.empty()) return Error(ErrorCode::kInvalidArgument, "the bucket is missing");
  if (!IsBucketName(policy.bucket))  // which may be a secret, when it holds an '@'
    return Error(ErrorCode::kInvalidArgument, "that is not the name of a bucket");
  SF_TRY(CheckLiteral("principal", policy.principal));
  SF_TRY(CheckLiteral("prefix", policy.prefix));
  const bool owner_is_id =
      policy.owner == "*" ||
      (!policy.owner.empty() && policy.owner.find_first_not_of("0123456789") == std::string::npos);
  if (!owner_is_id) return Unfit("owner", policy.owner, "is not the number of an account");
  return {};
}

/// "aws", "aws-cn", ...: resources are named in the partition of who asks.
std::string PartitionOf(const std::string& principal) {
  if (!principal.starts_with("arn:aws")) return "aws";
  const auto end = principal.find(':', 4);
  return principal.substr(4, end == std::string::npos ? end : end - 4);
}

/// `resource` is the bucket as the service names it.
Json Statements(const ReadPolicy& policy, const Json& principal, const std::string& resource) {
  const std::string service = policy.kind == PolicyKind::kOss ? "oss:" : "s3:";
  Json list = {
      {"Effect", "Allow"},
      {"Principal", principal},
      {"Action", {service + (policy.kind == PolicyKind::kOss ? "ListObjects" : "ListBucket")}},
      {"Resource", {resource}}};
  Json get = {{"Effect", "Allow"}, {"Principal", principal}, {"Action", {service + "GetObject"}}};
  if (policy.prefix.empty()) {
    get["Resource"] = {resource + "/*"};
  } else {
    const std::string key = policy.kind == PolicyKind::kOss ? "oss:Prefix" : "s3:prefix";
    list["Condition"] = {{"StringLike", {{key, {policy.prefix, policy.prefix + "/*"}}}}};
    get["Resource"] = {resource + "/" + policy.prefix, resource + "/" + policy.prefix + "/*"};
  }
  return Json::array({list, get});
}

}  // namespace

Result<Json> ReadOnlyPolicy(const ReadPolicy& policy) {
  SF_TRY(Check(policy));
  if (policy.kind == PolicyKind::kOss)
    return Json{{"Version", "1"},
                {"Statement", Statements(policy, Json::array({policy.principal}),
                                         "acs:oss:*:" + policy.owner + ":" + policy.bucket)}};
  const std::string resource = "arn:" + PartitionOf(policy.principal) + ":s3:::" + policy.bucket;
  return Json{{"Version", "2012-10-17"},
              {"Statement", Statements(policy, {{"AWS", policy.principal}}, resource)}};
}

Result<PolicyKind> PolicyKindOf(std::string_view principal) {
  if (principal.starts_with("arn:aws")) return PolicyKind::kS3;
  if (principal.starts_with("arn:sts:") || principal.starts_with("arn:acs:"))
    return PolicyKind::kOss;
  return Error(ErrorCode::kInvalidArgument, "whether the bucket is one of S3 or of OSS is not said")
      .WithHint("write s3://BUCKET or oss://BUCKET, or give --for");
}

}  // namespace stateferry::storage::s3
