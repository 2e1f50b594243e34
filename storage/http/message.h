#pragma once
// One HTTP request and its answer, as storage/http/client.h sends and gives them.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace stateferry::storage::http {

/// In the order in which they are sent or came.  Names of answers are in lower case.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// The first value under `name` (lower case).
std::optional<std::string_view> FindHeader(const Headers& headers, std::string_view name);

/// An attempt that takes longer ends with kUnavailable; a repetition may help.
struct Timeouts {
  std::chrono::milliseconds connect = std::chrono::seconds(5);
  /// From the last byte of the request to the first of the answer.
  std::chrono::milliseconds first_byte = std::chrono::seconds(30);
  /// Less than 1 KiB/s for so long, in either direction.
  std::chrono::seconds stall = std::chrono::seconds(30);
  /// Then `stall` is the time without any byte, be it of the request or of the answer: for services
  /// that send blanks while they work.  Goes with `total`.
  bool any_byte_is_progress = false;
  /// For the whole attempt; 0 = none.
  std::chrono::milliseconds total = std::chrono::milliseconds(0);
};

struct Answer {
  int status = 0;
  Headers headers = {};
  std::string text = {};     ///< the body, unless it went to Request::into
  std::size_t received = 0;  ///< bytes that went to Request::into
  std::string_view Header(std::string_view name) const {
    return FindHeader(headers, name).value_or(std::string_view());
  }
};

struct Request {
  std::string method = "GET";
  /// Sent exactly as it is: "/../" and "%2F" are not touched.
  std::string url = {};
  Headers headers = {};
  /// Read while the request is sent; borrowed.
  ByteSpan body = {};
  /// When `wanted` says so, the answer's body is written here; borrowed.  A longer body is an
  /// error.
  MutableByteSpan into = {};
  /// Called with each piece of a body, in order, after it was copied to `into`: libcurl's bytes,
  /// which the processor's cache still has.  Valid during the call.
  std::function<void(ByteSpan piece)> arrived = {};
  /// Called with status and headers before any byte of a body arrives.  True: the body goes to
  /// `into`; false: to Answer::text.  An error ends the request at once and is returned.
  std::function<Result<bool>(const Answer& head)> wanted = {};
  /// A longer text ends the request with kRefused.
  std::size_t text_limit_bytes = std::size_t{16} << 20;
  Timeouts timeouts = {};
  /// Whatever the environment says.
  bool bypass_proxy = false;
};

}  // namespace stateferry::storage::http
