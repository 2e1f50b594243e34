#pragma once
// From an answer that is no success to an Error: what it means and whether a repetition may help.
// Codes: the services' lists of error codes; retries as the official SDKs do them.

#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry::storage::s3 {

/// What the service said.  Without secrets; the strings to sign that some errors quote are left
/// out.
struct ServiceError {
  int status = 0;
  std::string code = {};     ///< "NoSuchKey"; empty: the answer had no body, or another one
  std::string detail = {};   ///< OSS: its finer code, "0002-00000209"
  std::string message = {};  ///< the service's own words
  std::string request_id = {};
  std::string region = {};    ///< where the bucket really is, when the service says so
  std::string endpoint = {};  ///< likewise
};

/// "404 NoSuchKey: The specified key does not exist (request 4442587FB7D0A2F9)", and what to do.
Error ToError(const ServiceError& answer);

/// The service asks for fewer requests.
bool IsThrottled(const ServiceError& answer);
/// The credentials have expired, or a token is not (any more) known.
bool IsExpired(const ServiceError& answer);
/// The clocks differ too much.
bool IsSkewed(const ServiceError& answer);

}  // namespace stateferry::storage::s3
