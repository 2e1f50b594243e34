#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/app.h"
#include "transfer/journal.h"

namespace stateferry::cli {

/// Two lines: id, state and size; from and to.
std::vector<std::string> RecordSummaryLines(const transfer::TransferRecord& record);
/// Everything that is known of one transfer.
std::vector<std::string> RecordLines(const transfer::TransferRecord& record);
/// {"type":"transfer",...}
Json RecordJson(const transfer::TransferRecord& record);

/// The record of the transfer that argument `index` names.  Errors: kNotFound with the nearest id.
Result<transfer::TransferRecord> FindRecord(App& app, std::size_t index);

}  // namespace stateferry::cli
