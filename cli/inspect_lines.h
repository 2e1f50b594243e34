#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "state/snapshot/snapshot.h"

namespace stateferry::cli {

struct InspectView {
  bool operators = false;  ///< state of each operator by kind
  bool files = false;      ///< every file
  bool external = false;   ///< every file outside the snapshot's directory
};

/// A snapshot as people read it, at 80 columns as far as its names allow.
std::vector<std::string> InspectLines(const state::snapshot::Snapshot& snapshot,
                                      const InspectView& view);

/// Whether something is wrong with the file: missing, shorter, longer, unreadable.
bool IsBad(const state::snapshot::SnapshotFile& file);

/// "filesTotal", "bytesTotal", "outsideFiles", "badFiles"... of all files.
Json FileTotals(const state::snapshot::Snapshot& snapshot);

}  // namespace stateferry::cli
