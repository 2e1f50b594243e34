// Any bytes as the Java serialization stream at the end of `_metadata`.

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "state/snapshot/java_properties.h"
#include "state/snapshot/modified_utf8.h"

using namespace stateferry;
using namespace stateferry::state::snapshot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan stream{reinterpret_cast<const std::byte*>(data), size};
  auto read = ReadJavaProperties(stream);
  if (!read) return 0;
  for (const std::string& warning : read->warnings) {
    // Nothing that a terminal would obey.
    SF_ASSERT(PrintableText(warning, warning.size()) == warning);
  }
  // One more byte is one too many.
  const std::string longer = std::string(AsText(stream)) + "x";
  SF_ASSERT(!ReadJavaProperties(AsBytes(longer)).has_value());
  return 0;
}
