#include "storage/s3/upload_token.h"

#include <fmt/format.h>

#include "storage/s3/ranged_get.h"
#include "storage/s3/time_text.h"
#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {

namespace {
/// Cuts the text before the next ':' off.
std::string_view Cut(std::string_view& rest) {
  const auto colon = std::min(rest.find(':'), rest.size());
  const auto field = rest.substr(0, colon);
  rest.remove_prefix(std::min(colon + 1, rest.size()));
  return field;
}
}  // namespace

// The upload id comes last: services put anything into it.
std::string UploadToken::Text() const {
  if (!service)
    return fmt::format("multipart:{}:{}:{}:{}", size_bytes, part_bytes, checksummed ? 1 : 0,
                       upload_id);
  const std::string at = EncodeQueryPart(*service);
  if (!begun)
    return fmt::format("multipart-at:{}:{}:{}:{}:{}", size_bytes, part_bytes, checksummed ? 1 : 0,
                       at, upload_id);
  return fmt::format("multipart-since:{}:{}:{}:{}:{}:{}", size_bytes, part_bytes,
                     checksummed ? 1 : 0, at, UnixSeconds(*begun), upload_id);
}

std::optional<UploadToken> UploadToken::Parse(std::string_view text) {
  const auto kind = Cut(text);
  if (kind != "multipart" && kind != "multipart-at" && kind != "multipart-since")
    return std::nullopt;
  const auto size = ParseNumber(Cut(text));
  const auto part = ParseNumber(Cut(text));
  const auto checksummed = ParseNumber(Cut(text));
  std::optional<std::string> service;
  if (kind != "multipart") {
    auto decoded = DecodeUri(Cut(text), Plus::kIsPlus);
    if (!decoded) return std::nullopt;
    service = std::move(*decoded);
  }
  std::optional<SystemTime> begun;
  if (kind == "multipart-since") {
    begun = ParseUnixSeconds(Cut(text));
    if (!begun) return std::nullopt;
  }
  if (!size || !part || !checksummed || *checksummed > 1 || text.empty()) return std::nullopt;
  return UploadToken{.size_bytes = *size,
                     .part_bytes = *part,
                     .checksummed = *checksummed == 1,
                     .upload_id = std::string(text),
                     .service = std::move(service),
                     .begun = begun};
}

}  // namespace stateferry::storage::s3
