#include "cli/bucket_check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/hash.h"
#include "cli/table.h"
#include "cli/transfer_flags.h"
#include "storage/s3/open_bucket.h"
#include "storage/s3/probe.h"

namespace stateferry::cli {

namespace {
namespace s3 = storage::s3;

const char* Word(s3::Can can) {
  return can == s3::Can::kYes ? "yes" : can == s3::Can::kNo ? "no" : "unknown";
}

/// A name that no other run takes.
std::string UniqueName(App& app) {
  const auto now = app.clock().Now().time_since_epoch().count();
  return Xxh3_128(AsBytes(fmt::format("{} {} {}", now, getpid(), static_cast<void*>(&app))))
      .ToHex();
}

/// Zero when nothing that moving snapshots takes is missing.
ExitCode CodeOf(const std::vector<s3::ProbeFinding>& findings) {
  ExitCode code = ExitCode::kOk;
  for (const s3::ProbeFinding& finding : findings) {
    if (finding.code == "LEFT_BEHIND") return ExitCode::kPartlyDone;
    if (finding.can != s3::Can::kNo || !finding.needed) continue;
    code = finding.code.starts_with("DENIED_") ? ExitCode::kPermission
           : code == ExitCode::kOk             ? ExitCode::kRefused
                                               : code;
  }
  return code;
}

void Print(Output& out, const std::vector<s3::ProbeFinding>& findings) {
  Table table({{.title = ""}, {.title = ""}, {.title = ""}});
  for (const s3::ProbeFinding& finding : findings) {
    table.Add({std::string(finding.name), Word(finding.can), finding.detail});
    out.Item({{"type", "check"},
              {"name", finding.name},
              {"status", Word(finding.can)},
              {"needed", finding.needed},
              {"code", finding.code},
              {"message", finding.detail}});
  }
  for (const std::string& line : table.Lines()) out.Line(line);
  const bool unreadable =
      std::any_of(findings.begin(), findings.end(), [](const s3::ProbeFinding& finding) {
        return finding.code == "DENIED_LIST" || finding.code == "DENIED_GET";
      });
  if (unreadable) out.Note("`stateferry policy print` prints the bucket policy that gives both");
}

}  // namespace

Result<Outcome> CheckBucket(App& app, const storage::Location& location) {
  const bool read_only = app.options().Flag("read-only") || app.dry_run();
  s3::OpenOptions how{.environment = app.environment().variables,
                      .profiles = app.settings().Places()};
  // What it writes is what transfers write: a bucket may take nothing else.
  if (!read_only) how.new_objects = NewObjectsFrom(app.options());
  SF_TRY(auto session, s3::OpenSession(location, app.clock(), how));
  auto who = session->Identity();
  if (!who) return std::move(who).error().WithContext(location.ToString());
  const std::string& identity = *who;
  const s3::Bucket bucket = session->bucket();
  const std::string endpoint = bucket.scheme + "://" + bucket.host;
  app.out().Line(fmt::format("{} at {}, region {}, dialect {}, as {}", location.ToString(),
                             endpoint, bucket.region, bucket.dialect->name, identity));
  SF_TRY(const auto findings, s3::ProbeBucket(*session, {.prefix = location.path.substr(1),
                                                         .read_only = read_only,
                                                         .name = UniqueName(app),
                                                         .stop = app.stop()}));
  Print(app.out(), findings);
  Outcome outcome{.code = CodeOf(findings)};
  outcome.summary = {{"location", location.ToString()},
                     {"endpoint", endpoint},
                     {"region", session->bucket().region},
                     {"dialect", bucket.dialect->name},
                     {"identity", identity},
                     {"readOnly", read_only}};
  if (outcome.code == ExitCode::kPermission) outcome.status = "denied";
  if (outcome.code == ExitCode::kRefused) outcome.status = "refused";
  if (outcome.code == ExitCode::kPartlyDone) outcome.status = "left_behind";
  return outcome;
}

}  // namespace stateferry::cli
