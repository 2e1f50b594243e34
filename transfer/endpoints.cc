#include "transfer/endpoints.h"

#include <fmt/format.h>

namespace stateferry::transfer {

Result<std::unique_ptr<Endpoints>> Endpoints::Open(storage::Places& places,
                                                   const storage::Location& to,
                                                   storage::Access to_access) {
  SF_TRY(auto place, places.Open(to, to_access));
  return std::unique_ptr<Endpoints>(new Endpoints(places, std::move(place)));
}

Result<Endpoints::Source> Endpoints::SourceOf(const FileTask& task) {
  std::lock_guard lock(mutex_);
  if (!last_place_.backend || !(last_dir_ == task.from_dir)) {
    SF_TRY(last_place_, places_.Open(task.from_dir, storage::Access::kRead));
    last_dir_ = task.from_dir;
  }
  return Source{last_place_.backend, last_place_.Key(task.from_name)};
}

std::string Endpoints::OriginOf(const FileTask& task) {
  if (task.etag.empty() || !to().capabilities().finds_by_origin) return {};
  return fmt::format("{}{}\n{}\n{}\n{}", places_.ServiceOf(task.from_dir),
                     task.from_dir.Child(task.from_name).ToString(), task.etag,
                     task.whole_object ? 0 : task.offset, task.size_bytes);
}

}  // namespace stateferry::transfer
