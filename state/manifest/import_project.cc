#include "state/manifest/import_project.h"

#include <fmt/format.h>

#include "state/clone/file_check.h"
#include "state/manifest/import_checks.h"
#include "state/manifest/import_files.h"

namespace stateferry::state::manifest {

namespace {

/// What is new or other than in the catalog.
Result<std::vector<catalog::Change>> ChangesFor(catalog::Catalog& catalog, Manifest& manifest,
                                                ImportReport& report) {
  std::vector<catalog::Change> changes;
  for (const Document& document : manifest.documents) {
    const auto& key = document.entity.key;
    const catalog::Scope scope = ScopeOf(document);
    SF_TRY(const auto there, catalog.Find(scope, key));
    ImportCounts& counts = report.kinds[key.kind];
    if (there && there->phase != catalog::Phase::kReady) {
      manifest.Complain(document.at,
                        fmt::format("{} '{}' is being made by {}, which has not finished", key.kind,
                                    key.name, there->made_by));
      continue;
    }
    if (there && there->entity.body == document.entity.body) {
      ++counts.unchanged;
      continue;
    }
    ++(there ? counts.changed : counts.added);
    changes.push_back({.scope = scope,
                       .entity = document.entity,
                       .expected_version = there ? there->version : 0});
  }
  return changes;
}

/// Into one directory.
Result<void> CopyFiles(const ImportRequest& request, const std::vector<ImportFile>& files,
                       const transfer::TransferEnv& env) {
  SF_TRY(const storage::Location from, storage::ParseLocation(*request.files_dir));
  // With the hashes, so that other bytes are another transfer: one may replace what it has put.
  Json names = Json::array();
  for (const ImportFile& file : files) names.push_back({file.name, file.hash});
  const transfer::TransferRequest copy{.kind = "project-files",
                                       .from = from.ToUri(),
                                       .to = files.front().to_dir,
                                       .parameters = {{"files", std::move(names)}},
                                       .command = request.command};
  const transfer::FileLister list = [&](const transfer::FileVisitor& visit) -> Result<void> {
    SF_TRY(const auto place, env.places.Open(from, storage::Access::kRead));
    for (const ImportFile& file : files) {
      SF_TRY(const auto meta, place.backend->Stat(place.Key(file.name)));
      SF_TRY(visit({.from_dir = from,
                    .from_name = file.name,
                    .to_name = file.name,
                    .size_bytes = meta.size_bytes,
                    .etag = meta.etag}));
    }
    return {};
  };
  transfer::TransferOptions options;
  if (request.replace_files) options.if_exists = transfer::IfExists::kOverwrite;
  SF_TRY(const auto report, transfer::RunTransfer(copy, list, nullptr, options, env));
  if (report.failures_total == 0) return {};
  const transfer::FileFailure& first = report.failures.front();
  return Error(first.code, fmt::format("{}: {}", first.name, first.message));
}

/// The files are read twice: to be described, and to be copied.
Result<void> CheckCopies(const std::vector<ImportFile>& files, const transfer::TransferEnv& env) {
  std::vector<clone::FileCheck> checks;
  for (const ImportFile& file : files)
    checks.push_back(
        {.needed_by = {"file", file.name}, .at = file.to_dir.Child(file.name), .hash = file.hash});
  workflow::Findings findings;
  SF_TRY(clone::CheckFiles(checks, env.places, env.stop, findings));
  if (!findings.has_errors()) return {};
  const workflow::Finding first = std::move(findings).Take().front();
  return Error(ErrorCode::kConflict,
               fmt::format("'{}' changed while it was imported", first.about.name))
      .WithHint(
          fmt::format("no entity was imported, but {} holds what was read of it: repeat it with "
                      "--replace-files when nobody writes to '{}'",
                      files.front().to_dir.Child(first.about.name).ToString(), first.about.name));
}

Result<void> CopyAllFiles(const ImportRequest& request, const std::vector<ImportFile>& files,
                          const OpenTransfers& open_transfers) {
  if (files.empty()) return {};
  std::map<std::string, std::vector<ImportFile>> by_destination;
  for (const ImportFile& file : files) by_destination[file.to_dir.ToUri()].push_back(file);
  SF_TRY(const transfer::TransferEnv env, open_transfers());
  for (const auto& [to, together] : by_destination) {
    auto copied = CopyFiles(request, together, env);
    if (!copied && copied.error().code() == ErrorCode::kConflict)
      return std::move(copied).error().WithHint(
          "another job may use the file that is there: give the new one another name, or "
          "--replace-files");
    if (!copied) return std::move(copied).error();
    SF_TRY(CheckCopies(together, env));
  }
  return {};
}

}  // namespace

ImportCounts ImportReport::Total() const {
  ImportCounts total;
  for (const auto& [kind, counts] : kinds) {
    total.added += counts.added;
    total.changed += counts.changed;
    total.unchanged += counts.unchanged;
  }
  return total;
}

Result<ImportReport> ImportProject(const ImportRequest& request, const FileIo& io,
                                   catalog::Catalog& catalog, const OpenTransfers& open_transfers,
                                   std::stop_token stop, Manifest& manifest) {
  ImportReport report;
  SF_TRY(CheckImport(request.project, catalog, manifest));
  // Places of entities that are wrong are not worth a look.
  if (!manifest.problems.empty()) return report;
  SF_TRY(const auto files, ResolveFiles(io, request.files_dir, catalog, std::move(stop), manifest));
  SF_TRY(const auto changes, ChangesFor(catalog, manifest, report));
  for (const ImportFile& file : files) report.file_bytes += file.size_bytes;
  report.files = files.size();
  if (!manifest.problems.empty() || request.dry_run) return report;
  SF_TRY(CopyAllFiles(request, files, open_transfers));
  SF_TRY(catalog.Apply(changes));
  return report;
}

}  // namespace stateferry::state::manifest
