// "Only if it does not exist", and whether the service keeps to it: requests of client.h.

#include <algorithm>

#include "base/log.h"
#include "storage/s3/client.h"
#include "storage/s3/s3_answers.h"

namespace stateferry::storage::s3 {

Result<void> Client::RefuseIfThere(std::string_view key) {
  SF_TRY(const bool is_there, IsThere(key));
  if (is_there) return Error(ErrorCode::kConflict, std::string(key) + " exists already");
  return {};
}

Result<bool> Client::IsThere(std::string_view key) {
  if (const auto told = TellByPage(key)) return *told;
  auto meta = Head(key);
  if (meta) return true;
  if (meta.error().code() == ErrorCode::kNotFound) return false;
  return std::move(meta).error();
}

/// Whether many keys are asked for.  The caller holds looks_mutex_.
bool Client::AreManyLooks(std::chrono::steady_clock::time_point now) {
  constexpr int kFewLooks = 8;
  const auto since = now - looks_since_;
  if (since > RecentPage::kFresh) {
    // Who goes on as before need not begin one by one again.
    were_many_looks_ = looks_ > kFewLooks && since <= 2 * RecentPage::kFresh;
    looks_ = 0;
    looks_since_ = now;
  }
  return ++looks_ > kFewLooks || were_many_looks_;
}

// Whoever asks for many keys at once is about to ask for more, and a page of a listing tells of
// 1,000. Where there is none to be had, or only one that is old when it comes, each key is asked
// for.
std::optional<bool> Client::TellByPage(std::string_view key) {
  auto now = session_->SteadyTime();
  {
    std::unique_lock lock(looks_mutex_);
    const bool are_many = AreManyLooks(now);
    // One answer for all who ask meanwhile.  Whoever lists comes back: a request has time limits,
    // and is stopped with the session.
    if (!recent_page_.IsForgotten(key))
      page_came_.wait_for(lock, RecentPage::kFresh, [&] { return !recent_page_.is_coming(); });
    now = session_->SteadyTime();
    if (const auto told = recent_page_.IsThere(key, now)) return told;
    // What became of an own request only the object itself tells.
    if (lists_no_more_ || recent_page_.is_coming() || recent_page_.IsForgotten(key) || !are_many)
      return std::nullopt;
    recent_page_.Begin();
  }
  auto page = ListAround(key);
  std::lock_guard lock(looks_mutex_);
  page_came_.notify_all();
  lists_no_more_ = !page || session_->SteadyTime() - now > RecentPage::kFresh;
  if (lists_no_more_) {
    recent_page_ = {};
    return std::nullopt;
  }
  recent_page_.Note(std::move(*page), now);
  return recent_page_.IsThere(key, now);
}

/// Before each request that makes or deletes an object.
void Client::Changes(std::string_view key) {
  std::lock_guard lock(looks_mutex_);
  recent_page_.Forget(key);
}

/// A page of the keys next to `key`, and behind it.
Result<ListedKeys> Client::ListAround(std::string_view key) {
  // Without its last character, of which UTF-8 has up to four bytes.
  std::size_t end = key.size() - 1;
  while (end > 0 && (static_cast<unsigned char>(key[end]) & 0xc0) == 0x80) --end;
  ListedKeys around{.prefix = std::string(key.substr(0, key.rfind('/') + 1)),
                    .after = std::string(key.substr(0, end))};
  Call call{.query = {{"list-type", "2"},
                      {"encoding-type", "url"},
                      {"max-keys", "1000"},
                      {"prefix", around.prefix}}};
  if (around.after.size() > around.prefix.size())
    call.query.emplace_back("start-after", around.after);
  else
    around.after.clear();
  SF_TRY(const auto answer, session_->Send(call));
  const ListParsing parsing{.token_is_encoded = dialect().list_token_is_encoded};
  SF_TRY(auto page, ParseListPage(answer.text, parsing));
  for (auto& object : page.objects) around.keys.push_back(std::move(object.key));
  if (!std::is_sorted(around.keys.begin(), around.keys.end()))
    return Error(ErrorCode::kRefused, "the service does not list in order");
  if (page.is_truncated) around.last = around.keys.empty() ? around.after : around.keys.back();
  return around;
}

Error Client::IgnoresCondition(std::string_view key) const {
  return Error(
             ErrorCode::kRefused,
             "the service of " + location() +
                 " does not keep to If-None-Match: the same PUT again replaced what was there, so "
                 "an object that another writer makes meanwhile would be lost; dialect=basic "
                 "behind the place looks at each name first")
      .WithContext("PUT " + location() + "/" + std::string(key))
      .WithHint(
          "with dialect=basic there is a moment after the look in which another writer is not "
          "seen; "
          "--if-exists overwrite asks for no condition");
}

// Where it is not known that the condition counts, a look before it leaves the least of a gap.
Result<void> Client::AddCondition(PutIfAbsent how, Kept kept, std::string_view key,
                                  NameValues& headers) {
  switch (how) {
    case PutIfAbsent::kIfNoneMatch:
      if (kept == Kept::kNo) return IgnoresCondition(key);
      headers.emplace_back("if-none-match", "*");
      break;
    case PutIfAbsent::kForbidOverwrite:
      headers.emplace_back("x-oss-forbid-overwrite", "true");
      break;
    case PutIfAbsent::kLookFirst: return RefuseIfThere(key);
  }
  return kept == Kept::kYes ? Result<void>() : RefuseIfThere(key);
}

// A PUT that keeps to it says nothing of Complete, which many services taught it later.
Client::Kept Client::KeptByComplete() const {
  const bool by_put_alone = dialect().complete_if_absent == PutIfAbsent::kIfNoneMatch &&
                            !dialect().conditions_are_kept && kept_ == Kept::kYes;
  return by_put_alone ? Kept::kUnknown : kept_.load();
}

Result<Stored> Client::Put(std::string_view key, ByteSpan bytes, bool overwrite, Proof proof) {
  return overwrite ? PutOnce(key, bytes, {}, proof) : PutNew(key, bytes, proof);
}

Result<Stored> Client::PutNew(std::string_view key, ByteSpan bytes, Proof proof) {
  const PutIfAbsent how = dialect().put_if_absent;
  // One at a time until it is known: nobody relies on what is being found out.
  std::unique_lock lock(proving_, std::defer_lock);
  if (how == PutIfAbsent::kIfNoneMatch && kept_ == Kept::kUnknown) lock.lock();
  const bool proves = lock.owns_lock() && kept_ == Kept::kUnknown && proofs_left_ > 0;
  if (lock.owns_lock() && !proves) lock.unlock();
  NameValues condition;
  SF_TRY(AddCondition(how, kept_, key, condition));
  auto stored = PutOnce(key, bytes, condition, proof);
  if (!stored || !proves) return stored;
  ProveCondition(key, bytes, condition);
  if (kept_ == Kept::kNo) return IgnoresCondition(key);
  return stored;
}

// The object that was made just now is one that exists, and the same bytes do it no harm.
void Client::ProveCondition(std::string_view key, ByteSpan bytes, const NameValues& condition) {
  --proofs_left_;
  const auto again = PutOnce(key, bytes, condition, Proof::kNotWanted);
  if (again)
    kept_ = Kept::kNo;
  else if (again.error().code() == ErrorCode::kConflict)
    kept_ = Kept::kYes;
  // All else says nothing of it, and the object is there.
}

// OSS does not look at x-oss-forbid-overwrite where a bucket keeps versions, or has kept them, and
// tells the version of what was made there only.
void Client::LearnVersions(const http::Answer& answer) {
  if (dialect().put_if_absent != PutIfAbsent::kForbidOverwrite) return;
  const Kept now = answer.Header("x-oss-version-id").empty() ? Kept::kYes : Kept::kNo;
  if (kept_.exchange(now) == now || now == Kept::kYes) return;
  LogWarning(
      "storage",
      "{} keeps versions, and then OSS does not keep to x-oss-forbid-overwrite: each name is "
      "looked at first, and what another writer makes in the moment after that is replaced",
      location());
}

}  // namespace stateferry::storage::s3
