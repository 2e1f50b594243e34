// Any bytes as resources of the Flink Kubernetes Operator and of VVP: read, and what was read
// written again as text that is YAML.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "state/manifest/vvp.h"
#include "state/manifest/yaml_reader.h"

using namespace stateferry;
using namespace stateferry::state::manifest;

namespace {
void CheckText(const std::string& text) {
  std::vector<Problem> problems;
  ReadYaml(text, "written", problems);
  SF_ASSERT(problems.empty());
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Manifest flink, vvp;
  ReadFlinkOperator(text, "k", flink);
  FinishFlinkOperator(flink);
  ReadVvp(text, "v", vvp);
  FinishVvp(vvp);
  for (const Manifest* manifest : {&flink, &vvp}) {
    // Exports are made of valid entities only.
    if (!manifest->problems.empty()) continue;
    CheckText(WriteFlinkOperator(manifest->documents, {}).text);
    CheckText(WriteVvp(manifest->documents, {}).text);
  }
  return 0;
}
