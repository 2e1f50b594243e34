#include "state/clone/clone_verify.h"

#include <fmt/format.h>

#include "cli/clone_lines.h"
#include "cli/commands/all.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
namespace clone = state::clone;

Result<Outcome> RunCloneVerify(App& app) {
  SF_TRY(const auto run, FindRun(app, 0));
  SF_TRY(CheckHasResults(app, run));
  SF_TRY(auto* store, app.OpenRuns(true));
  SF_TRY(auto* catalog, app.OpenCatalog(true));
  SF_TRY(const auto journal, app.ExistingJournal());
  SF_TRY(const clone::CloneVerifyReport report,
         clone::VerifyClone(
             run, [&](const clone::ItemVisitor& visit) { return store->VisitItems(run.id, visit); },
             {.catalog = *catalog,
              .places = app.places(),
              .journal = journal.value_or(nullptr),
              .stop = app.stop()}));
  PrintFindings(app, report.findings);
  SF_TRY(state::workflow::FirstError(report.findings));
  app.out().Line(
      fmt::format("verified  {}, {} ({} by hash), {}, {} read",
                  FormatNumber(report.entities) + (report.entities == 1 ? " entity" : " entities"),
                  Count(report.files, "file"), FormatNumber(report.files_compared),
                  Count(report.snapshots, "snapshot"), FormatSize(report.bytes_read)));
  return Outcome{.status = ShownStatus(app, run),
                 .summary = {{"id", run.id},
                             {"entities", report.entities},
                             {"files", report.files},
                             {"filesCompared", report.files_compared},
                             {"snapshots", report.snapshots},
                             {"bytesRead", report.bytes_read},
                             {"findings", report.findings.size()}}};
}
}  // namespace

Command CloneVerifyCommand() {
  return {.name = "clone verify",
          .summary = "Compare what a clone has made with its source, and list what is left to do",
          .details =
              "References, variables and catalogs that are missing at the target, places in "
              "the source's storage that jobs still name, files and snapshots whose bytes "
              "are not those of the source.  Exits with 4 for what a job lacks, with 7 for "
              "wrong bytes.",
          .arguments = {{"ID", "The id of a clone"}},
          .examples = {"stateferry clone verify clone-20261126-071500-3f2a9c1b"},
          .stops_cleanly = true,
          .run = RunCloneVerify};
}

}  // namespace stateferry::cli
