#include "storage/s3/signing_key.h"

namespace stateferry::storage::s3 {
namespace {
// Two sides, a day that ends, keys that are refreshed: a handful is in use at a time.
constexpr std::size_t kRemembered = 8;
}  // namespace

std::string SigningScope::ToString() const {
  return date + '/' + region + '/' + service + '/' + std::string(terminator);
}

Secret DeriveSigningKey(const SigningScope& scope, const Secret& secret_access_key) {
  const Secret start(std::string(scope.prefix) + secret_access_key.Reveal());
  const auto of_date = HmacSha256(start.Reveal(), scope.date);
  const auto of_region = HmacSha256(DigestText(of_date), scope.region);
  const auto of_service = HmacSha256(DigestText(of_region), scope.service);
  return Secret(DigestText(HmacSha256(DigestText(of_service), scope.terminator)));
}

Secret SigningKeys::Get(const SigningScope& scope, const Secret& secret_access_key) {
  const std::lock_guard lock(mutex_);
  for (auto it = recent_.begin(); it != recent_.end(); ++it) {
    if (!(it->scope == scope) || !(it->secret_access_key == secret_access_key)) continue;
    recent_.splice(recent_.begin(), recent_, it);
    return it->key;
  }
  recent_.push_front({scope, secret_access_key, DeriveSigningKey(scope, secret_access_key)});
  if (recent_.size() > kRemembered) recent_.pop_back();
  return recent_.front().key;
}

}  // namespace stateferry::storage::s3
