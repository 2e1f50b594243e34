#pragma once
// HTTP by libcurl.  Connections are kept and used again (HTTP/1.1 keep-alive; HTTP/2 where a TLS
// server offers it), bodies go from and to spans of the caller.  Never follows a redirect: a
// signature covers the host it was made for.

#include <memory>
#include <stop_token>
#include <string>

#include "storage/http/message.h"

namespace stateferry::storage::http {

struct ClientOptions {
  /// Trusted certificates for TLS (PEM); empty: those of the system.
  std::string ca_file = {};
  std::string ca_directory = {};
  /// Ends running requests with kCancelled.
  std::stop_token stop = {};
};

/// Thread-safe: each request runs on the calling thread over a connection of its own, taken from
/// those that are idle.  Proxies come from http_proxy, https_proxy, all_proxy and no_proxy.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Any answer is a success, whatever its status.  An error means that there is none, or not all
  /// of it: kUnavailable (retry may help; the request may have been carried out), kCancelled,
  /// kPermission (the server's certificate is not trusted), kInvalidArgument (no URL).
  Result<Answer> Send(const Request& request);

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

/// What Retry-After asks for, in seconds or as a date, when it is `now` at the server; 0 when it is
/// missing or over.
std::chrono::milliseconds RetryAfter(const Answer& answer,
                                     std::chrono::system_clock::time_point now);

}  // namespace stateferry::storage::http
