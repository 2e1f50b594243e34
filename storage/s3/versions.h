#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "storage/s3/dialect.h"

namespace stateferry::storage::s3 {

/// One version of an object.
struct Version {
  std::string etag;
  std::uint64_t size_bytes = 0;
  bool operator==(const Version&) const = default;
};

/// The version of each object that this process has looked at, read or written last.  All later
/// reads are of that version or fail, so that parts of two versions are never mixed.  Bounded: the
/// objects that were not asked for longest are forgotten, and read as they are then.  Thread-safe.
class Versions {
 public:
  explicit Versions(std::size_t capacity = 4096) : capacity_(capacity) {}

  std::optional<Version> Find(std::string_view key);
  void Note(std::string_view key, Version version);
  /// Notes it unless another one is known: then false.
  bool Agree(std::string_view key, const Version& version);
  void Forget(std::string_view key);

  /// A range of that version was read, and its bytes have this CRC, in the dialect's kind.
  void NoteRead(std::string_view key, const Version& version, std::uint64_t offset,
                std::uint64_t size_bytes, std::uint64_t crc, const Dialect& dialect);
  /// The CRC of all bytes of the object, when the ranges that were read are all of it and do not
  /// overlap.
  std::optional<std::uint64_t> CrcOfAllRead(std::string_view key);
  /// What was read has been compared: it need not be known any longer.
  void ForgetRead(std::string_view key);

 private:
  struct Range {
    std::uint64_t size_bytes;
    std::uint64_t crc;
  };
  struct Entry {
    std::string key;
    Version version;
    std::map<std::uint64_t, Range> read = {};  ///< by offset; neighbours are one range
  };
  using Entries = std::list<Entry>;
  // Callers hold mutex_.
  /// The entry becomes the one used last.
  Entry* Touch(std::string_view key);
  void Add(std::string_view key, Version version);

  const std::size_t capacity_;
  std::mutex mutex_;
  Entries entries_;                                                // guarded by mutex_
  std::unordered_map<std::string_view, Entries::iterator> index_;  // guarded by mutex_
};

}  // namespace stateferry::storage::s3
