#include "storage/s3/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/hash.h"
#include "base/result.h"

namespace stateferry::storage::s3 {
namespace {

// Found once: what EVP_sha256() gives is looked up again at each use (crypto(7), "Implicit
// fetching"), under a lock that all threads share.
const EVP_MD* Found(const char* name) {
  const EVP_MD* kind = EVP_MD_fetch(nullptr, name, nullptr);
  SF_ASSERT(kind != nullptr);
  return kind;
}
const EVP_MD* Sha256Kind() {
  static const EVP_MD* const kind = Found("SHA256");
  return kind;
}
const EVP_MD* Md5Kind() {
  static const EVP_MD* const kind = Found("MD5");
  return kind;
}

struct FreeContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using HmacContext = std::unique_ptr<EVP_MAC_CTX, FreeContext>;

/// An HMAC that knows its digest, to be given a key.  To be kept by the thread that uses it, for it
/// is a dozen allocations; it keeps what the last key came to, and wipes it when it is freed.
HmacContext HmacWith(const char* digest) {
  EVP_MAC* kind = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  SF_ASSERT(kind != nullptr);
  HmacContext context(EVP_MAC_CTX_new(kind));
  SF_ASSERT(context != nullptr);
  EVP_MAC_free(kind);  // which the context keeps
  std::string name(digest);
  const OSSL_PARAM which[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
      OSSL_PARAM_construct_end()};
  SF_ASSERT(EVP_MAC_CTX_set_params(context.get(), which) == 1);
  return context;
}

template <typename DigestArray>
DigestArray OneShot(const EVP_MD* kind, ByteSpan bytes) {
  DigestArray digest;
  unsigned int size = 0;
  SF_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kind, nullptr) == 1);
  SF_ASSERT(size == digest.size());
  return digest;
}

template <typename DigestArray>
DigestArray Hmac(EVP_MAC_CTX* context, std::string_view key, std::string_view text) {
  DigestArray digest;
  std::size_t size = 0;
  const auto bytes = [](std::string_view t) {
    return reinterpret_cast<const unsigned char*>(t.data());
  };
  SF_ASSERT(EVP_MAC_init(context, bytes(key), key.size(), nullptr) == 1);
  SF_ASSERT(EVP_MAC_update(context, bytes(text), text.size()) == 1);
  SF_ASSERT(EVP_MAC_final(context, digest.data(), &size, digest.size()) == 1);
  SF_ASSERT(size == digest.size());
  return digest;
}

}  // namespace

Md5Digest Md5(ByteSpan bytes) { return OneShot<Md5Digest>(Md5Kind(), bytes); }

Sha256Digest Sha256(ByteSpan bytes) { return OneShot<Sha256Digest>(Sha256Kind(), bytes); }

Sha256Digest HmacSha256(std::string_view key, std::string_view text) {
  thread_local const HmacContext context = HmacWith("SHA256");
  return Hmac<Sha256Digest>(context.get(), key, text);
}

Sha1Digest HmacSha1(std::string_view key, std::string_view text) {
  thread_local const HmacContext context = HmacWith("SHA1");
  return Hmac<Sha1Digest>(context.get(), key, text);
}

struct Sha256Stream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  SF_ASSERT(EVP_DigestInit_ex(state_->context, Sha256Kind(), nullptr) == 1);
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
