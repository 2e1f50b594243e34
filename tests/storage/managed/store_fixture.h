#pragma once
// A store in a directory of its own, and shortcuts that fail the test instead of returning errors.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "storage/managed/managed_store.h"

namespace stateferry::storage::managed {

/// A directory that goes away with the object.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sf-managed-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <typename T>
T Must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message();
    std::abort();
  }
  return std::move(result).value();
}
inline void Must(Result<void> result) { ASSERT_TRUE(result) << result.error().message(); }

/// Bytes that neither repeat nor shrink.
inline std::string RandomText(std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}
/// Bytes that shrink but do not repeat at long range.
inline std::string RecordText(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size)
    text += "key-" + std::to_string(random() % 100000) + "=value " + std::to_string(random()) + ";";
  text.resize(size);
  return text;
}

inline std::unique_ptr<Store> OpenStore(const std::string& dir, StoreOptions options = {},
                                        IoHooks* hooks = nullptr) {
  return Must(Store::Open(FileIo(hooks), SystemClock(), dir, options));
}
inline StoreOptions ReadOnly() { return {.read_only = true, .compress = {}}; }
inline StoreOptions Uncompressed() {
  return {.read_only = false, .compress = {.mode = CompressPolicy::Mode::kNone}};
}

inline Result<void> TryPut(Backend& backend, const std::string& key, const std::string& text,
                           std::uint64_t part_bytes = 1u << 20, const std::string& origin = {}) {
  SF_TRY(auto upload, backend.StartUpload(key, {.size_bytes = text.size(),
                                                .part_bytes = part_bytes,
                                                .resume_token = {},
                                                .origin = origin}));
  std::uint32_t part = 0;
  for (std::uint64_t at = 0; at < text.size(); at += part_bytes)
    SF_TRY(upload->PutPart(part++, AsBytes(std::string_view(text).substr(at, part_bytes))));
  return upload->Complete();
}

inline std::string Read(Backend& backend, const std::string& key) {
  return Must(ReadAll(backend, key, 1u << 30));
}
inline std::map<std::string, std::string> ReadEverything(Backend& backend) {
  std::map<std::string, std::string> files;
  Must(backend.List("", [&](const ObjectMeta& meta) -> Result<void> {
    files[meta.key];
    return {};
  }));
  for (auto& [key, text] : files) text = Read(backend, key);
  return files;
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { Must(Store::Init(FileIo(), SystemClock(), dir())); }
  std::string dir() const { return temp_.path() + "/store"; }
  const TempDir temp_;
};

}  // namespace stateferry::storage::managed
