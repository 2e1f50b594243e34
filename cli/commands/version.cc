#include "cli/version.h"

#include <fmt/format.h>

#include "cli/commands/all.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunVersion(App& app) {
  app.out().Line(fmt::format("stateferry {}", Version()));
  app.out().Id(Version());
  return Outcome{.summary = {{"name", "stateferry"}, {"version", Version()}}};
}
}  // namespace

std::string Version() { return SF_VERSION; }

Command VersionCommand() {
  return {.name = "version",
          .summary = "Print the version",
          .details = "`stateferry doctor` prints the versions of the libraries too.",
          .arguments = {},
          .options = {},
          .examples = {},
          .ignores_settings = true,
          .run = RunVersion};
}

}  // namespace stateferry::cli
