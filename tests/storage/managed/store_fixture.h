#pragma once
// A store in a directory of its own, and shortcuts that fail the test instead of returning errors.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "storage/managed/managed_store.h"

namespace stateferry::storage::managed {

/// A directory that goes away with the object.
class TempDir {
 public:
  TempDir() {
    // Thousands of fsyncs: in memory, where there is such a place, they cost nothing.
    const std::filesystem::path memory = "/dev/shm";
    const bool has_memory = ::access(memory.c_str(), W_OK) == 0;
    const auto parent = has_memory ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "sf-managed-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) std::abort();
    path_ = pattern;
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

inline void FlipBit(const std::string& path, std::uint64_t at, int bit) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const char byte = static_cast<char>(file.get() ^ (1 << bit));
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Does something before each of the first opens of a pack.
class BeforePackOpens : public IoHooks {
 public:
  BeforePackOpens(int times, std::function<void()> action)
      : times_(times), action_(std::move(action)) {}
  Result<void> Before(IoOp op, std::string_view path) override {
    if (op == IoOp::kOpen && path.ends_with(".pack") && times_ > 0) {
      --times_;
      action_();
    }
    return {};
  }

 private:
  int times_;
  const std::function<void()> action_;
};

/// Flips a bit of the only place in `paths` where `text` stands.
inline void DamageText(const std::vector<std::string>& paths, const std::string& text) {
  int found = 0;
  for (const auto& path : paths) {
    const auto at = ReadFile(path).find(text);
    if (at == std::string::npos) continue;
    FlipBit(path, at + text.size() / 2, 3);
    ++found;
  }
  ASSERT_EQ(found, 1);
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { Must(Store::Init(FileIo(), SystemClock(), dir())); }
  std::string dir() const { return temp_.path() + "/store"; }
  std::vector<std::string> PackPaths() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir() + "/packs"))
      if (entry.is_regular_file()) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  std::uint64_t BytesOfPacks() const {
    std::uint64_t bytes = 0;
    for (const auto& path : PackPaths()) bytes += std::filesystem::file_size(path);
    return bytes;
  }
  const TempDir temp_;
};

}  // namespace stateferry::storage::managed
