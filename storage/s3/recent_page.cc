#include "storage/s3/recent_page.h"

#include <algorithm>

namespace stateferry::storage::s3 {

std::optional<bool> RecentPage::IsThere(std::string_view key, Time now) const {
  if (!when_ || now - *when_ > kFresh) return std::nullopt;
  if (!key.starts_with(page_.prefix) || key <= page_.after) return std::nullopt;
  if (page_.last && key > *page_.last) return std::nullopt;
  if (changed_.contains(key)) return std::nullopt;
  return std::binary_search(page_.keys.begin(), page_.keys.end(), key);
}

}  // namespace stateferry::storage::s3
