#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "cli/closest.h"
#include "cli/commands/all.h"

namespace stateferry::cli {

namespace {
constexpr std::uint64_t kMaxConfigBytes = 1u << 20;

std::string Joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : "\n") + value;
  return text;
}

Result<OptionSpec> KnownSetting(const std::string& name) {
  std::vector<std::string> names;
  for (const OptionSpec& spec : AllKnownOptions()) {
    if (spec.only_on_command_line) continue;
    if (spec.name == name) return spec;
    names.push_back(spec.name);
  }
  const auto closest = ClosestWord(name, names);
  return Error(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a setting", name))
      .WithHint(closest ? fmt::format("did you mean {}?", *closest)
                        : "settings have the names of the long options, without dashes");
}

struct Effective {
  std::string value, origin;
};

/// Global options may stand on this very command line, all others below it.
Effective Find(const App& app, const OptionSpec& spec) {
  if (app.options().Has(spec.name))
    return {Joined(app.options().Texts(spec.name)).empty() ? app.options().Text(spec.name)
                                                           : Joined(app.options().Texts(spec.name)),
            app.options().Origin(spec.name)};
  if (const auto setting = app.settings().Find(spec.name))
    return {Joined(setting->values), setting->origin};
  return {spec.default_text, "default"};
}

void Print(Output& out, const OptionSpec& spec, const Effective& found, bool with_name) {
  out.Item(
      {{"type", "setting"}, {"key", spec.name}, {"value", found.value}, {"origin", found.origin}});
  out.Line(with_name ? fmt::format("{}: {}  # {}", spec.name, found.value, found.origin)
                     : found.value);
  out.Id(found.value);
}

Result<Outcome> RunGet(App& app) {
  if (!app.argument(0).empty()) {
    SF_TRY(const OptionSpec spec, KnownSetting(app.argument(0)));
    const Effective found = Find(app, spec);
    Print(app.out(), spec, found, false);
    return Outcome{.summary = {{"key", spec.name}, {"value", found.value}}};
  }
  std::uint64_t set = 0;
  for (const OptionSpec& spec : AllKnownOptions()) {
    const Effective found = Find(app, spec);
    if (found.origin == "default") continue;
    ++set;
    Print(app.out(), spec, found, true);
  }
  if (set == 0) app.out().Note("nothing is set, the defaults count");
  return Outcome{.summary = {{"settings", set}}};
}

/// Into the file behind a symbolic link, and never readable for more people than before.
Result<void> WriteKeepingMode(const FileIo& io, const std::string& path, std::string_view text) {
  std::error_code none;
  const std::filesystem::path target = std::filesystem::canonical(path, none);
  if (none) return io.WriteDurably(path, AsBytes(text));
  const auto mode = static_cast<mode_t>(std::filesystem::status(target, none).permissions());
  const mode_t before = umask(~mode & 0777);
  const auto written = io.WriteDurably(target.string(), AsBytes(text));
  umask(before);
  return written;
}

Result<Outcome> RunSet(App& app) {
  SF_TRY(const OptionSpec spec, KnownSetting(app.argument(0)));
  const std::string value = app.argument(1);
  const auto checked = CheckValue(spec, value);
  if (!checked)
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}: {}", spec.name, checked.error().message()));
  std::string path = app.options().Text("config");
  if (path.empty()) path = app.environment().Get("STATEFERRY_CONFIG");
  if (path.empty()) path = UserConfigPath(app.environment());
  if (path.empty())
    return Error(ErrorCode::kNotFound, "there is no home directory for the configuration")
        .WithHint("set $HOME, or name a file with --config");
  std::string text;
  SF_TRY(const bool exists, app.io().Exists(path));
  if (exists) {
    SF_TRY(text, app.io().ReadSmall(path, kMaxConfigBytes));
  }
  SF_TRY(const std::string edited,
         EditConfig(path, text, app.options().Text("profile"), spec.name, value));
  if (!app.dry_run()) {
    SF_TRY(app.io().MakeDirsDurably(ParentDir(path)));
    SF_TRY(WriteKeepingMode(app.io(), path, edited));
  }
  app.out().Line(
      fmt::format("{} {}: {} in {}", app.dry_run() ? "would set" : "set", spec.name, value, path));
  return Outcome{.status = app.dry_run() ? "dry_run" : "ok",
                 .summary = {{"key", spec.name}, {"value", value}, {"path", path}}};
}

Result<Outcome> RunPath(App& app) {
  for (const ConfigPath& path : app.settings().paths) {
    app.out().Item({{"type", "configFile"}, {"path", path.path}, {"exists", path.exists}});
    app.out().Line(fmt::format("{}  {}", path.exists ? "read  " : "absent", path.path));
    app.out().Id(path.path);
  }
  return Outcome{.summary = {{"files", app.settings().paths.size()}}};
}

Result<Outcome> RunListProfiles(App& app) {
  std::uint64_t count = 0;
  for (const ConfigFile& file : app.settings().files) {
    for (const auto& [name, settings] : file.profiles) {
      ++count;
      const bool chosen = name == app.settings().profile;
      app.out().Item(
          {{"type", "profile"}, {"name", name}, {"path", file.path}, {"chosen", chosen}});
      app.out().Line(fmt::format("{} {}  {}", chosen ? "*" : " ", name, file.path));
      app.out().Id(name);
    }
  }
  if (count == 0) app.out().Note("no profiles");
  return Outcome{.summary = {{"profiles", count}}};
}
/// Where its credentials come from; no secret, and no key id either.
std::string SourceOf(const storage::s3::PlaceProfile& place) {
  if (!place.credential_process.empty()) return "credential-process";
  if (const auto profile = place.options.find("profile"); profile != place.options.end())
    return "profile " + profile->second;
  if (!place.keys) return place.options.contains("sign") ? "as sign says" : "the usual places";
  const storage::s3::KeyText& secret = place.keys->secret;
  if (!secret.file.empty()) return "the file " + secret.file;
  if (!secret.variable.empty()) return "the variable " + secret.variable;
  return "keys in the file";
}

Result<Outcome> RunListPlaces(App& app) {
  const auto places = app.settings().Places();
  for (const auto& [name, place] : places) {
    Json prefixes = Json::array();
    std::string text = name;
    for (const storage::Location& prefix : place.prefixes) {
      prefixes.push_back(prefix.ToString());
      text += " " + prefix.ToString();
    }
    Json options = Json::object();
    for (const auto& [option, value] : place.options) options[option] = value;
    const std::string source = SourceOf(place);
    app.out().Item({{"type", "place"},
                    {"name", name},
                    {"prefixes", prefixes},
                    {"options", options},
                    {"credentials", source},
                    {"origin", place.origin}});
    app.out().Line(fmt::format("{}  credentials: {}  # {}", text, source, place.origin));
    app.out().Id(name);
  }
  if (places.empty()) app.out().Note("no places");
  return Outcome{.summary = {{"places", places.size()}}};
}
}  // namespace

Command ConfigGetCommand() {
  return {.name = "config get",
          .summary = "Print the value of a setting, or all that are set and where",
          .details = "",
          .arguments = {{.name = "KEY",
                         .help = "The name of a long option, without dashes",
                         .required = false}},
          .options = {},
          .examples = {"stateferry config get transfers"},
          .run = RunGet};
}

Command ConfigSetCommand() {
  return {.name = "config set",
          .summary = "Write a setting into the user's configuration file",
          .details =
              "Into the file of --config when that is given, and into the section of "
              "--profile, which is made when it is new.  Comments in the file stay.",
          .arguments = {{"KEY", "The name of a long option, without dashes"},
                        {"VALUE", "What the option accepts"}},
          .options = {},
          .examples = {"stateferry config set bwlimit 200MiB/s"},
          .dry_run = DryRun::kSupported,
          .makes_profile = true,
          .run = RunSet};
}

Command ConfigPathCommand() {
  return {.name = "config path",
          .summary = "Show which configuration files are looked at, strongest first",
          .details = "",
          .arguments = {},
          .options = {},
          .examples = {},
          .run = RunPath};
}

Command ConfigListPlacesCommand() {
  return {.name = "config list-places",
          .summary = "List the places in buckets that the configuration names",
          .details = "With their prefixes and where their credentials come from; no key is shown.",
          .arguments = {},
          .options = {},
          .examples = {},
          .run = RunListPlaces};
}

Command ConfigListProfilesCommand() {
  return {.name = "config list-profiles",
          .summary = "List the profiles of the configuration",
          .details = "",
          .arguments = {},
          .options = {},
          .examples = {},
          .run = RunListProfiles};
}

}  // namespace stateferry::cli
