#include "base/record_frame.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"

namespace stateferry {

namespace {
constexpr std::size_t kHeaderBytes = 1 + 4;
constexpr std::size_t kChecksumBytes = 8;
}  // namespace

std::string FrameRecord(std::uint8_t version, std::string_view payload) {
  std::string out;
  out.reserve(kHeaderBytes + payload.size() + kChecksumBytes);
  AppendLittle<std::uint8_t>(out, version);
  AppendLengthPrefixed(out, payload);
  AppendLittle<std::uint64_t>(out, Xxh3_64(AsBytes(out)));
  return out;
}

Result<FramedRecord> UnframeRecord(std::string_view bytes, std::uint8_t newest_version) {
  if (bytes.size() < kHeaderBytes + kChecksumBytes || bytes.size() > kMaxFramedBytes)
    return Error(ErrorCode::kCorruption, fmt::format("record of {} bytes", bytes.size()));
  const auto body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (LoadLittle<std::uint64_t>(bytes.data() + body.size()) != Xxh3_64(AsBytes(body)))
    return Error(ErrorCode::kCorruption, "record fails its checksum");
  LittleReader reader(body);
  const auto version = reader.Read<std::uint8_t>();
  if (version == 0 || version > newest_version)
    return Error(ErrorCode::kRefused,
                 fmt::format("record version {}; this program knows {}", version, newest_version));
  const auto payload = reader.ReadLengthPrefixed();
  if (!reader.AtEnd()) return Error(ErrorCode::kCorruption, "record length disagrees");
  return FramedRecord{version, payload};
}

}  // namespace stateferry
