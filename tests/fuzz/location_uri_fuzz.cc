// Any text as a place: refused, or normal and never outside of its root.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/location.h"

using namespace stateferry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  auto location = storage::ParseLocation(text);
  if (!location) {
    SF_ASSERT(!location.error().message().empty());
    return 0;
  }
  const std::string& path = location->path;
  SF_ASSERT(!path.empty() && path.front() == '/');
  SF_ASSERT(path.size() == 1 || path.back() != '/');
  const std::string framed = path + "/";
  SF_ASSERT(path == "/" || framed.find("//") == std::string::npos);
  SF_ASSERT(framed.find("/../") == std::string::npos);
  SF_ASSERT(framed.find("/./") == std::string::npos);
  SF_ASSERT(path.find('\0') == std::string::npos);
  SF_ASSERT(!location->ToString().empty());

  // The same path again, without options, is the same place.
  storage::Location plain = *location;
  plain.options.clear();
  const storage::Location parent = plain.Parent();
  SF_ASSERT(storage::IsWithin(plain, parent));
  SF_ASSERT(storage::IsWithin(plain, plain));
  const std::string below = storage::RelativeTo(plain, parent);
  SF_ASSERT(below == plain.Name());
  if (!below.empty()) SF_ASSERT(parent.Child(below) == plain);
  return 0;
}
