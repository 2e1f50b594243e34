#include <fmt/format.h>

#include <algorithm>

#include "cli/commands/all.h"
#include "cli/project_flags.h"
#include "cli/units.h"
#include "state/manifest/export_project.h"

namespace stateferry::cli {

namespace {
namespace manifest = state::manifest;

manifest::WriteOptions WriteOptionsFrom(const OptionValues& options,
                                        const manifest::Selection& selection) {
  std::string claim_mode = options.Text("claim-mode");
  std::transform(claim_mode.begin(), claim_mode.end(), claim_mode.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return {.kubernetes_namespace = options.Text("namespace"),
          .claim_mode = claim_mode == "KEEP" ? "" : claim_mode,
          .map = options.PathMaps("map"),
          .others = selection.others};
}

Result<manifest::Selection> DocumentsOf(App& app, state::catalog::Catalog& catalog,
                                        const std::string& project) {
  const EntityFilter filter = EntityFilter::From(app);
  const auto jobs = app.options().Texts("job");
  if (jobs.empty())
    return manifest::ExportProject(catalog, project,
                                   [&](const auto& key) { return filter.Takes(key); });
  if (filter.IsSet())
    return Error(ErrorCode::kInvalidArgument, "--job goes with neither --kind nor --name")
        .WithHint("--job takes along what the job needs");
  return manifest::ExportJobs(catalog, project, jobs);
}

/// Where the text goes; "-" for standard output.
Result<std::string> FileFor(App& app) {
  const std::string path = app.options().Text("to");
  if (path.empty() || path == "-") return std::string("-");
  const auto stat = app.io().Stat(path);
  if (!stat && stat.error().code() != ErrorCode::kNotFound) return stat.error();
  const bool directory = stat ? stat->is_directory : path.ends_with('/');
  if (!directory) return path;
  SF_TRY(app.io().MakeDirsDurably(path));
  return path + (path.ends_with('/') ? "" : "/") + "project.yaml";
}

Json Remarks(App& app, const std::vector<manifest::Remark>& remarks, std::string_view what) {
  Json list = Json::array();
  for (const manifest::Remark& remark : remarks) {
    app.out().Warning(
        fmt::format("{} '{}' {}: {}", remark.key.kind, remark.key.name, what, remark.message));
    list.push_back({{"kind", remark.key.kind}, {"name", remark.key.name}});
  }
  return list;
}

Result<Outcome> RunProjectExport(App& app) {
  SF_TRY(state::catalog::Catalog * catalog, app.OpenCatalog(true));
  SF_TRY(const auto project, ProjectArgument(app, *catalog, 0));
  SF_TRY(const manifest::Selection selection, DocumentsOf(app, *catalog, project.entity.key.name));
  const auto& documents = selection.chosen;
  if (documents.empty())
    return Error(ErrorCode::kNotFound,
                 fmt::format("project '{}' holds nothing of that", project.entity.key.name));
  const manifest::Exported exported =
      FormatOf(app).write(documents, WriteOptionsFrom(app.options(), selection));
  const std::uint64_t written = documents.size() - exported.left_out.size();
  Json summary = {{"entities", written},
                  {"leftOut", Remarks(app, exported.left_out, "is left out")},
                  {"changed", Remarks(app, exported.changed, "is written otherwise")}};
  SF_TRY(const std::string file, FileFor(app));
  if (file == "-") {
    app.out().Raw(exported.text);
    summary["text"] = exported.text;
  } else {
    SF_TRY(app.io().WriteDurably(file, AsBytes(exported.text)));
    app.out().Line(fmt::format("wrote {} to {}", Count(written, "entity", "entities"), file));
    app.out().Id(file);
    summary["file"] = file;
  }
  return Outcome{.summary = std::move(summary)};
}

std::vector<OptionSpec> Options() {
  std::vector<OptionSpec> options = EntityFilter::Options("Only");
  options.push_back({.name = "job",
                     .kind = ValueKind::kText,
                     .value_name = "NAME",
                     .help = "Only the deployment or draft of this name, with what it needs",
                     .repeatable = true,
                     .only_on_command_line = true});
  options.push_back({.name = "to",
                     .letter = 'o',
                     .kind = ValueKind::kPath,
                     .value_name = "PATH",
                     .help = "File, or directory that gets a project.yaml; - is standard output",
                     .default_text = "-",
                     .only_on_command_line = true});
  options.push_back(FormatOption("How the entities are written down"));
  options.push_back({.name = "namespace",
                     .kind = ValueKind::kText,
                     .value_name = "NAME",
                     .help = "Kubernetes namespace of the resources (flink-operator)",
                     .only_on_command_line = true});
  options.push_back({.name = "claim-mode",
                     .kind = ValueKind::kChoice,
                     .value_name = "MODE",
                     .help =
                         "How Flink takes over the snapshot (flink-operator); keep: as each job "
                         "has it",
                     .default_text = "no_claim",
                     .choices = {"no_claim", "claim", "legacy", "keep"},
                     .only_on_command_line = true});
  options.push_back({.name = "map",
                     .kind = ValueKind::kPathMap,
                     .value_name = "OLD=NEW",
                     .help = "Places below OLD are written as below NEW (flink-operator, vvp)",
                     .repeatable = true,
                     .recorded = true});
  return options;
}
}  // namespace

Command ProjectExportCommand() {
  return {.name = "project export",
          .summary = "Write a project, or a part of it, as YAML",
          .details =
              "What was exported as native can be imported again, also into another project.  Jars "
              "stay where they are, and are named by their URIs.\n"
              "As resources of the Flink operator everything is suspended, each job has the "
              "snapshot to "
              "start from that its strategy names, or the newest, and no snapshot is deleted with "
              "its resource; what the form cannot express is named.",
          .arguments = {{"NAME", "WORKSPACE/PROJECT"}},
          .options = Options(),
          .examples = {"stateferry project export prod/orders -o orders.yaml",
                       "stateferry project export prod/orders --job etl-orders -o etl.yaml",
                       "stateferry project export prod/orders --format flink-operator | "
                       "kubectl apply -f -"},
          .run = RunProjectExport};
}

}  // namespace stateferry::cli
