#include "transfer/journal.h"

namespace stateferry::transfer {

namespace {
constexpr std::size_t kFilesPerVisit = 256;
}

Result<void> Journal::VisitFiles(const std::string& id, std::uint64_t first_index,
                                 const std::function<Result<void>(FileRecord)>& visit) {
  for (;;) {
    SF_TRY(auto files, Files(id, first_index, kFilesPerVisit));
    if (files.empty()) return {};
    first_index = files.back().index + 1;
    for (auto& file : files) SF_TRY(visit(std::move(file)));
  }
}

}  // namespace stateferry::transfer
