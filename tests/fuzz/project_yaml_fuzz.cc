// Files of a project: any text gives documents or problems, and what was read without problems is
// written and read back the same.

#include "base/result.h"
#include "state/manifest/native.h"

namespace sf = stateferry;
namespace manifest = stateferry::state::manifest;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  manifest::Manifest read;
  manifest::ReadNative(text, "f", read);
  if (!read.problems.empty()) return 0;
  const std::string written = manifest::WriteNative(read.documents);
  manifest::Manifest again;
  manifest::ReadNative(written, "g", again);
  SF_ASSERT(again.problems.empty());
  SF_ASSERT(again.documents.size() == read.documents.size());
  SF_ASSERT(manifest::WriteNative(again.documents) == written);
  return 0;
}
