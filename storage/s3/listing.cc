// Listing: the request of client.h.

#include <fmt/format.h>

#include "storage/s3/client.h"
#include "storage/s3/s3_answers.h"

namespace stateferry::storage::s3 {

namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

/// Sees the keys of a listing in the order in which they come.
class OrderGuard {
 public:
  explicit OrderGuard(std::string_view prefix) : prefix_(prefix) {}

  Result<void> Check(const std::string& key) {
    if (!key.starts_with(prefix_)) return Unreliable(key + " does not begin with " + prefix_);
    if (key <= last_) return Unreliable(fmt::format("{} comes after {}", key, last_));
    last_ = key;
    return {};
  }
  Result<void> CheckNext(const std::string& next) {
    if (next == token_) return Unreliable("its pages repeat");
    token_ = next;
    return {};
  }

 private:
  static Error Unreliable(const std::string& why) {
    return {ErrorCode::kCorruption, "the service's listing cannot be relied on: " + why};
  }

  const std::string prefix_;
  std::string last_;  // keys are never empty
  std::string token_;
};

}  // namespace

Result<void> Client::List(std::string_view prefix,
                          const std::function<Result<void>(ObjectMeta)>& visit) {
  OrderGuard guard(prefix);
  const ListParsing parsing{.token_is_encoded = dialect().list_token_is_encoded};
  std::string token;
  for (;;) {
    // Control characters are not legal in XML: ask for keys that are encoded.
    Call call{.query = {{"list-type", "2"},
                        {"encoding-type", "url"},
                        {"max-keys", "1000"},
                        {"prefix", std::string(prefix)}}};
    if (!token.empty()) call.query.emplace_back("continuation-token", token);
    SF_TRY(const auto answer, session_->Send(call));
    SF_TRY(auto page, ParseListPage(answer.text, parsing));
    for (auto& object : page.objects) {
      SF_TRY(guard.Check(object.key));
      if (object.type == "Symlink") {  // of OSS: it is read as what it points to
        SF_TRY(auto target, Head(object.key));
        SF_TRY(visit(std::move(target)));
        continue;
      }
      // HEAD tells whole seconds, and both have to tell the same time.
      const auto mtime_ns = object.mtime_ns - object.mtime_ns % kNanosecondsPerSecond;
      SF_TRY(visit({.key = std::move(object.key),
                    .size_bytes = object.size_bytes,
                    .mtime_ns = mtime_ns,
                    .etag = std::move(object.etag)}));
    }
    if (!page.is_truncated) return {};
    SF_TRY(guard.CheckNext(page.next));
    token = std::move(page.next);
  }
}

}  // namespace stateferry::storage::s3
