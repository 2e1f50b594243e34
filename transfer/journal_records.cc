#include "transfer/journal_records.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/record_frame.h"

namespace stateferry::transfer {

namespace {

// Versions that are written; older ones are read as well.
constexpr std::uint8_t kTransferVersion = 3;  // 2: started; 3: last objects
constexpr std::uint8_t kFileVersion = 2;      // 2: etag at the destination, content hash
constexpr std::uint8_t kReceiptVersion = 3;   // 1: no checksum of the source; 3: by the service

void AppendLocation(std::string& out, const storage::Location& location) {
  AppendLengthPrefixed(out, location.scheme);
  AppendLengthPrefixed(out, location.authority);
  AppendLengthPrefixed(out, location.path);
  AppendLittle<std::uint32_t>(out, static_cast<std::uint32_t>(location.options.size()));
  for (const auto& [name, value] : location.options) {
    AppendLengthPrefixed(out, name);
    AppendLengthPrefixed(out, value);
  }
}

storage::Location ReadLocation(LittleReader& reader) {
  storage::Location location;
  location.scheme = reader.ReadLengthPrefixed();
  location.authority = reader.ReadLengthPrefixed();
  location.path = reader.ReadLengthPrefixed();
  const auto count = reader.Read<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const auto name = reader.ReadLengthPrefixed();
    location.options[std::string(name)] = reader.ReadLengthPrefixed();
  }
  return location;
}

void AppendLastObjects(std::string& out, const TransferRecord& record) {
  AppendLittle<std::uint8_t>(out, record.last_objects ? 1 : 0);
  if (!record.last_objects) return;
  AppendLittle<std::uint32_t>(out, static_cast<std::uint32_t>(record.last_objects->size()));
  for (const LastObjectReceipt& object : *record.last_objects) {
    AppendLengthPrefixed(out, object.to_name);
    AppendLittle<std::uint64_t>(out, object.size_bytes);
    out.append(object.hash.raw());
  }
}

std::optional<std::vector<LastObjectReceipt>> ReadLastObjects(LittleReader& reader) {
  if (reader.Read<std::uint8_t>() == 0) return std::nullopt;
  std::vector<LastObjectReceipt> objects;
  const auto count = reader.Read<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    LastObjectReceipt object;
    object.to_name = reader.ReadLengthPrefixed();
    object.size_bytes = reader.Read<std::uint64_t>();
    const auto hash = reader.ReadBytes(sizeof(object.hash.bytes));
    if (reader.ok()) object.hash = Hash128::FromRaw(hash);
    objects.push_back(std::move(object));
  }
  return objects;
}

Error Malformed(std::string_view what) {
  return Error(ErrorCode::kCorruption, fmt::format("{} record has a wrong layout", what));
}

}  // namespace

std::string EncodeTransferRecord(const TransferRecord& record) {
  std::string out;
  AppendLengthPrefixed(out, record.id);
  AppendLittle<std::uint8_t>(out, static_cast<std::uint8_t>(record.status));
  AppendLengthPrefixed(out, record.kind);
  AppendLengthPrefixed(out, record.from);
  AppendLengthPrefixed(out, record.to);
  AppendLengthPrefixed(out, DumpJson(record.parameters));
  AppendLittle<std::uint32_t>(out, static_cast<std::uint32_t>(record.command.size()));
  for (const auto& word : record.command) AppendLengthPrefixed(out, word);
  AppendLengthPrefixed(out, record.created);
  AppendLengthPrefixed(out, record.updated);
  AppendLittle<std::uint8_t>(out, record.plan_complete ? 1 : 0);
  AppendLittle<std::uint64_t>(out, record.files_total);
  AppendLittle<std::uint64_t>(out, record.bytes_total);
  AppendLengthPrefixed(out, record.error);
  AppendLengthPrefixed(out, record.summary);
  AppendLittle<std::uint8_t>(out, record.started ? 1 : 0);
  AppendLastObjects(out, record);
  return FrameRecord(kTransferVersion, out);
}

Result<TransferRecord> DecodeTransferRecord(std::string_view bytes) {
  SF_TRY(const auto framed, UnframeRecord(bytes, kTransferVersion));
  LittleReader reader(framed.payload);
  TransferRecord record;
  record.id = reader.ReadLengthPrefixed();
  const auto status = reader.Read<std::uint8_t>();
  record.kind = reader.ReadLengthPrefixed();
  record.from = reader.ReadLengthPrefixed();
  record.to = reader.ReadLengthPrefixed();
  const auto parameters = reader.ReadLengthPrefixed();
  const auto words = reader.Read<std::uint32_t>();
  for (std::uint32_t i = 0; i < words && reader.ok(); ++i)
    record.command.emplace_back(reader.ReadLengthPrefixed());
  record.created = reader.ReadLengthPrefixed();
  record.updated = reader.ReadLengthPrefixed();
  record.plan_complete = reader.Read<std::uint8_t>() != 0;
  record.files_total = reader.Read<std::uint64_t>();
  record.bytes_total = reader.Read<std::uint64_t>();
  record.error = reader.ReadLengthPrefixed();
  record.summary = reader.ReadLengthPrefixed();
  record.started = framed.version >= 2 ? reader.Read<std::uint8_t>() != 0 : record.plan_complete;
  if (framed.version >= 3) record.last_objects = ReadLastObjects(reader);
  if (!reader.AtEnd() || status > static_cast<std::uint8_t>(TransferStatus::kCancelled))
    return Malformed("transfer");
  record.status = static_cast<TransferStatus>(status);
  SF_TRY(record.parameters, ParseJson(parameters));
  return record;
}

std::string EncodeFileRecord(const FileRecord& record) {
  std::string out;
  const FileTask& task = record.task;
  AppendLittle<std::uint64_t>(out, record.index);
  AppendLocation(out, task.from_dir);
  AppendLengthPrefixed(out, task.from_name);
  AppendLengthPrefixed(out, task.to_name);
  AppendLittle<std::uint64_t>(out, task.offset);
  AppendLittle<std::uint64_t>(out, task.size_bytes);
  AppendLittle<std::uint8_t>(out, task.whole_object ? 1 : 0);
  AppendLengthPrefixed(out, task.etag);
  AppendLittle<std::uint64_t>(out, record.part_bytes);
  AppendLittle<std::uint8_t>(out, static_cast<std::uint8_t>(record.state));
  AppendLittle<std::uint8_t>(out, record.owned ? 1 : 0);
  AppendLengthPrefixed(out, record.resume_token);
  AppendLengthPrefixed(out, record.error);
  AppendLittle<std::uint64_t>(out, record.to_etag_hash);
  AppendLengthPrefixed(out, record.content ? record.content->raw() : std::string_view());
  return FrameRecord(kFileVersion, out);
}

Result<FileRecord> DecodeFileRecord(std::string_view bytes) {
  SF_TRY(const auto framed, UnframeRecord(bytes, kFileVersion));
  LittleReader reader(framed.payload);
  FileRecord record;
  FileTask& task = record.task;
  record.index = reader.Read<std::uint64_t>();
  task.from_dir = ReadLocation(reader);
  task.from_name = reader.ReadLengthPrefixed();
  task.to_name = reader.ReadLengthPrefixed();
  task.offset = reader.Read<std::uint64_t>();
  task.size_bytes = reader.Read<std::uint64_t>();
  task.whole_object = reader.Read<std::uint8_t>() != 0;
  task.etag = reader.ReadLengthPrefixed();
  record.part_bytes = reader.Read<std::uint64_t>();
  const auto state = reader.Read<std::uint8_t>();
  record.owned = reader.Read<std::uint8_t>() != 0;
  record.resume_token = reader.ReadLengthPrefixed();
  record.error = reader.ReadLengthPrefixed();
  std::string_view content;
  if (framed.version >= 2) {
    record.to_etag_hash = reader.Read<std::uint64_t>();
    content = reader.ReadLengthPrefixed();
  }
  if (!reader.AtEnd() || state > static_cast<std::uint8_t>(FileState::kFailed) ||
      record.part_bytes == 0 || (!content.empty() && content.size() != sizeof(Hash128::bytes)))
    return Malformed("file");
  if (!content.empty()) record.content = Hash128::FromRaw(content);
  record.state = static_cast<FileState>(state);
  return record;
}

std::string EncodeReceipt(const PartReceipt& receipt) {
  std::string out;
  AppendLittle<std::uint32_t>(out, receipt.part_index);
  AppendLittle<std::uint32_t>(out, receipt.size_bytes);
  if (receipt.by_service) return FrameRecord(kReceiptVersion, out);
  out.append(receipt.hash.raw());
  if (!receipt.source_checksum) return FrameRecord(1, out);
  AppendLittle<std::uint64_t>(out, *receipt.source_checksum);
  return FrameRecord(2, out);
}

Result<PartReceipt> DecodeReceipt(std::string_view bytes) {
  SF_TRY(const auto framed, UnframeRecord(bytes, kReceiptVersion));
  LittleReader reader(framed.payload);
  PartReceipt receipt;
  receipt.part_index = reader.Read<std::uint32_t>();
  receipt.size_bytes = reader.Read<std::uint32_t>();
  receipt.by_service = framed.version == 3;
  if (receipt.by_service)
    return reader.AtEnd() ? Result<PartReceipt>(receipt) : Malformed("receipt");
  const auto hash = reader.ReadBytes(sizeof(receipt.hash.bytes));
  if (framed.version >= 2) receipt.source_checksum = reader.Read<std::uint64_t>();
  if (!reader.AtEnd()) return Malformed("receipt");
  receipt.hash = Hash128::FromRaw(hash);
  return receipt;
}

}  // namespace stateferry::transfer
