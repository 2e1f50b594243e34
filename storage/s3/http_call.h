#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "storage/s3/http_request.h"
#include "storage/s3/secret.h"

namespace stateferry::storage::s3 {

/// A small exchange with a token or metadata service.  The body is secret, for it may hold a token.
struct HttpCallRequest {
  HttpRequest request = {};
  Secret body = {};
  std::chrono::milliseconds timeout = std::chrono::seconds(5);  ///< of the whole exchange
  std::uint64_t max_answer_bytes = 1 << 20;                     ///< kRefused above it
  /// The metadata addresses of a cloud are link-local: a proxy must not be asked.
  bool bypass_proxy = false;
};

struct HttpCallAnswer {
  int status = 0;
  NameValues headers = {};
  Secret body = {};
};

/// Sends one request and gives the whole answer, whatever its status; follows no redirect.
/// Thread-safe.  Errors: kUnavailable: no answer (connection, TLS, timeout); kRefused: too large.
/// Messages name the host, never a body or header.
using HttpCall = std::function<Result<HttpCallAnswer>(const HttpCallRequest&)>;

}  // namespace stateferry::storage::s3
