#include "state/catalog/catalog_records.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/record_frame.h"

namespace stateferry::state::catalog {

namespace {
constexpr std::uint8_t kRecordVersion = 1;
}

std::string RecordKey(std::string_view scope, std::string_view kind, std::string_view name) {
  std::string key(scope);
  key += '\0';
  if (kind.empty()) return key;
  key += kind;
  key += '\0';
  key += name;
  return key;
}

Result<std::string> EncodeRecord(const Record& record) {
  std::string out;
  AppendLittle<std::uint64_t>(out, record.version);
  AppendLittle<std::uint8_t>(out, static_cast<std::uint8_t>(record.phase));
  for (const auto& text : {record.made_by, record.created, record.updated})
    AppendLengthPrefixed(out, text);
  AppendLengthPrefixed(out, DumpJson(record.entity.body));
  std::string framed = FrameRecord(kRecordVersion, out);
  if (framed.size() > kMaxFramedBytes)
    return Error(
        ErrorCode::kRefused,
        fmt::format("{} '{}' has {} bytes, the catalog takes {} at most", record.entity.key.kind,
                    record.entity.key.name, framed.size(), kMaxFramedBytes));
  return framed;
}

Result<Record> DecodeRecord(entities::EntityKey key, std::string_view bytes) {
  SF_TRY(const auto framed, UnframeRecord(bytes, kRecordVersion));
  LittleReader reader(framed.payload);
  Record record;
  record.entity.key = std::move(key);
  record.version = reader.Read<std::uint64_t>();
  const auto phase = reader.Read<std::uint8_t>();
  for (std::string* text : {&record.made_by, &record.created, &record.updated})
    *text = reader.ReadLengthPrefixed();
  const auto body = reader.ReadLengthPrefixed();
  if (!reader.AtEnd() || record.version == 0 ||
      phase > static_cast<std::uint8_t>(Phase::kInitializing))
    return Error(ErrorCode::kCorruption, "record has a wrong layout");
  record.phase = static_cast<Phase>(phase);
  auto parsed = ParseJson(body);
  if (!parsed || !parsed->is_object())
    return Error(ErrorCode::kCorruption, "the body in the record is no JSON object");
  record.entity.body = *std::move(parsed);
  return record;
}

}  // namespace stateferry::state::catalog
