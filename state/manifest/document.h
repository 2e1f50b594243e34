#pragma once
// What files of a project say, whatever their format: the same documents come out of all readers
// and go into all writers.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "state/entities/entity.h"
#include "state/manifest/problem.h"

namespace stateferry::state::manifest {

/// One entity as somebody wrote it down.
struct Document {
  /// "WORKSPACE/PROJECT"; "" for the project that the command names, and for regions, workspaces
  /// and projects.
  std::string project{};
  entities::Entity entity{};
  Position at{};
  /// Lines of those fields (JSON pointers into the body) that other entities, files or places are
  /// named in.
  std::map<std::string, std::uint32_t> lines = {};

  /// The line of the field when it is known, else that of the document.
  Position Where(const std::string& pointer) const;
};

/// More of them help nobody.
inline constexpr std::size_t kMaxProblems = 1'000;

/// A foreign name as far as a message has use for it: its first 100 bytes or a few less (whole
/// characters of UTF-8) and "..." when it is longer.
std::string Clipped(std::string_view name);

struct Manifest {
  std::vector<Document> documents = {};
  /// Nothing may be imported while there are any.  One more than the limit says that it is reached.
  std::vector<Problem> problems = {};
  /// What the files hold besides, and why it is no part of the project.  Harmless, and as many as
  /// the problems.
  std::vector<Problem> left_out = {};
  /// What is a part of the project and yet does not do there what one may expect.  Likewise.
  std::vector<Problem> kept = {};
  /// The namespaces of another system that were read, each where it was named first.
  std::map<std::string, Position> spaces = {};

  void Complain(Position where, std::string message);
  void LeaveOut(Position where, std::string message);
  void NoteKept(Position where, std::string message);
  bool IsFull() const { return problems.size() > kMaxProblems; }
};

/// Regions, workspaces and projects, which lie in no project.
bool IsScopeKind(std::string_view kind);

}  // namespace stateferry::state::manifest
