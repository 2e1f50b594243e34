#include "state/manifest/formats.h"

#include <algorithm>
#include <array>

#include "state/manifest/native.h"

namespace stateferry::state::manifest {

std::span<const Format> Formats() {
  static constexpr std::array kFormats = {
      Format{.name = "native", .read = ReadNative, .write = WriteNative},
  };
  return kFormats;
}

const Format* FindFormat(std::string_view name) {
  const auto formats = Formats();
  const auto it = std::find_if(formats.begin(), formats.end(),
                               [&](const Format& format) { return format.name == name; });
  return it == formats.end() ? nullptr : &*it;
}

}  // namespace stateferry::state::manifest
