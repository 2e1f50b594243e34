#include "storage/managed/store_files.h"

#include <sys/random.h>

#include <algorithm>

#include "base/json.h"

namespace stateferry::storage::managed {

std::string ProjectDirName(std::string_view project) {
  constexpr std::size_t kPlainBytes = 128;
  const bool plain = project.size() <= kPlainBytes && project.front() != '.' &&
                     std::all_of(project.begin(), project.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                     });
  if (plain) return std::string(project);
  return "%" + Xxh3_128(AsBytes(project)).ToHex();
}

std::string StoreLayout::PackDir(std::string_view project, const PackId& pack) const {
  return PacksDir() + "/" + ProjectDirName(project) + "/" + pack.ToHex().substr(0, 2);
}

Result<std::string> StoreLayout::IndexDirToRead(const FileIo& io) const {
  SF_TRY(bool in_place, io.Exists(IndexDir()));
  if (in_place) return IndexDir();
  SF_TRY(bool waiting, io.Exists(IndexNewDir()));
  return waiting ? IndexNewDir() : IndexDir();
}

std::string EncodeStoreMeta(const StoreMeta& meta) {
  Json json;
  json["format"] = meta.format_version;
  json["id"] = meta.id.ToHex();
  json["hash"] = kHashAlgorithm;
  json["created"] = meta.created;
  return DumpJson(json) + "\n";
}

Result<StoreMeta> ParseStoreMeta(std::string_view text, const std::string& name,
                                 const std::string& store) {
  auto bad = [&](const char* why) { return Error(ErrorCode::kCorruption, name + " " + why); };
  auto json = ParseJson(text);
  if (!json) return bad("is not JSON");
  const auto format = JsonUint(*json, "format");
  if (!format) return bad("names no format version");
  if (*format != kStoreFormatVersion)
    return Error(ErrorCode::kRefused, store + " has store format " + std::to_string(*format) +
                                          ", this program knows " +
                                          std::to_string(kStoreFormatVersion))
        .WithHint("use a newer stateferry");
  const auto hash = JsonString(*json, "hash");
  if (hash != kHashAlgorithm)
    return Error(ErrorCode::kRefused, store + " uses the hash algorithm \"" + hash.value_or("") +
                                          "\", this program knows " + std::string(kHashAlgorithm));
  const auto id = Hash128::FromHex(JsonString(*json, "id").value_or(""));
  if (!id) return bad("names no store id");
  return StoreMeta{kStoreFormatVersion, *id, JsonString(*json, "created").value_or("")};
}

Result<void> WriteStoreMeta(const FileIo& io, const StoreLayout& layout, const StoreMeta& meta) {
  return io.WriteDurably(layout.StoreFile(), AsBytes(EncodeStoreMeta(meta)));
}

Result<StoreMeta> ReadStoreMeta(const FileIo& io, const StoreLayout& layout) {
  SF_TRY(bool exists, io.Exists(layout.StoreFile()));
  if (!exists)
    return Error(ErrorCode::kNotFound, layout.dir + " is not a store: it has no STORE file")
        .WithHint("make one: stateferry store init " + layout.dir);
  SF_TRY(auto text, io.ReadSmall(layout.StoreFile(), kMaxStoreFileBytes));
  return ParseStoreMeta(text, layout.StoreFile(), layout.dir);
}

std::optional<PackId> PackIdOfFile(std::string_view name) {
  constexpr std::string_view kSuffix = ".pack";
  if (!name.ends_with(kSuffix)) return std::nullopt;
  return PackId::FromHex(name.substr(0, name.size() - kSuffix.size()));
}

Result<void> RemoveTree(const FileIo& io, const std::string& dir) {
  SF_TRY(bool exists, io.Exists(dir));
  if (!exists) return {};
  SF_TRY(auto own, io.StatLink(dir));
  if (!own.is_directory) return Error(ErrorCode::kConflict, dir + " is not a directory");
  SF_TRY(auto names, io.ListDir(dir));
  for (const auto& name : names) {
    const std::string path = dir + "/" + name;
    SF_TRY(auto stat, io.StatLink(path));
    SF_TRY(stat.is_directory ? RemoveTree(io, path) : io.Unlink(path));
  }
  SF_TRY(io.RemoveEmptyDir(dir));
  return io.SyncDir(ParentDir(dir));
}

Hash128 RandomId() {
  Hash128 id;
  SF_ASSERT(::getrandom(id.bytes.data(), id.bytes.size(), 0) ==
            static_cast<ssize_t>(id.bytes.size()));
  return id;
}

}  // namespace stateferry::storage::managed
