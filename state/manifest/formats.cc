#include "state/manifest/formats.h"

#include <algorithm>
#include <array>

#include "state/manifest/native.h"
#include "state/manifest/vvp.h"

namespace stateferry::state::manifest {

namespace {

Exported AsNative(std::span<const Document> documents, const WriteOptions&) {
  return {.text = WriteNative(documents)};
}

Exported AsOperator(std::span<const Document> documents, const WriteOptions& options) {
  return WriteFlinkOperator(documents, {.kubernetes_namespace = options.kubernetes_namespace,
                                        .map = options.map,
                                        .claim_mode = options.claim_mode,
                                        .others = options.others});
}

Exported AsVvp(std::span<const Document> documents, const WriteOptions& options) {
  return WriteVvp(documents, options.map);
}

}  // namespace

std::span<const Format> Formats() {
  static constexpr std::array kFormats = {
      Format{.name = "native", .read = ReadNative, .write = AsNative},
      Format{.name = "flink-operator",
             .read = ReadFlinkOperator,
             .finish = FinishFlinkOperator,
             .write = AsOperator},
      Format{.name = "vvp", .read = ReadVvp, .finish = FinishVvp, .write = AsVvp},
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
