#pragma once

#include <cstdint>
#include <string>

#include "base/file_io.h"

namespace stateferry::storage::managed {

/// The bytes of one sealed pack, wherever it lies.  Thread-safe.
class PackSource {
 public:
  virtual ~PackSource() = default;
  /// For messages.
  virtual const std::string& path() const = 0;
  virtual Result<std::uint64_t> SizeBytes() const = 0;
  /// Reads up to out.size() bytes; fewer only at the end of the pack.  Errors: kNotFound when the
  /// pack is gone.
  virtual Result<std::size_t> ReadAt(std::uint64_t offset, MutableByteSpan out) const = 0;
};

/// An open file as a pack; borrows it.
class FileView final : public PackSource {
 public:
  explicit FileView(const File& file) : file_(file) {}
  const std::string& path() const override { return file_.path(); }
  Result<std::uint64_t> SizeBytes() const override {
    SF_TRY(const auto stat, file_.Stat());
    return stat.size_bytes;
  }
  Result<std::size_t> ReadAt(std::uint64_t offset, MutableByteSpan out) const override {
    return file_.ReadAt(offset, out);
  }

 private:
  const File& file_;
};

}  // namespace stateferry::storage::managed
