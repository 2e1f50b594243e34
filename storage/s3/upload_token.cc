#include "storage/s3/upload_token.h"

#include <fmt/format.h>

#include "storage/s3/ranged_get.h"
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
  return fmt::format("multipart-at:{}:{}:{}:{}:{}", size_bytes, part_bytes, checksummed ? 1 : 0,
                     EncodeQueryPart(*service), upload_id);
}

std::optional<UploadToken> UploadToken::Parse(std::string_view text) {
  const auto kind = Cut(text);
  if (kind != "multipart" && kind != "multipart-at") return std::nullopt;
  const auto size = ParseNumber(Cut(text));
  const auto part = ParseNumber(Cut(text));
  const auto checksummed = ParseNumber(Cut(text));
  std::optional<std::string> service;
  if (kind == "multipart-at") {
    auto decoded = DecodeUri(Cut(text), Plus::kIsPlus);
    if (!decoded) return std::nullopt;
    service = std::move(*decoded);
  }
  if (!size || !part || !checksummed || *checksummed > 1 || text.empty()) return std::nullopt;
  return UploadToken{.size_bytes = *size,
                     .part_bytes = *part,
                     .checksummed = *checksummed == 1,
                     .upload_id = std::string(text),
                     .service = std::move(service)};
}

}  // namespace stateferry::storage::s3
