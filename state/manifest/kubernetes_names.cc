#include "state/manifest/kubernetes_names.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"

namespace stateferry::state::manifest {

namespace {

constexpr std::size_t kMaxBytes = 45;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// The legal characters, everything else a '-', cut to `room`.
std::string Legal(std::string_view name, std::size_t room) {
  std::string legal;
  for (const char c : name) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    const bool good = IsLower(lower) || IsDigit(lower);
    if (legal.empty() && IsDigit(lower)) legal = "j";
    if (good)
      legal += lower;
    else if (!legal.empty() && legal.back() != '-')
      legal += '-';
  }
  if (legal.size() > room) legal.resize(room);
  while (!legal.empty() && legal.back() == '-') legal.pop_back();
  return legal.empty() ? "job" : legal;
}

bool IsLegal(std::string_view name) {
  if (name.empty() || name.size() > kMaxBytes || !IsLower(name.front()) || name.back() == '-')
    return false;
  for (const char c : name)
    if (!IsLower(c) && !IsDigit(c) && c != '-') return false;
  return true;
}

}  // namespace

std::string KubernetesName(std::string_view name, const std::set<std::string>& taken) {
  if (IsLegal(name) && !taken.contains(std::string(name))) return std::string(name);
  std::string made = Legal(name, kMaxBytes);
  if (name.size() <= kMaxBytes && !taken.contains(made)) return made;
  // Eight digits of the whole name keep apart what was cut or written alike.
  const std::string hash = Xxh3_128(AsBytes(name)).ToHex().substr(0, 8);
  made = fmt::format("{}-{}", Legal(name, kMaxBytes - 9), hash);
  for (unsigned number = 2; taken.contains(made); ++number)
    made = fmt::format("{}-{}-{}", Legal(name, kMaxBytes - 14), hash, number);
  return made;
}

}  // namespace stateferry::state::manifest
