#pragma once
// Values of the journal's tables as bytes and back.  docs/formats/journal.md has the tables.
// Pure functions: the decoders take hostile bytes (tests/fuzz) and never read past the end.

#include <string>
#include <string_view>

#include "base/result.h"
#include "transfer/journal.h"

namespace stateferry::transfer {

/// Version of the home as a whole; every record has its own.
inline constexpr std::uint32_t kJournalFormatVersion = 1;

std::string EncodeTransferRecord(const TransferRecord& record);
std::string EncodeFileRecord(const FileRecord& record);
std::string EncodeReceipt(const PartReceipt& receipt);

/// Errors: kCorruption that says what is wrong with the bytes (the caller knows whose they are);
/// kRefused for a record version from a newer program.
Result<TransferRecord> DecodeTransferRecord(std::string_view bytes);
Result<FileRecord> DecodeFileRecord(std::string_view bytes);
Result<PartReceipt> DecodeReceipt(std::string_view bytes);

}  // namespace stateferry::transfer
