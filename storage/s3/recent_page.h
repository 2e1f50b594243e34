#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace stateferry::storage::s3 {

/// A page of a listing: all keys with that prefix behind `after`, up to `last`.
struct ListedKeys {
  std::string prefix;
  std::string after;                     ///< "" = from the first one
  std::optional<std::string> last = {};  ///< none: there are no more
  std::vector<std::string> keys = {};    ///< in order
};

/// What a page that was listed a moment ago tells of keys that were asked for one by one: for a
/// service that puts no object only if there is none, and would be asked before each.
class RecentPage {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// It tells as much as one request for each key would, unless somebody else puts one meanwhile.
  static constexpr std::chrono::seconds kFresh{2};

  /// A page is about to be listed, which Note brings; the one before tells nothing any more.
  void Begin() {
    when_.reset();
    changed_.clear();
    is_coming_ = true;
  }
  bool is_coming() const { return is_coming_; }
  /// `when`: before the page was asked for.
  void Note(ListedKeys page, Time when) {
    page_ = std::move(page);
    when_ = when;
    is_coming_ = false;
  }
  /// The key is about to be written or deleted: the page tells nothing of it any more.
  void Forget(std::string_view key) {
    if (when_ || is_coming_) changed_.emplace(key);
  }
  bool IsForgotten(std::string_view key) const { return changed_.contains(key); }
  /// Nothing: the page does not tell, or is too old.
  std::optional<bool> IsThere(std::string_view key, Time now) const;

 private:
  ListedKeys page_;
  std::optional<Time> when_;
  std::set<std::string, std::less<>> changed_;
  bool is_coming_ = false;
};

}  // namespace stateferry::storage::s3
