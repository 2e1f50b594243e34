#include "storage/s3/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hash.h"
#include "base/result.h"

namespace stateferry::storage::s3 {
namespace {

template <typename DigestArray>
DigestArray OneShot(const EVP_MD* kind, ByteSpan bytes) {
  DigestArray digest;
  unsigned int size = 0;
  SF_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kind, nullptr) == 1);
  SF_ASSERT(size == digest.size());
  return digest;
}

template <typename DigestArray>
DigestArray Hmac(const EVP_MD* kind, std::string_view key, std::string_view text) {
  DigestArray digest;
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  SF_ASSERT(HMAC(kind, key.data(), static_cast<int>(key.size()), bytes, text.size(), digest.data(),
                 &size) != nullptr);
  SF_ASSERT(size == digest.size());
  return digest;
}

}  // namespace

Md5Digest Md5(ByteSpan bytes) { return OneShot<Md5Digest>(EVP_md5(), bytes); }

Sha256Digest Sha256(ByteSpan bytes) { return OneShot<Sha256Digest>(EVP_sha256(), bytes); }

Sha256Digest HmacSha256(std::string_view key, std::string_view text) {
  return Hmac<Sha256Digest>(EVP_sha256(), key, text);
}

Sha1Digest HmacSha1(std::string_view key, std::string_view text) {
  return Hmac<Sha1Digest>(EVP_sha1(), key, text);
}

struct Sha256Stream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  SF_ASSERT(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::Update(ByteSpan bytes) {
  SF_ASSERT(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256Stream::Digest() const {
  State copy;
  Sha256Digest digest;
  SF_ASSERT(EVP_MD_CTX_copy_ex(copy.context, state_->context) == 1);
  SF_ASSERT(EVP_DigestFinal_ex(copy.context, digest.data(), nullptr) == 1);
  return digest;
}

std::string MultipartEtag(std::span<const Md5Digest> parts) {
  std::string all;
  all.reserve(parts.size() * sizeof(Md5Digest));
  for (const Md5Digest& part : parts) all += DigestText(part);
  return ToHex(DigestBytes(Md5(AsBytes(all)))) + '-' + std::to_string(parts.size());
}

std::string Base64Encode(ByteSpan bytes) {
  // EVP_EncodeBlock ends with a NUL.
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<std::string> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return std::string();
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  out.resize(out.size() - std::min(out.size(), padding));
  // EVP_DecodeBlock forgives blanks, misplaced padding and stray bits: only the one right form of
  // these bytes is accepted.
  if (Base64Encode(AsBytes(out)) != text) return std::nullopt;
  return out;
}

}  // namespace stateferry::storage::s3
