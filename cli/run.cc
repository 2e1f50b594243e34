#include "cli/run.h"

#include <fmt/format.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/app.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/parse.h"
#include "cli/signals.h"

namespace stateferry::cli {

namespace {
/// Everything that is decided before a command can run.
struct Understood {
  ParsedLine line;
  Settings settings;
  OptionValues options;
};

std::string FlagText(const ParsedLine& line, const std::string& name) {
  const auto it = line.flags.find(name);
  return it == line.flags.end() ? "" : it->second.back();
}

Result<Understood> Understand(const std::vector<std::string>& words, const Environment& environment,
                              const FileIo& io) {
  SF_TRY(ParsedLine line, ParseLine(words));
  // Help must work with a broken configuration too.
  Settings settings;
  const bool only_help = line.command == nullptr || line.flags.contains("help");
  const bool uses_settings = !only_help && !line.command->ignores_settings;
  if (uses_settings) {
    SF_TRY(settings, LoadSettings(io, environment,
                                  {.config_flag = FlagText(line, "config"),
                                   .profile_flag = FlagText(line, "profile"),
                                   .new_profile = line.command->makes_profile,
                                   .known = AllKnownOptions()}));
  }
  SF_TRY(OptionValues options, OptionValues::Resolve(TableOf(line.command), line.flags, settings));
  if (!only_help) {
    SF_TRY(CheckArguments(*line.command, line.arguments));
    if (options.Flag("dry-run") && line.command->dry_run == DryRun::kUnsupported)
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("{} cannot do a dry run", line.command->name));
  }
  return Understood{std::move(line), std::move(settings), std::move(options)};
}

void ConfigureLogging(const OptionValues& options) {
  LogLevel level = LogLevel::kWarning;
  const std::string name = options.Text("log-level");
  if (name == "debug") level = LogLevel::kDebug;
  if (name == "info" || (options.Flag("verbose") && name != "debug")) level = LogLevel::kInfo;
  if (name == "error") level = LogLevel::kError;
  if (name == "off") level = LogLevel::kOff;
  ConfigureLog(level, options.Text("log-format") == "json" ? LogFormat::kJson : LogFormat::kText);
}

/// The options that were given on this command line, as words that repeat them.
std::vector<std::string> GivenWords(const ParsedLine& line) {
  std::vector<std::string> words;
  for (const OptionSpec& spec : TableOf(line.command)) {
    const auto given = line.flags.find(spec.name);
    if (given == line.flags.end()) continue;
    for (const std::string& value : given->second)
      words.push_back(spec.takes_value() ? fmt::format("--{}={}", spec.name, value)
                                         : "--" + spec.name);
  }
  return words;
}

/// The sink refers to the output, which ends before the process does.
struct LogSinkReset {
  LogSinkReset() = default;
  ~LogSinkReset() { SetLogSink({}); }
  LogSinkReset(const LogSinkReset&) = delete;
  LogSinkReset& operator=(const LogSinkReset&) = delete;
};

struct Process {
  const Environment& environment;
  Output& output;
  Signals& signals;
};

Result<Outcome> RunCommand(Understood understood, const Process& process) {
  const Command& command = *understood.line.command;
  for (const std::string& warning : understood.settings.warnings) process.output.Warning(warning);
  process.signals.SetStopsCleanly(command.stops_cleanly);
  App app({.command = command,
           .arguments = understood.line.arguments,
           .given_words = GivenWords(understood.line),
           .options = std::move(understood.options),
           .settings = std::move(understood.settings),
           .environment = process.environment,
           .output = process.output,
           .clock = SystemClock(),
           .io = FileIo(),
           .stop = process.signals.stop_token(),
           .run_line = [&process](const std::vector<std::string>& words) -> Result<Outcome> {
             SF_TRY(Understood again, Understand(words, process.environment, FileIo()));
             if (again.line.command == nullptr)
               return Error(ErrorCode::kInternal, "the recorded command line names no command");
             again.settings.warnings.clear();
             return RunCommand(std::move(again), process);
           }});
  return command.run(app);
}

/// After a clean stop by SIGTERM the caller wants to see that signal; an end that came anyway
/// (finished, or failed otherwise) keeps its own code.
int FinalCode(ExitCode code, const Signals& signals) {
  if (code == ExitCode::kStopped && signals.first_signal() == SIGTERM) code = ExitCode::kTerminated;
  return static_cast<int>(code);
}

/// What helps against such a failure, whatever it hit; where it came up knew nothing better.
Error WithUsualHint(const Error& error) {
  if (error.hint().empty() && error.code() == ErrorCode::kNoSpace)
    return Error(error).WithHint("make room there, then give the same command again");
  return error;
}

int Finish(const Result<Outcome>& result, const Process& process) {
  int exit_code = 0;
  if (result) {
    exit_code = FinalCode(result->code, process.signals);
    process.output.Item({{"type", "result"},
                         {"status", result->status},
                         {"exitCode", exit_code},
                         {"summary", result->summary}});
  } else {
    exit_code = FinalCode(ExitCodeOf(result.error()), process.signals);
    process.output.Failure(WithUsualHint(result.error()), exit_code);
  }
  const auto flushed = process.output.Flush();
  if (!flushed) {
    // Standard output is what failed, so this sentence can only go to standard error.
    const std::string text = fmt::format("stateferry: {}\n", flushed.error().message());
    (void)!write(STDERR_FILENO, text.data(), text.size());
    if (exit_code == 0) exit_code = static_cast<int>(ExitCode::kFailure);
  }
  return exit_code;
}
}  // namespace

int RunProgram(const std::vector<std::string>& words, const Environment& environment) {
  const FileIo io;
  auto understood = Understand(words, environment, io);
  const bool json = understood ? understood->options.Text("output") == "json"
                               : WantsJson(words, environment.Get("STATEFERRY_OUTPUT") == "json");
  const bool quiet = understood && understood->options.Flag("quiet");
  Output output({.json = json, .quiet = quiet});

  auto signals = Signals::Install({
      .on_stop =
          [&output](int) {
            output.Note("stopping; what is done stays done (again: leave at once)");
          },
      .on_leave =
          [&output](int signal) {
            output.LeaveNow(Error(ErrorCode::kCancelled, "left at once on a signal"), 128 + signal);
          },
  });
  if (!signals) {
    output.Failure(signals.error(), static_cast<int>(ExitCode::kFailure));
    return static_cast<int>(ExitCode::kFailure);
  }
  const Process process{environment, output, **signals};

  if (!understood) return Finish(std::move(understood).error(), process);
  const ParsedLine& line = understood->line;
  if (line.flags.contains("help")) {
    const std::string text =
        line.command != nullptr ? CommandHelp(*line.command) : OverviewHelp(words);
    output.Raw(text);
    return Finish(Outcome{.summary = {{"text", text}}}, process);
  }
  if (line.command == nullptr) {
    return Finish(Error(ErrorCode::kInvalidArgument, "no command was given")
                      .WithHint("`stateferry help` lists the commands"),
                  process);
  }
  ConfigureLogging(understood->options);
  // Through the output, so that a progress display steps aside for each line.
  SetLogSink([&output](std::string_view log_line) { output.LogLine(log_line); });
  const LogSinkReset reset;
  return Finish(RunCommand(std::move(*understood), process), process);
}

Environment ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos)
      environment.variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  char path[PATH_MAX];
  // Without a working directory (it was deleted) only absolute paths work, which is good enough.
  if (getcwd(path, sizeof(path)) != nullptr) environment.working_directory = path;
  return environment;
}

}  // namespace stateferry::cli
