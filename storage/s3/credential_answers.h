#pragma once
// What token and metadata services are asked and what they answer.

#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/s3/http_call.h"
#include "storage/s3/signer.h"

namespace stateferry::storage::s3 {

/// Where the fields stand in a JSON answer.
struct CredentialFields {
  std::string_view id = "AccessKeyId";
  std::string_view secret = "SecretAccessKey";
  std::string_view token = "Token";
  std::string_view expires = "Expiration";
};
inline constexpr CredentialFields kAlibabaFields{.secret = "AccessKeySecret",
                                                 .token = "SecurityToken"};

/// Errors: kPermission: not JSON, "Code" is there and not "Success", a field is missing or an
/// expiry that cannot be read.  Token and expiry may be missing.
Result<Credentials> ParseCredentialsJson(const Secret& json, const CredentialFields& fields);

/// The answer to a successful AssumeRole or AssumeRoleWithWebIdentity of AWS STS.
/// Errors: kPermission.
Result<Credentials> ParseStsXml(const Secret& xml);

/// "https://host:port/path?query" as a request, decoded.  Errors: kInvalidArgument: another scheme,
/// no host, a user name in it.
Result<HttpRequest> RequestForUrl(std::string_view url);

/// Without the blanks and line ends that editors leave around a token in a file.
std::string TrimmedToken(std::string_view text);

/// name=value&..., percent-encoded.
Secret FormBody(const NameValues& fields);

/// Success for 2xx.  Errors: kUnavailable (retry may help) for 408, 429 and 5xx, kPermission for
/// all else, with the code and message of an XML or JSON error.
Result<void> CheckStatus(const HttpCallAnswer& answer, std::string_view service);

}  // namespace stateferry::storage::s3
