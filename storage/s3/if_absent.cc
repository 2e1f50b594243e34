// "Only if it does not exist", and whether the service keeps to it: requests of client.h.

#include "base/log.h"
#include "storage/s3/client.h"

namespace stateferry::storage::s3 {

Result<void> Client::RefuseIfThere(std::string_view key) {
  auto meta = Head(key);
  if (meta) return Error(ErrorCode::kConflict, std::string(key) + " exists already");
  if (meta.error().code() == ErrorCode::kNotFound) return {};
  return std::move(meta).error();
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

Result<std::string> Client::Put(std::string_view key, ByteSpan bytes, bool overwrite) {
  return overwrite ? PutOnce(key, bytes, {}) : PutNew(key, bytes);
}

Result<std::string> Client::PutNew(std::string_view key, ByteSpan bytes) {
  const PutIfAbsent how = dialect().put_if_absent;
  // One at a time until it is known: nobody relies on what is being found out.
  std::unique_lock lock(proving_, std::defer_lock);
  if (how == PutIfAbsent::kIfNoneMatch && kept_ == Kept::kUnknown) lock.lock();
  const bool proves = lock.owns_lock() && kept_ == Kept::kUnknown && proofs_left_ > 0;
  if (lock.owns_lock() && !proves) lock.unlock();
  NameValues condition;
  SF_TRY(AddCondition(how, kept_, key, condition));
  auto etag = PutOnce(key, bytes, condition);
  if (!etag || !proves) return etag;
  ProveCondition(key, bytes, condition);
  if (kept_ == Kept::kNo) return IgnoresCondition(key);
  return etag;
}

// The object that was made just now is one that exists, and the same bytes do it no harm.
void Client::ProveCondition(std::string_view key, ByteSpan bytes, const NameValues& condition) {
  --proofs_left_;
  const auto again = PutOnce(key, bytes, condition);
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
