#pragma once
// The suite that every Backend must pass.  To join: one line in backends_test.cc.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "storage/backend.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry::storage {

using fakes::ScratchDir;

/// Opens the backend over `dir`.  Called again over the same directory (after the earlier backend
/// is gone) it must find what was flushed; so a backend that keeps nothing says so in its case.
using OpenBackend = std::function<Result<std::shared_ptr<Backend>>(const ScratchDir& dir)>;

struct BackendCase {
  std::string name;
  OpenBackend open;
  bool survives_reopen = true;
  /// In a directory "a" and "a/b" cannot both be objects.
  bool keys_are_paths = false;
  /// Of the odd keys of KeysAreBytesWithoutMeaning.
  std::vector<std::string> impossible_keys = {};
  /// What the place takes, of the 1024 that a key may have.
  std::size_t longest_key_bytes = 1024;
  /// Of an upload with more than one part.
  std::size_t part_bytes = 1000;
};
inline void PrintTo(const BackendCase& backend_case, std::ostream* out) {
  *out << backend_case.name;
}

/// One test: an empty backend, and shortcuts that fail the test instead of returning errors.
class BackendConformance : public testing::TestWithParam<BackendCase> {
 protected:
  void SetUp() override { Open(); }

  Backend& backend() { return *backend_; }
  /// As a later process would find it.
  void Reopen() {
    if (!GetParam().survives_reopen) return;
    backend_.reset();
    Open();
  }

  void Put(std::string_view key, std::string_view text) {
    auto put = backend().Put(key, AsBytes(text), {});
    ASSERT_TRUE(put) << put.error().message();
    EXPECT_EQ(put->key, key);
    EXPECT_EQ(put->size_bytes, text.size());
    EXPECT_FALSE(put->etag.empty());
  }
  void Flush() {
    auto flushed = backend().Flush();
    ASSERT_TRUE(flushed) << flushed.error().message();
  }
  std::string Get(std::string_view key) {
    auto text = ReadAll(backend(), key, 1u << 30);
    if (!text) return "error: " + text.error().message();
    return *text;
  }
  /// For contents that are too large to be shown when they differ.
  void ExpectContent(std::string_view key, const std::string& content) {
    const std::string got = Get(key);
    EXPECT_TRUE(got == content) << key << " has " << got.size() << " bytes, not the "
                                << content.size() << " that were put: " << got.substr(0, 200);
  }
  bool Has(std::string_view key) {
    auto meta = backend().Stat(key);
    if (!meta) {
      EXPECT_EQ(meta.error().code(), ErrorCode::kNotFound) << meta.error().message();
    }
    return meta.has_value();
  }
  std::vector<std::string> Keys(std::string_view prefix) {
    std::vector<std::string> keys;
    auto listed = backend().List(prefix, [&](const ObjectMeta& meta) -> Result<void> {
      keys.push_back(meta.key);
      return {};
    });
    EXPECT_TRUE(listed) << listed.error().message();
    return keys;
  }
  std::unique_ptr<Upload> Start(std::string_view key, const UploadOptions& options) {
    auto upload = backend().StartUpload(key, options);
    EXPECT_TRUE(upload) << upload.error().message();
    return upload ? std::move(*upload) : nullptr;
  }

 private:
  void Open() {
    auto opened = GetParam().open(dir_);
    ASSERT_TRUE(opened) << opened.error().message();
    backend_ = std::move(*opened);
  }

  ScratchDir dir_;
  std::shared_ptr<Backend> backend_;
};

/// The code of a result that must be an error; kInternal when it is none, which no test expects.
template <typename T>
ErrorCode CodeOf(const Result<T>& result) {
  if (result) {
    ADD_FAILURE() << "expected an error";
    return ErrorCode::kInternal;
  }
  EXPECT_FALSE(result.error().message().empty());
  return result.error().code();
}

}  // namespace stateferry::storage
