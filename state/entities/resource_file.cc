// A file in the project's storage.  Its name is its path below the project's `files/`; `uri`, size
// and hash are filled in when it is imported, and checked when they are given.
#include "base/hash.h"
#include "state/entities/all.h"

namespace stateferry::state::entities {

namespace {
constexpr std::string_view kHashPrefix = "xxh3-128:";

void CheckContent(const Entity& file, std::vector<Problem>& problems) {
  if (const auto size = file.body.find("sizeBytes");
      size != file.body.end() && !size->is_null() && size->get<std::int64_t>() < 0)
    problems.push_back({"/sizeBytes", "'sizeBytes' must not be negative"});
  const auto hash = JsonString(file.body, "hash");
  if (!hash) return;
  if (!hash->starts_with(kHashPrefix) || !Hash128::FromHex(hash->substr(kHashPrefix.size())))
    problems.push_back({"/hash", "'hash' must be xxh3-128: and 32 hex digits"});
}
}  // namespace

KindSpec ResourceFileKind() {
  return {.name = "resource-file",
          .summary = "A file in the project's storage, named by its path there",
          .names = kFileName,
          .fields = {{.path = "uri", .role = FieldRole::kFile},
                     {.path = "sizeBytes", .type = FieldType::kInteger},
                     {.path = "hash"},
                     {.path = "description"}},
          .not_cloned = {"creator", "createdAt", "modifiedAt"},
          .check = CheckContent};
}

}  // namespace stateferry::state::entities
