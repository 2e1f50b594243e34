#include "state/manifest/document.h"

#include <fmt/format.h>

#include "state/entities/kinds.h"

namespace stateferry::state::manifest {

namespace {

void AddUpToLimit(std::vector<Problem>& list, Position where, std::string message,
                  std::string_view what) {
  if (list.size() > kMaxProblems) return;
  if (list.size() == kMaxProblems)
    message = fmt::format("and more: only the first {}{} are listed", kMaxProblems, what);
  list.push_back({std::move(where), std::move(message)});
}

}  // namespace

Position Document::Where(const std::string& pointer) const {
  const auto it = lines.find(pointer);
  return it == lines.end() ? at : Position{at.file, it->second};
}

std::string Clipped(std::string_view name) {
  constexpr std::size_t kMaxBytes = 100;
  if (name.size() <= kMaxBytes) return std::string(name);
  std::size_t size = kMaxBytes;
  while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xC0u) == 0x80u) --size;
  return std::string(name.substr(0, size)) + "...";
}

void Manifest::Complain(Position where, std::string message) {
  AddUpToLimit(problems, std::move(where), std::move(message), " problems");
}

void Manifest::LeaveOut(Position where, std::string message) {
  AddUpToLimit(left_out, std::move(where), std::move(message), "");
}

void Manifest::NoteKept(Position where, std::string message) {
  AddUpToLimit(kept, std::move(where), std::move(message), "");
}

bool IsScopeKind(std::string_view kind) {
  const entities::EntityKind* spec = entities::FindKind(kind);
  return spec != nullptr && spec->spec().travel == entities::Travel::kScope;
}

}  // namespace stateferry::state::manifest
