#include "transfer/journal.h"

#include <algorithm>

#include "base/bytes.h"

namespace stateferry::transfer {

namespace {
constexpr std::size_t kFilesPerVisit = 256;
}

std::uint64_t EtagHash(std::string_view etag) {
  return std::max<std::uint64_t>(1, Xxh3_64(AsBytes(etag)));
}

Hash128 ContentHash(std::uint64_t size_bytes, std::span<const Hash128> parts) {
  std::string bytes;
  AppendLittle<std::uint64_t>(bytes, size_bytes);
  for (const auto& part : parts) bytes += part.raw();
  return Xxh3_128(AsBytes(bytes));
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
