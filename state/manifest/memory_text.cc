#include "state/manifest/memory_text.h"

namespace stateferry::state::manifest {

Json MemoryText(const Json& memory) {
  if (!memory.is_string()) return memory;
  const auto& text = memory.get_ref<const std::string&>();
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::size_t unit_at = text.find_first_not_of(' ', digits);
  if (digits == 0 || unit_at == std::string::npos) return memory;
  const std::string unit = text.substr(unit_at);
  for (const auto& [prefix, flink] :
       {std::pair{'K', 'k'}, std::pair{'M', 'm'}, std::pair{'G', 'g'}, std::pair{'T', 't'}})
    if (unit == std::string{prefix, 'i', 'B'} || unit == std::string{prefix, 'i'})
      return text.substr(0, digits) + flink;
  return memory;
}

}  // namespace stateferry::state::manifest
