#include "cli/transfer_flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/units.h"
#include "storage/s3/new_object.h"

namespace stateferry::cli {

std::vector<OptionSpec> TransferFlags() {
  return {
      {.name = "transfers",
       .kind = ValueKind::kCount,
       .value_name = "N",
       .help = "Parts moved at the same time; 0 chooses",
       .default_text = "0",
       .recorded = true},
      {.name = "part-size",
       .kind = ValueKind::kSizeOrAuto,
       .value_name = "SIZE",
       .help = "Large files are moved in parts of this size",
       .default_text = "auto",
       .recorded = true},
      {.name = "bwlimit",
       .kind = ValueKind::kBandwidth,
       .value_name = "RATE",
       .help = "Limit on bytes a second, such as 200MiB/s; by local time of day or week: "
               "\"08:00,512K 19:00,10M 23:00,off\", \"Mon-08:00,1M Sat-00:00,off\"",
       .default_text = "off",
       .recorded = true},
      {.name = "tpslimit",
       .kind = ValueKind::kCount,
       .value_name = "N",
       .help = "Send each bucket at most so many requests a second; 0 is no limit",
       .default_text = "0",
       .recorded = true},
      {.name = "concurrency",
       .kind = ValueKind::kCount,
       .value_name = "N",
       .help = "Parts of one file moved at the same time; 0 is no limit but --transfers",
       .default_text = "0",
       .recorded = true},
      {.name = "checkers",
       .kind = ValueKind::kCount,
       .value_name = "N",
       .help = "Files looked at at the same time before anything is moved",
       .default_text = "16",
       .recorded = true},
      {.name = "server-side",
       .kind = ValueKind::kChoice,
       .value_name = "HOW",
       .help = "Between buckets of one service, let it copy by itself",
       .default_text = "auto",
       .choices = {"auto", "always", "never"},
       .recorded = true},
      {.name = "compress",
       .kind = ValueKind::kCompress,
       .value_name = "HOW",
       .help = "What managed storage does with bytes: auto, none, zstd or zstd:LEVEL",
       .default_text = "auto",
       .recorded = true},
      {.name = "if-exists",
       .kind = ValueKind::kChoice,
       .value_name = "HOW",
       .help = "When the destination already holds a file of that name",
       .default_text = "verify",
       .choices = {"verify", "skip", "overwrite", "fail"},
       .recorded = true,
       .only_on_command_line = true},
      {.name = "paranoid",
       .help = "Read again what is there by its name, size and time, or by the checksum of a "
               "service",
       .recorded = true},
      {.name = "retries",
       .kind = ValueKind::kCount,
       .value_name = "N",
       .help = "Repeat a request so often when a repetition may help",
       .default_text = "10",
       .recorded = true},
      {.name = "retry-max-backoff",
       .kind = ValueKind::kDuration,
       .value_name = "TIME",
       .help = "Wait at most so long before a repetition; the waits grow from 100ms on",
       .default_text = "60s",
       .recorded = true},
      {.name = "max-duration",
       .kind = ValueKind::kDuration,
       .value_name = "TIME",
       .help = "Stop after this time; running the command again goes on"},
      {.name = "max-transfer",
       .kind = ValueKind::kSize,
       .value_name = "SIZE",
       .help = "Stop after so many bytes; running the command again goes on"},
      {.name = "fail-if-nothing", .help = "Exit with 9 when there was nothing to do"},
  };
}

namespace {
/// Of new objects in a bucket; each is an option of a location, too.
std::vector<OptionSpec> NewObjectFlags() {
  return {
      {.name = "storage-class",
       .kind = ValueKind::kText,
       .value_name = "CLASS",
       .help = "Storage class of new objects in a bucket, as the service names it"},
      {.name = "sse",
       .kind = ValueKind::kText,
       .value_name = "KIND",
       .help =
           "Encryption of new objects by the service: AES256, aws:kms; in OSS AES256, KMS, SM4"},
      {.name = "sse-kms-key-id",
       .kind = ValueKind::kText,
       .value_name = "KEY",
       .help = "Key of the key service for --sse aws:kms or KMS"},
      {.name = "acl",
       .kind = ValueKind::kText,
       .value_name = "ACL",
       .help = "Access rights of new objects in a bucket, such as bucket-owner-full-control"},
      {.name = "tag",
       .kind = ValueKind::kTag,
       .value_name = "NAME=VALUE",
       .help = "Tag of new objects in a bucket",
       .repeatable = true},
  };
}

/// The names of those that are given; none for a command that does not have them.
std::vector<std::string> GivenNewObjectFlags(const OptionValues& options) {
  std::vector<std::string> given;
  for (const OptionSpec& spec : NewObjectFlags())
    if (options.Has(spec.name) && options.IsSet(spec.name)) given.push_back(spec.name);
  return given;
}
bool IsOnTheLine(const OptionValues& options, const std::string& name) {
  return options.Origin(name).starts_with("--");
}

}  // namespace

std::vector<OptionSpec> WithNewObjectFlags(std::vector<OptionSpec> own, Recorded recorded) {
  for (OptionSpec& spec : NewObjectFlags()) {
    spec.recorded = recorded == Recorded::kYes;
    own.push_back(std::move(spec));
  }
  return own;
}

std::vector<OptionSpec> WithMovingFlags(std::vector<OptionSpec> own) {
  for (OptionSpec& spec : TransferFlags())
    if (spec.recorded && spec.name != "if-exists") own.push_back(std::move(spec));
  return WithNewObjectFlags(std::move(own));
}

std::vector<OptionSpec> WithTransferFlags(std::vector<OptionSpec> own) {
  for (OptionSpec& spec : TransferFlags()) own.push_back(std::move(spec));
  return WithNewObjectFlags(std::move(own));
}

storage::s3::NewObjectsSaid NewObjectsFrom(const OptionValues& options) {
  storage::s3::NewObjectsSaid said;
  for (const std::string& name : GivenNewObjectFlags(options)) {
    auto& into = IsOnTheLine(options, name) ? said.here : said.usual;
    for (const std::string& value : options.Texts(name)) {
      const auto equals = name == "tag" ? value.find('=') : std::string::npos;
      if (equals == std::string::npos)
        into.emplace(name, value);
      else
        into.emplace("tag." + value.substr(0, equals), value.substr(equals + 1));
    }
  }
  return said;
}

Result<void> CheckNewObjectFlags(const OptionValues& options, const storage::Location& place,
                                 std::string_view argument) {
  const bool in_bucket =
      storage::IsInBucket(storage::BucketBehind(place).value_or(place).ToString());
  for (const std::string& name : GivenNewObjectFlags(options)) {
    // A configuration speaks of all that is written, the command line of this place.
    if (!in_bucket && IsOnTheLine(options, name))
      return Error(
          ErrorCode::kInvalidArgument,
          fmt::format("--{} is about objects in a bucket, and {} is not in one", name, argument));
    // They may become part of a URI.
    for (const std::string& value : options.Texts(name))
      if (in_bucket && value.find_first_of("&?") != std::string::npos)
        return Error(ErrorCode::kInvalidArgument,
                     fmt::format("--{} may hold neither '&' nor '?'", name));
  }
  return {};
}

Result<storage::Location> DestinationOf(const App& app, std::size_t index) {
  SF_TRY(storage::Location place, app.Location(index));
  SF_TRY(CheckNewObjectFlags(app.options(), place, "DST"));
  const storage::Location bucket = storage::BucketBehind(place).value_or(place);
  if (!storage::IsInBucket(bucket.ToString())) return place;
  // Part of the destination, so that the same command goes on with the same transfer.  What
  // a configuration says of this place is looked up when it is opened.
  const auto [here, usual] = NewObjectsFrom(app.options());
  place.options = storage::s3::WithUsual(std::move(place.options), here);
  auto nearer = place.options;
  const auto places = app.settings().Places();
  if (const auto* profile = storage::s3::FindProfile(bucket, places))
    nearer = storage::s3::WithUsual(std::move(nearer), profile->options);
  for (const auto& [name, value] : storage::s3::WithUsual(nearer, usual))
    if (!nearer.contains(name)) place.options.emplace(name, value);
  return place;
}

transfer::TransferOptions TransferOptionsFrom(const App& app) {
  const OptionValues& values = app.options();
  transfer::TransferOptions options;
  options.workers = static_cast<int>(std::min<std::uint64_t>(values.Number("transfers"), 256));
  options.parts_at_once = static_cast<std::uint32_t>(values.Number("concurrency"));
  options.part_bytes = values.SizeBytes("part-size");
  options.paranoid = values.Flag("paranoid");
  options.dry_run = app.dry_run();
  const std::string server_side = values.Text("server-side");
  if (server_side == "always") options.server_side = transfer::ServerSide::kAlways;
  if (server_side == "never") options.server_side = transfer::ServerSide::kNever;
  // What makes many transfers has no limits for each of them.
  if (!values.Has("max-transfer")) return options;
  options.max_transfer_bytes = values.SizeBytes("max-transfer");
  // Rounded up: a limit of 500ms must not become "no limit".
  options.max_duration = std::chrono::ceil<std::chrono::seconds>(values.Duration("max-duration"));
  const std::string if_exists = values.Text("if-exists");
  if (if_exists == "skip") options.if_exists = transfer::IfExists::kSkip;
  if (if_exists == "overwrite") options.if_exists = transfer::IfExists::kOverwrite;
  if (if_exists == "fail") options.if_exists = transfer::IfExists::kFail;
  return options;
}

namespace {
/// The values of options are recorded themselves; of files, only stores and places in buckets are
/// needed.
std::string ConfigToRecord(const Settings& settings, const std::vector<storage::Location>& places) {
  if (!settings.chosen_config.empty()) return settings.chosen_config;
  for (const storage::Location& place : places) {
    const storage::Location bucket = storage::BucketBehind(place).value_or(place);
    for (const ConfigFile& file : settings.files)
      if ((place.scheme == "managed" && file.stores.contains(place.authority)) ||
          storage::s3::FindProfile(bucket, file.places))
        return file.path;
  }
  return "";
}
}  // namespace

std::vector<std::string> RecordedCommand(const App& app,
                                         const std::vector<storage::Location>& places) {
  std::vector<std::string> words = {app.command().name};
  const std::string config = ConfigToRecord(app.settings(), places);
  if (!config.empty()) words.push_back("--config=" + config);
  const std::vector<std::string> options = app.options().RecordedWords();
  words.insert(words.end(), options.begin(), options.end());
  words.push_back("--");
  for (const storage::Location& place : places) words.push_back(place.ToUri());
  return words;
}

std::vector<std::string> ReportLines(const transfer::TransferReport& report) {
  const auto amount = [](std::uint64_t files, std::uint64_t bytes) {
    return fmt::format("{}, {}", Count(files, "file"), FormatSize(bytes));
  };
  std::vector<std::string> lines;
  lines.push_back("all         " + amount(report.files_total, report.bytes_total));
  if (report.files_moved > 0)
    lines.push_back("moved       " + amount(report.files_moved, report.bytes_moved));
  if (report.files_by_service > 0)
    lines.push_back("by service  " + amount(report.files_by_service, report.bytes_by_service) +
                    ", copied by the service of both sides");
  if (report.files_reused > 0)
    lines.push_back("reused      " + amount(report.files_reused, report.bytes_reused) +
                    ", known already and not read");
  if (report.files_skipped > 0)
    lines.push_back("skipped     " + amount(report.files_skipped, report.bytes_skipped) +
                    ", identical at the destination");
  if (report.files_resumed > 0 || report.bytes_resumed > 0)
    lines.push_back("resumed     " + amount(report.files_resumed, report.bytes_resumed) +
                    ", done by an earlier run");
  if (report.stored_bytes > 0 || report.duplicate_bytes > 0) {
    std::string line = fmt::format("stored      {}", FormatSize(report.stored_bytes));
    if (report.duplicate_bytes > 0)
      line += fmt::format("; {} were there already", FormatSize(report.duplicate_bytes));
    const std::uint64_t fresh =
        report.plain_bytes - std::min(report.plain_bytes, report.duplicate_bytes);
    const double gain = report.stored_bytes == 0
                            ? 0
                            : static_cast<double>(fresh) / static_cast<double>(report.stored_bytes);
    if (gain >= 1.005) line += fmt::format("; compressed {:.2f}x", gain);
    lines.push_back(line);
  }
  std::string time = "time        " + FormatDuration(report.seconds);
  const std::uint64_t bytes = report.bytes_moved + report.bytes_by_service;
  if (bytes > 0 && report.seconds > 0)
    time += ", " + FormatRate(static_cast<double>(bytes) / report.seconds);
  lines.push_back(time);
  if (report.status != transfer::TransferStatus::kPlanned)  // a dry run leaves no record
    lines.push_back("transfer    " + report.id);
  else
    lines.push_back("not seen    what of it is at the destination already, or in the way there");
  return lines;
}

namespace {
bool OnlyDamage(const transfer::TransferReport& report) {
  return report.failures.size() == report.failures_total &&
         std::all_of(report.failures.begin(), report.failures.end(),
                     [](const transfer::FileFailure& failure) {
                       return failure.code == ErrorCode::kCorruption;
                     });
}
}  // namespace

Outcome TransferOutcome(App& app, const transfer::TransferReport& report) {
  Outcome outcome;
  outcome.summary = transfer::ToJson(report);
  for (const transfer::FileFailure& failure : report.failures) {
    app.out().Item({{"type", "item"},
                    {"status", "failed"},
                    {"name", failure.name},
                    {"category", std::string(ErrorCodeName(failure.code))},
                    {"message", failure.message}});
    if (!app.out().json())
      app.out().Warning(fmt::format("{} failed: {}", failure.name, failure.message));
  }
  if (report.failures_total > report.failures.size())
    app.out().Warning(fmt::format("{} more files failed",
                                  FormatNumber(report.failures_total - report.failures.size())));
  if (report.failures_total > 0) {
    const bool damaged = OnlyDamage(report);
    app.out().Note(fmt::format(
        "{} of {} failed{}", FormatNumber(report.failures_total), Count(report.files_total, "file"),
        damaged ? ": damaged or not whole, which running it again does not change; the others are "
                  "there"
                : "; run the command again to try them again"));
    outcome.code = damaged ? ExitCode::kIntegrity : ExitCode::kPartlyDone;
    outcome.status = damaged ? "damaged" : "partly_done";
  } else if (app.dry_run()) {
    outcome.status = "dry_run";
    outcome.summary.erase("id");
    outcome.summary["destinationCompared"] = false;
  } else if (report.already_done) {
    outcome.status = "nothing_to_do";
    if (app.options().Flag("fail-if-nothing")) outcome.code = ExitCode::kNothingToDo;
  }
  return outcome;
}

}  // namespace stateferry::cli
