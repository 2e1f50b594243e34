#include <fmt/format.h>

#include "cli/commands/all.h"
#include "storage/location.h"
#include "storage/s3/read_policy.h"

namespace stateferry::cli {

namespace {
namespace s3 = storage::s3;

/// Bucket and prefix of "s3://b/p", "oss://b/p" or "b/p", and the service where that tells it.
struct Target {
  std::optional<s3::PolicyKind> kind;
  std::string bucket, prefix;
};

Result<Target> TargetFrom(const std::string& text) {
  const bool has_scheme = text.find("://") != std::string::npos;
  SF_TRY(const auto location, storage::ParseLocation(has_scheme ? text : "s3://" + text));
  if (location.scheme != "s3" && location.scheme != "oss")
    return Error(ErrorCode::kInvalidArgument, text + " is not in a bucket");
  Target target{.kind = {}, .bucket = location.authority, .prefix = location.path.substr(1)};
  if (has_scheme)
    target.kind = location.scheme == "oss" ? s3::PolicyKind::kOss : s3::PolicyKind::kS3;
  return target;
}

Result<s3::PolicyKind> KindFor(const Target& target, const std::string& asked,
                               const std::string& principal) {
  if (asked.empty()) return target.kind ? Result(*target.kind) : s3::PolicyKindOf(principal);
  const auto kind = asked == "oss" ? s3::PolicyKind::kOss : s3::PolicyKind::kS3;
  if (target.kind && *target.kind != kind)
    return Error(ErrorCode::kInvalidArgument, "--for and the scheme of the bucket differ");
  return kind;
}

Result<Outcome> RunPolicyPrint(App& app) {
  SF_TRY(const Target target, TargetFrom(app.argument(0)));
  const std::string principal = app.options().Text("principal");
  if (principal.empty())
    return Error(ErrorCode::kInvalidArgument, "--principal is missing: who is to read the bucket?");
  SF_TRY(const auto kind, KindFor(target, app.options().Text("for"), principal));
  SF_TRY(const Json policy, s3::ReadOnlyPolicy({.kind = kind,
                                                .principal = principal,
                                                .bucket = target.bucket,
                                                .prefix = target.prefix,
                                                .owner = app.options().Text("owner")}));
  app.out().Raw(policy.dump(2) + "\n");
  app.out().Item({{"type", "policy"}, {"policy", policy}});
  return Outcome{.summary = {{"for", kind == s3::PolicyKind::kOss ? "oss" : "s3"},
                             {"bucket", target.bucket},
                             {"prefix", target.prefix},
                             {"principal", principal}}};
}
}  // namespace

Command PolicyPrintCommand() {
  return {
      .name = "policy print",
      .summary = "Print the bucket policy that lets somebody read snapshots and nothing else",
      .details =
          "Two statements: list the bucket, get its objects; below PREFIX only when one is given.  "
          "Put it on the bucket with the service's own tools.  Nothing is asked and nothing "
          "changed.",
      .arguments = {{"BUCKET[/PREFIX]",
                     "s3://BUCKET/PREFIX, oss://BUCKET/PREFIX, or without scheme"}},
      .options = {{.name = "principal",
                   .kind = ValueKind::kText,
                   .value_name = "ARN",
                   .help = "Who is to read it",
                   .only_on_command_line = true},
                  {.name = "for",
                   .kind = ValueKind::kChoice,
                   .value_name = "SERVICE",
                   .help = "Whose policy, when neither the bucket nor the ARN tells",
                   .choices = {"s3", "oss"},
                   .only_on_command_line = true},
                  {.name = "owner",
                   .kind = ValueKind::kText,
                   .value_name = "ACCOUNT",
                   .help = "OSS: number of the account that the bucket belongs to",
                   .default_text = "*",
                   .only_on_command_line = true}},
      .examples =
          {"stateferry policy print --principal arn:aws:iam::123456789012:role/reader "
           "s3://state/cp",
           "stateferry policy print --principal "
           "arn:sts::1060219998962774:assumed-role/aliyunstreamasidefaultrole/refresh_token "
           "oss://state"},
      .run = RunPolicyPrint};
}

}  // namespace stateferry::cli
