#include "storage/backend.h"

#include "storage/service_copy.h"

namespace stateferry::storage {

Result<void> Backend::Copy(std::string_view from, std::string_view, const PutOptions&) {
  return Error(ErrorCode::kRefused,
               Describe() + " cannot copy " + std::string(from) + " on its own side");
}

Result<void> Upload::CopyPart(std::uint32_t, const CopySource& from) {
  return Error(ErrorCode::kRefused, from.meta.key + " cannot be copied by its service");
}

std::optional<ServicePlace> Backend::service_place() const { return std::nullopt; }

Result<ObjectSums> Backend::SumsOf(std::string_view key) {
  return Error(ErrorCode::kRefused, Describe() + " keeps no checksum of " + std::string(key));
}

Result<ObjectSums> Backend::CopyFrom(const CopySource& from, std::string_view, const PutOptions&) {
  return Error(ErrorCode::kRefused, Describe() + " cannot copy " + from.meta.key + " by itself");
}

Result<void> CheckKey(std::string_view key) {
  constexpr std::size_t kMaxKeyBytes = 1024;
  auto refuse = [&](const char* why) {
    return Error(ErrorCode::kInvalidArgument, "object key \"" + std::string(key) + "\" " + why);
  };
  if (key.empty()) return refuse("is empty");
  if (key.size() > kMaxKeyBytes) return refuse("is longer than 1024 bytes");
  if (key.find('\0') != std::string_view::npos)
    return Error(ErrorCode::kInvalidArgument, "an object key holds a NUL byte");
  for (std::size_t start = 0; start <= key.size();) {
    auto end = key.find('/', start);
    if (end == std::string_view::npos) end = key.size();
    const auto component = key.substr(start, end - start);
    if (component.empty()) return refuse("has an empty path component");
    if (component == "." || component == "..") return refuse("has a \".\" or \"..\" component");
    start = end + 1;
  }
  return {};
}

Result<std::string> ReadAll(Backend& backend, std::string_view key, std::uint64_t limit_bytes) {
  SF_TRY(auto meta, backend.Stat(key));
  if (meta.size_bytes > limit_bytes)
    return Error(ErrorCode::kRefused, backend.Describe() + "/" + std::string(key) + " is " +
                                          std::to_string(meta.size_bytes) +
                                          " bytes long; the limit is " +
                                          std::to_string(limit_bytes));
  std::string text(meta.size_bytes, '\0');
  SF_TRY(auto read,
         backend.ReadRange(key, 0, {reinterpret_cast<std::byte*>(text.data()), text.size()}));
  if (read != text.size())
    return Error(ErrorCode::kConflict, std::string(key) + " shrank while being read");
  return text;
}

}  // namespace stateferry::storage
