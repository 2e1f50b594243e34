#include "cli/man_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/option_values.h"

namespace stateferry::cli {

namespace {
/// Text for troff: its two special beginnings and the backslash are escaped.
std::string Roff(const std::string& text) {
  std::string roff;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) roff += "\\&";
    if (c == '\\')
      roff += "\\e";
    else if (c == '-')
      roff += "\\-";
    else
      roff += c;
    line_start = c == '\n';
  }
  return roff;
}

std::string RoffOptions(const std::vector<OptionSpec>& table) {
  std::string text;
  for (const OptionSpec& spec : table)
    text += fmt::format(".TP\n.B {}\n{}.\n", Roff(OptionHead(spec)), Roff(OptionText(spec)));
  return text;
}

std::string Paragraphs(const std::string& text) {
  std::string roff;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) roff += fmt::format(".PP\n{}\n", Roff(line));
  return roff;
}

std::string Literal(const std::string& text) { return ".PP\n.nf\n" + Roff(text) + ".fi\n"; }

std::string Begin(const std::string& name, int section, const std::string& summary) {
  return fmt::format(".TH {} {}\n.SH NAME\n{} \\- {}\n", Roff(name), section, Roff(name),
                     Roff(summary));
}

std::string PageName(const Command& command) {
  std::string dashed = "stateferry-" + command.name;
  std::replace(dashed.begin(), dashed.end(), ' ', '-');
  return dashed;
}

ManPage CommandPage(const Command& command) {
  ManPage page{.name = PageName(command), .text = ""};
  page.text = Begin(page.name, 1, command.summary);
  page.text += fmt::format(".SH SYNOPSIS\n.B stateferry {}\n.SH DESCRIPTION\n{}.\n",
                           Roff(UsageLine(command)), Roff(command.summary));
  page.text += Paragraphs(command.details);
  page.text += ".SH OPTIONS\n";
  for (const Argument& argument : command.arguments)
    page.text += fmt::format(".TP\n.I {}\n{}.\n", Roff(argument.name), Roff(argument.help));
  page.text += RoffOptions(command.options) + RoffOptions(GlobalOptions());
  if (!command.examples.empty()) {
    std::string examples;
    for (const std::string& example : command.examples) examples += example + "\n";
    page.text += ".SH EXAMPLES\n" + Literal(examples);
  }
  page.text += ".SH SEE ALSO\n.BR stateferry (1),\n.BR stateferry-config (5)\n";
  return page;
}

ManPage OverviewPage() {
  ManPage page{.name = "stateferry", .text = ""};
  page.text = Begin(page.name, 1, "move Flink snapshots so that they restore where they arrive");
  page.text += ".SH SYNOPSIS\n.B stateferry [OPTIONS] COMMAND ...\n.SH COMMANDS\n";
  for (const Command& command : Commands())
    page.text +=
        fmt::format(".TP\n.BR {} (1)\n{}.\n", Roff(PageName(command)), Roff(command.summary));
  page.text += ".SH OPTIONS\nOf every command, before or after its name.\n";
  page.text += RoffOptions(GlobalOptions());
  page.text += ".SH PLACES AND EXIT CODES\n" + Paragraphs(PlacesAndExitCodes());
  page.text += ".SH SEE ALSO\n.BR stateferry-config (5)\n";
  return page;
}

ManPage ConfigPage() {
  ManPage page{.name = "stateferry-config", .section = 5, .text = ""};
  page.text = Begin(page.name, 5, "settings of stateferry");
  page.text +=
      ".SH DESCRIPTION\n" +
      Roff(
          "The value of an option is the first of: the command line; the environment; "
          "./stateferry.yaml; $XDG_CONFIG_HOME/stateferry/config.yaml; the default.\n"
          "--config FILE, or STATEFERRY_CONFIG, is read instead of both files.\n") +
      Paragraphs(
          "In a file a setting is a line KEY: VALUE in YAML; options without a value are true or "
          "false, options that may be repeated are lists, in the environment one value a line. "
          "Below profiles: are named sections, of which --profile NAME or profile: NAME chooses "
          "one; it beats the top level of its file. Below stores: are names of stores for "
          "managed://NAME/PROJECT/KEY. Below places: are named places in buckets, with "
          "endpoint, region, style, dialect, sign, what new objects get, and whose credentials: "
          "access-key-id and secret-access-key with session-token, each also as NAME-file or "
          "NAME-variable; or credential-process; or a profile of the vendor's tools. A location "
          "chooses one by ?profile=NAME, or is at or below one of its prefix. A file that holds "
          "keys should be readable for its owner alone.") +
      ".SH EXAMPLE\n" +
      Literal(
          "bwlimit: 200MiB/s\nmap:\n  - file:///old/cp=/new/cp\nstores:\n  main: /srv/store\n"
          "profiles:\n  night:\n    bwlimit: off\n"
          "places:\n  backup:\n    prefix: s3://backup\n    endpoint: https://minio:9000\n"
          "    access-key-id: BACKUP\n    secret-access-key-file: /run/secrets/backup\n") +
      ".SH SETTINGS\n";
  for (const OptionSpec& spec : AllKnownOptions())
    if (!spec.only_on_command_line)
      page.text += fmt::format(".TP\n.B {}\n{} ({}).\n", Roff(spec.name), Roff(OptionText(spec)),
                               Roff(spec.EnvironmentName()));
  page.text += ".SH SEE ALSO\n.BR stateferry (1)\n";
  return page;
}
}  // namespace

std::vector<ManPage> ManPages() {
  std::vector<ManPage> pages = {OverviewPage()};
  for (const Command& command : Commands()) pages.push_back(CommandPage(command));
  pages.push_back(ConfigPage());
  return pages;
}

}  // namespace stateferry::cli
