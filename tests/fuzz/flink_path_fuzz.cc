// Any bytes as the texts in handles: modified UTF-8, absolute and relative paths, names.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "state/snapshot/flink_path.h"
#include "state/snapshot/modified_utf8.h"

using namespace stateferry;
using namespace stateferry::state::snapshot;

namespace {

void CheckUtf8(std::string_view text) {
  if (!FindBadModifiedUtf8(text)) {
    const std::string utf8 = ModifiedToUtf8(text);
    const auto back = Utf8ToModified(utf8);
    SF_ASSERT(back.has_value());
    SF_ASSERT(!FindBadModifiedUtf8(*back));
    SF_ASSERT(ModifiedToUtf8(*back) == utf8);
  }
  const std::string printable = PrintableText(text, text.size());
  for (const char c : printable) SF_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  SF_ASSERT(Utf8ToModified(printable).has_value());
}

bool HasDotDot(std::string_view path) {
  return ("/" + std::string(path) + "/").find("/../") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  CheckUtf8(text);
  SF_ASSERT(PrintablePath(text).size() <= 4 * size + 8);

  if (auto path = ParseFlinkPath(text)) {
    SF_ASSERT(path->path.find("//") == std::string::npos);
    SF_ASSERT(path->path.find('\\') == std::string::npos);
    SF_ASSERT(path->scheme.empty() || path->IsAbsolute());
  }
  if (auto relative = NormalRelativePath(text)) {
    SF_ASSERT(!relative->empty() && relative->front() != '/' && !HasDotDot(*relative));
    auto again = NormalRelativePath(*relative);
    SF_ASSERT(again.has_value() && *again == *relative);
  }
  if (IsPlainFileName(text)) SF_ASSERT(text.find('/') == std::string_view::npos);
  return 0;
}
