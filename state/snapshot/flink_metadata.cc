#include "state/snapshot/flink_metadata.h"

#include <utility>

#include "state/snapshot/modified_utf8.h"

namespace stateferry::state::snapshot {

StreamHandle StreamHandle::File(std::string path, std::int64_t size_bytes) {
  StreamHandle handle;
  handle.tag = StreamTag::kFile;
  handle.path = std::move(path);
  handle.size_bytes = size_bytes;
  return handle;
}

StreamHandle StreamHandle::Relative(std::string path, std::int64_t size_bytes) {
  StreamHandle handle = File(std::move(path), size_bytes);
  handle.tag = StreamTag::kRelative;
  return handle;
}

std::string OperatorIdText(const std::array<std::uint8_t, 16>& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : id) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 0xf]);
  }
  return text;
}

std::string OperatorLabel(const Operator& op) {
  if (!op.name.empty()) return PrintableText(ModifiedToUtf8(op.name));
  if (!op.uid.empty()) return PrintableText(ModifiedToUtf8(op.uid));
  return OperatorIdText(op.id);
}

std::string_view FlinkReleasesOf(std::int32_t version) {
  constexpr std::string_view kReleases[] = {"1.1",          "1.2", "1.3 to 1.10", "1.11 to 1.15",
                                            "1.16 to 1.20", "2.0", "2.1 to 2.3"};
  const auto index = static_cast<std::size_t>(version);
  return version >= 0 && index < std::size(kReleases) ? kReleases[index] : "after 2.3";
}

}  // namespace stateferry::state::snapshot
