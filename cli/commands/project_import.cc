#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/commands/all.h"
#include "cli/project_flags.h"
#include "cli/table.h"
#include "cli/transfer_flags.h"
#include "cli/units.h"
#include "state/entities/kinds.h"
#include "state/manifest/import_project.h"
#include "state/manifest/manifest_files.h"
#include "state/manifest/yaml_reader.h"

namespace stateferry::cli {

namespace {
namespace manifest = state::manifest;

Result<manifest::Manifest> ReadDocuments(App& app, const std::string& path) {
  const manifest::Format& format = FormatOf(app);
  if (path != "-") return manifest::ReadManifestFiles(app.io(), path, format);
  SF_TRY(const std::string text, ReadInput(app, manifest::kMaxYamlBytes));
  manifest::Manifest read;
  format.read(text, "standard input", read);
  if (format.finish != nullptr) format.finish(read);
  return read;
}

/// The directory of the files that belong to `path`, when there is one.
Result<std::optional<std::string>> FilesDirectory(App& app, const std::string& path) {
  if (path == "-") return std::optional<std::string>();
  SF_TRY(const std::string directory, manifest::FilesDirectoryOf(app.io(), path));
  SF_TRY(const bool exists, app.io().Exists(directory));
  return exists ? std::optional(std::filesystem::absolute(directory).lexically_normal().string())
                : std::optional<std::string>();
}

/// Prints all of them, in the order of the files.
Error Refused(App& app, std::vector<manifest::Problem> problems) {
  std::stable_sort(problems.begin(), problems.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  for (const manifest::Problem& problem : problems) {
    if (!app.out().json()) app.out().LogLine(manifest::ToText(problem));
    app.out().Item({{"type", "problem"},
                    {"file", problem.at.file},
                    {"line", problem.at.line},
                    {"message", problem.message}});
  }
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("{}, nothing was imported", Count(problems.size(), "problem")));
}

std::vector<std::string> RecordedImport(const App& app, const std::string& path) {
  std::vector<std::string> words = {app.command().name};
  for (const std::string& word : app.options().RecordedWords()) words.push_back(word);
  words.push_back("--file=" + std::filesystem::absolute(path).lexically_normal().string());
  if (app.options().Flag("replace-files")) words.push_back("--replace-files");
  words.push_back("--");
  if (!app.argument(0).empty()) words.push_back(app.argument(0));
  return words;
}

Json ShowReport(App& app, const manifest::ImportReport& report) {
  Json kinds = Json::object();
  Table table({{app.dry_run() ? "WOULD IMPORT" : "IMPORTED"},
               {"ADDED", true},
               {"CHANGED", true},
               {"UNCHANGED", true}});
  for (const auto& kind : state::entities::Kinds()) {
    const auto it = report.kinds.find(std::string(kind.name()));
    if (it == report.kinds.end()) continue;
    const auto& [added, changed, unchanged] = it->second;
    table.Add(
        {it->first, std::to_string(added), std::to_string(changed), std::to_string(unchanged)});
    kinds[it->first] = {{"added", added}, {"changed", changed}, {"unchanged", unchanged}};
  }
  if (!table.empty())
    for (const std::string& line : table.Lines()) app.out().Line(line);
  if (report.files > 0)
    app.out().Line(
        fmt::format("with {}, {}", Count(report.files, "file"), FormatSize(report.file_bytes)));
  return {{"kinds", kinds}, {"files", report.files}, {"fileBytes", report.file_bytes}};
}

Result<Outcome> RunProjectImport(App& app) {
  const std::string path = app.options().Text("file");
  if (path.empty())
    return Error(ErrorCode::kInvalidArgument, "project import needs --file")
        .WithHint("a file, a directory, or - for standard input");
  SF_TRY(manifest::Manifest documents, ReadDocuments(app, path));
  for (const manifest::Problem& left_out : documents.left_out)
    app.out().Note("left out: " + manifest::ToText(left_out));
  for (const manifest::Problem& kept : documents.kept)
    app.out().Note("kept: " + manifest::ToText(kept));
  SF_TRY(const auto files_dir, FilesDirectory(app, path));
  SF_TRY(state::catalog::Catalog * catalog, app.OpenCatalog(app.dry_run()));
  const manifest::ImportRequest request{.project = app.argument(0),
                                        .files_dir = files_dir,
                                        .replace_files = app.options().Flag("replace-files"),
                                        .dry_run = app.dry_run(),
                                        .command = RecordedImport(app, path)};
  SF_TRY(const auto report, manifest::ImportProject(
                                request, app.io(), *catalog,
                                [&] { return app.TransferEnvironment(); }, app.stop(), documents));
  app.progress().Clear();
  if (!documents.problems.empty()) return Refused(app, documents.problems);
  const Json summary = ShowReport(app, report);
  if (app.dry_run()) return Outcome{.status = "dry_run", .summary = summary};
  const auto total = report.Total();
  return Outcome{.status = total.added + total.changed == 0 ? "nothing_to_do" : "ok",
                 .summary = summary};
}
}  // namespace

Command ProjectImportCommand() {
  return {
      .name = "project import",
      .summary = "Take entities from YAML into the catalog, all of them or none",
      .details =
          "Everything that is wrong is reported at once, with file and line.  Entities that are "
          "in the project already are replaced; those that the files do not name stay.\n"
          "Jars and other files that fields name by a path lie in the directory files beside "
          "the YAML; they are copied into the project's storage first, and verified.",
      .arguments = {{"NAME", "WORKSPACE/PROJECT of entities that name no project themselves",
                     false}},
      .options = WithNewObjectFlags(
          {{.name = "file",
            .letter = 'f',
            .kind = ValueKind::kPath,
            .value_name = "PATH",
            .help = "YAML file, directory with *.yaml below it, or - for standard input",
            .only_on_command_line = true},
           FormatOption("How the entities are written down"),
           {.name = "replace-files",
            .help = "Replace files of the same name and other content in the project's "
                    "storage, which other jobs may use",
            .only_on_command_line = true}},
          Recorded::kYes),
      .examples = {"stateferry project import prod/orders -f orders.yaml --dry-run",
                   "stateferry project import prod/orders -f export/"},
      .dry_run = DryRun::kSupported,
      .stops_cleanly = true,
      .run = RunProjectImport};
}

}  // namespace stateferry::cli
