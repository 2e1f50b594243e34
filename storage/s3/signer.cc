#include "storage/s3/signer.h"

#include "base/hash.h"
#include "storage/s3/canonical.h"
#include "storage/s3/digest.h"

namespace stateferry::storage::s3 {
namespace {

class AnonymousSigner final : public Signer {
 public:
  Result<void> Sign(HttpRequest& request, const Credentials&, const Payload&,
                    SystemTime) const override {
    SF_TRY(CheckSendable(request));
    RemoveHeader(request.headers, "Authorization");
    return {};
  }

  Result<std::string> Presign(const HttpRequest& request, const Credentials&,
                              std::chrono::seconds valid_for, SystemTime) const override {
    SF_TRY(CheckSendable(request));
    SF_TRY(CheckValidFor(valid_for));
    return Url(request);
  }
};

}  // namespace

std::string Credentials::ShownId() const {
  // A short id would be shown whole: rather nothing.
  return access_key_id.size() < 8 ? "..." : access_key_id.substr(0, 4) + "...";
}

Payload Payload::Empty() {
  static const Payload empty = Sha256Of({});
  return empty;
}

Payload Payload::Sha256Of(ByteSpan body) {
  return {Kind::kSha256, ToHex(DigestBytes(Sha256(body)))};
}

std::string_view Payload::HeaderValue() const {
  switch (kind) {
    case Kind::kUnsigned: return "UNSIGNED-PAYLOAD";
    case Kind::kSha256: return sha256_hex;
    case Kind::kStreamingUnsignedTrailer: return "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    case Kind::kStreamingSigned: return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    case Kind::kStreamingSignedTrailer: return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
  }
  return {};
}

std::unique_ptr<Signer> MakeAnonymousSigner() { return std::make_unique<AnonymousSigner>(); }

}  // namespace stateferry::storage::s3
