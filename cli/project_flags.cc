#include "cli/project_flags.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "cli/closest.h"
#include "state/clone/selection.h"
#include "state/entities/kinds.h"

namespace stateferry::cli {

OptionSpec FormatOption(std::string help) {
  std::vector<std::string> names;
  for (const auto& format : state::manifest::Formats()) names.emplace_back(format.name);
  return {.name = "format",
          .kind = ValueKind::kChoice,
          .value_name = "FORMAT",
          .help = std::move(help),
          .default_text = "native",
          .choices = std::move(names),
          .recorded = true,
          .only_on_command_line = true};
}

const state::manifest::Format& FormatOf(const App& app) {
  return *state::manifest::FindFormat(app.options().Text("format"));
}

Result<std::string> ReadInput(App& app, std::size_t limit_bytes) {
  constexpr int kLookAtStopMs = 100;
  std::string text;
  std::string buffer(64u << 10, '\0');
  for (;;) {
    if (app.stop().stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, kLookAtStopMs) <= 0) continue;
    const ssize_t size = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size < 0) return ErrnoError(errno, "reading standard input");
    if (size == 0) return text;
    text.append(buffer, 0, static_cast<std::size_t>(size));
    if (text.size() > limit_bytes)
      return Error(ErrorCode::kRefused,
                   fmt::format("standard input holds more than {} MiB", limit_bytes >> 20));
  }
}

Result<state::catalog::Record> ProjectArgument(App& app, state::catalog::Catalog& catalog,
                                               std::size_t index) {
  const std::string name = app.argument(index);
  SF_TRY(auto record, catalog.Find("", {"project", name}));
  if (record) return *std::move(record);
  Error missing(ErrorCode::kNotFound, fmt::format("there is no project '{}'", name));
  SF_TRY(const auto projects, state::catalog::ListAll(catalog, "", "project"));
  std::vector<std::string> names;
  for (const auto& project : projects) names.push_back(project.entity.key.name);
  if (const auto closest = ClosestWord(name, names))
    return std::move(missing).WithHint(fmt::format("did you mean '{}'?", *closest));
  return std::move(missing).WithHint("`stateferry project list` names them all");
}

std::vector<OptionSpec> EntityFilter::Options(const std::string& what_for) {
  std::vector<std::string> kinds;
  for (const auto& kind : state::entities::Kinds()) kinds.emplace_back(kind.name());
  return {{.name = "kind",
           .kind = ValueKind::kChoice,
           .value_name = "KIND",
           .help = what_for + " entities of this kind",
           .choices = std::move(kinds),
           .repeatable = true,
           .only_on_command_line = true},
          {.name = "name",
           .kind = ValueKind::kText,
           .value_name = "GLOB",
           .help = what_for + " entities with such a name: * is any text, ? one character",
           .repeatable = true,
           .only_on_command_line = true}};
}

EntityFilter EntityFilter::From(const App& app) {
  EntityFilter filter;
  filter.kinds_ = app.options().Texts("kind");
  filter.globs_ = app.options().Texts("name");
  return filter;
}

bool EntityFilter::Takes(const state::entities::EntityKey& key) const {
  const auto any = [](const auto& list, const auto& fits) {
    return list.empty() || std::any_of(list.begin(), list.end(), fits);
  };
  return any(kinds_, [&](const std::string& kind) { return kind == key.kind; }) &&
         any(globs_,
             [&](const std::string& glob) { return state::clone::MatchesGlob(glob, key.name); });
}

}  // namespace stateferry::cli
