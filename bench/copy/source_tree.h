#pragma once
// The tree that the contestants copy, in the state a route needs.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "bench/copy/generate.h"

namespace stateferry::bench {

struct TreeSize {
  std::uint64_t files = 0, bytes = 0;
};
/// Regular files below `path`; zero when it is not there.
TreeSize MeasureTree(const std::string& path);
/// Reads every file once, so that the page cache holds it.
void WarmTree(const std::string& path);

/// A user's tree, or a generated one whose later checkpoints can be taken away and put back, so
/// that "the first checkpoint was saved, now the second one comes" can be played.
class SourceTree {
 public:
  /// Errors: kNotFound unless `path` is a directory.
  static Result<SourceTree> OfUser(const std::string& path);
  /// `aside`: a directory on the same file system, for files that are away.  An earlier process may
  /// have left some there.
  static Result<SourceTree> OfGenerated(Generated generated, std::string aside);

  const std::string& path() const { return path_; }
  /// The directory of the newest checkpoint that is there, or path() when there are none.
  std::string snapshot() const;
  bool has_checkpoints() const { return present_ > 0; }
  std::size_t checkpoints() const { return checkpoints_.size(); }
  /// Of checkpoint 1, 2...
  const GeneratedCheckpoint& checkpoint(std::size_t number) const {
    return checkpoints_[number - 1];
  }

  /// The tree as it was when checkpoint `number` was the newest.  Errors: kIo.
  Result<void> GoTo(std::size_t number);

 private:
  std::string path_, aside_;
  std::vector<GeneratedCheckpoint> checkpoints_;  // empty: nothing can be taken away
  std::size_t present_ = 0;
};

}  // namespace stateferry::bench
