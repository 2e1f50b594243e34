#pragma once
// Signing a request so that S3 or OSS believes it.  Facts: the services' documents on Signature
// Version 4 (AWS) and V4/V1 (OSS), held to vectors made by the official SDKs (tests/data/signing).

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/s3/http_request.h"
#include "storage/s3/secret.h"

namespace stateferry::storage::s3 {

using SystemTime = std::chrono::system_clock::time_point;

/// Who asks.  Everything but the key id is secret and cannot be printed.
struct Credentials {
  std::string access_key_id = {};
  Secret secret_access_key = {};
  Secret session_token = {};               ///< empty: long-lived keys
  std::optional<SystemTime> expires = {};  ///< none: they do not expire
  /// No key id: sign nothing.
  bool anonymous() const { return access_key_id.empty(); }
  /// The first four letters and "...", for messages.
  std::string ShownId() const;
  bool operator==(const Credentials&) const = default;
};

/// What the signature says about the body.
struct Payload {
  enum class Kind {
    kUnsigned,                  ///< UNSIGNED-PAYLOAD: only over TLS, next to a checksum header
    kSha256,                    ///< hex SHA-256 of the whole body
    kStreamingUnsignedTrailer,  ///< aws-chunked, checksum in the trailer, over TLS
    kStreamingSigned,           ///< aws-chunked, every chunk signed: SigV4Signer::SignChunked
    kStreamingSignedTrailer,    ///< the same, and the trailer too
  };
  Kind kind = Kind::kUnsigned;
  std::string sha256_hex = {};  ///< of kSha256

  static Payload Unsigned() { return {}; }
  static Payload Empty();
  static Payload Sha256Of(ByteSpan body);
  /// What x-amz-content-sha256 says.
  std::string_view HeaderValue() const;
};

/// One way of signing for one region and service.  All methods are const and thread-safe; derived
/// keys are cached, so a signer should live as long as its bucket is used.
class Signer {
 public:
  virtual ~Signer() = default;

  /// Adds the date, payload and token headers and Authorization.  Those of an earlier signing are
  /// replaced, so a retry signs the same request again.  Afterwards neither method, host, path,
  /// query nor any header that was there may change; headers added later are not signed
  /// (User-Agent, Content-Length by libcurl).  The headers are secret from here on: they may hold
  /// the session token.  `now` is the time of the *service* (local time plus known skew).
  /// Errors: kInvalidArgument: a header value or method that could not be sent as it is;
  /// kPermission: no credentials.
  virtual Result<void> Sign(HttpRequest& request, const Credentials& credentials,
                            const Payload& payload, SystemTime now) const = 0;

  /// A URL that whoever holds it may use for `valid_for` (1 s to 7 days) from `now`, with exactly
  /// the headers in `request` (Host aside).  The body is not signed.  The URL is a secret.
  /// Errors: as Sign; kInvalidArgument for `valid_for`.
  virtual Result<std::string> Presign(const HttpRequest& request, const Credentials& credentials,
                                      std::chrono::seconds valid_for, SystemTime now) const = 0;
};

/// Sends requests as they are: public buckets.  Presign gives the plain URL.
std::unique_ptr<Signer> MakeAnonymousSigner();

struct SigV4Options {
  std::string region = {};  ///< "us-east-1"
  std::string service = "s3";
  /// Sends X-Amz-Content-Sha256.  S3 demands it; services like STS do not know it.
  bool payload_header = true;
};
/// AWS4-HMAC-SHA256.  storage/s3/sigv4.h has the class, with signing of chunks.
std::unique_ptr<Signer> MakeSigV4Signer(SigV4Options options);

struct OssV4Options {
  std::string region = {};      ///< "cn-hangzhou", without "oss-"; a CloudBox: its id
  std::string product = "oss";  ///< "oss-cloudbox" for a CloudBox
  /// Signed where the request has them, on top of x-oss-*, content-type and content-md5.  Over
  /// plain http it should name "host", or an attacker may send the request elsewhere.
  std::vector<std::string> additional_headers = {};
};
/// OSS4-HMAC-SHA256.  The body is never part of it: `payload` must be unsigned (kInvalidArgument).
std::unique_ptr<Signer> MakeOssV4Signer(OssV4Options options);

/// The legacy HMAC-SHA1 form, for old private clouds only; new accounts refuse it.
std::unique_ptr<Signer> MakeOssV1Signer();

}  // namespace stateferry::storage::s3
