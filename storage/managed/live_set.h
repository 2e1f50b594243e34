#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "storage/managed/index_db.h"
#include "storage/managed/pack_format.h"

namespace stateferry::storage::managed {

/// A set of chunks in eight bytes each.  Two chunks may fall together (2^-64 per pair): then one is
/// kept that could go, never the other way round.
class LiveSet {
 public:
  void Add(std::string_view project, const ChunkId& id) {
    marks_.push_back(Mark(project, id));
    // Files share chunks: without thinning the vector would grow with references, not chunks.
    if (marks_.size() >= thin_at_) Thin();
  }
  /// Before the first Contains, and after the last Add.
  void Seal() { Thin(); }
  bool Contains(std::string_view project, const ChunkId& id) const {
    return Find(project, id).has_value();
  }
  /// Below size(); of those that Contains, each has another number.
  std::optional<std::size_t> Find(std::string_view project, const ChunkId& id) const {
    const std::uint64_t mark = Mark(project, id);
    const auto found = std::lower_bound(marks_.begin(), marks_.end(), mark);
    if (found == marks_.end() || *found != mark) return std::nullopt;
    return static_cast<std::size_t>(found - marks_.begin());
  }
  std::size_t size() const { return marks_.size(); }

 private:
  static std::uint64_t Mark(std::string_view project, const ChunkId& id) {
    return LoadLittle<std::uint64_t>(id.hash.bytes.data()) ^ Xxh3_64(AsBytes(project)) ^
           (std::uint64_t{id.length} << 32);
  }
  void Thin() {
    std::sort(marks_.begin(), marks_.end());
    marks_.erase(std::unique(marks_.begin(), marks_.end()), marks_.end());
    thin_at_ = std::max<std::size_t>(1u << 20, 2 * marks_.size());
  }
  std::vector<std::uint64_t> marks_;
  std::size_t thin_at_ = 1u << 20;
};

/// Whether a chunk of an unfinished upload is needed.
using UploadChunkFilter =
    std::function<Result<bool>(const std::string& project, const ChunkId& chunk)>;
/// Adds what the files and unfinished uploads of an index need, and seals the set.  Uploads come
/// before files: one that completes in between is then seen at least once.  Of uploads only chunks
/// that `filter` lets through (empty: all).  Errors: those of reading the index, as a refused gc;
/// a stop ends it early, without an error.
Result<void> MarkNeeded(const IndexDb& db, LiveSet& live, const std::stop_token& stop,
                        const UploadChunkFilter& filter = {});

}  // namespace stateferry::storage::managed
