#include "storage/s3/secret.h"

#include <openssl/crypto.h>

namespace stateferry::storage::s3 {

Secret::Secret(std::string_view text) : text_(text) {}

Secret::Secret(const Secret& other) : text_(other.text_) {}

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.Wipe(); }

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    Wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    text_ = std::move(other.text_);
    other.Wipe();
  }
  return *this;
}

Secret::~Secret() { Wipe(); }

bool Secret::operator==(const Secret& other) const {
  return text_.size() == other.text_.size() &&
         CRYPTO_memcmp(text_.data(), other.text_.data(), text_.size()) == 0;
}

void Secret::Wipe() {
  // A moved-from short text still sits in the string's own bytes: wipe up to the capacity.
  text_.resize(text_.capacity());
  OPENSSL_cleanse(text_.data(), text_.size());
  text_.clear();
}

}  // namespace stateferry::storage::s3
