#include "cli/store_lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/units.h"

namespace stateferry::cli {

std::vector<std::string> StoreInfoLines(const std::string& uri,
                                        const storage::managed::StoreInfo& info) {
  std::vector<std::string> lines = {
      "store     " + uri,
      fmt::format("id        {}, format {}, made {}", info.id, info.format_version, info.created),
      fmt::format("files     {}, {}", FormatNumber(info.files), FormatSize(info.file_bytes)),
      fmt::format("chunks    {}, {} stored as {}", FormatNumber(info.chunks),
                  FormatSize(info.chunk_plain_bytes), FormatSize(info.chunk_stored_bytes)),
      fmt::format("packs     {}, {}", FormatNumber(info.packs), FormatSize(info.pack_bytes)),
  };
  if (info.pack_bytes > 0 && info.file_bytes > 0)
    lines.push_back(
        fmt::format("gain      {:.2f}x by deduplication and compression",
                    static_cast<double>(info.file_bytes) / static_cast<double>(info.pack_bytes)));
  if (!info.projects.empty())
    lines.push_back(fmt::format("projects  {}", fmt::join(info.projects, ", ")));
  return lines;
}

Json StoreInfoJson(const std::string& uri, const storage::managed::StoreInfo& info) {
  return {{"store", uri},
          {"id", info.id},
          {"formatVersion", info.format_version},
          {"created", info.created},
          {"files", info.files},
          {"fileBytes", info.file_bytes},
          {"chunks", info.chunks},
          {"chunkPlainBytes", info.chunk_plain_bytes},
          {"chunkStoredBytes", info.chunk_stored_bytes},
          {"packs", info.packs},
          {"packBytes", info.pack_bytes},
          {"projects", info.projects}};
}

}  // namespace stateferry::cli
