#include "storage/http/transfer.h"

#include <algorithm>
#include <cstring>

#include "base/copy_past_cache.h"

namespace stateferry::storage::http {

namespace {

std::string_view Trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") + 1 - from);
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

bool HoldsControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// Errors that are about this machine or the request, not about a bad moment.
std::optional<ErrorCode> LastingError(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return ErrorCode::kInvalidArgument;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR: return ErrorCode::kPermission;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT: return ErrorCode::kInternal;
    default: return std::nullopt;
  }
}

/// Fewer system calls for each part than with libcurl's defaults of 16 and 64 KiB; but libcurl
/// makes the buffer anew for each request, and for a small one a large buffer is what costs.
long BufferFor(std::size_t size_bytes) {
  constexpr std::size_t kSmallest = 64u << 10, kLargest = 512u << 10;
  return static_cast<long>(std::clamp(size_bytes, kSmallest, kLargest));
}

}  // namespace

Transfer::~Transfer() { curl_slist_free_all(header_list_); }

void Transfer::SetMethod(CURL* handle) {
  const std::string& method = request_.method;
  if (method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (method == "PUT") {
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
  } else if (method == "POST") {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
  } else if (method != "GET") {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

Result<void> Transfer::Prepare(CURL* handle) {
  SetMethod(handle);
  curl_easy_setopt(handle, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "stateferry");
  if (request_.bypass_proxy) curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");

  // An object is moved as it is stored, so no Accept-Encoding.  Waiting for "100 Continue" would
  // cost a round trip for each part.  libcurl's own Content-Type for POST would not be signed.
  constexpr std::pair<const char*, const char*> kRemoved[] = {
      {"Expect", "Expect:"}, {"Accept", "Accept:"}, {"Content-Type", "Content-Type:"}};
  for (const auto& [name, removed] : kRemoved) {
    const bool given = std::any_of(
        request_.headers.begin(), request_.headers.end(),
        [name = name](const auto& h) { return curl_strequal(h.first.c_str(), name) != 0; });
    if (!given) header_list_ = curl_slist_append(header_list_, removed);
  }
  std::string line;
  for (const auto& [name, value] : request_.headers) {
    if (HoldsControl(name) || HoldsControl(value))
      return Error(ErrorCode::kInvalidArgument, "the header " + name + " holds a line break");
    // "name;" is how libcurl is told to send a header without a value.
    line.assign(name).append(value.empty() ? ";" : ": ").append(value);
    header_list_ = curl_slist_append(header_list_, line.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, header_list_);

  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, OnSend);
  curl_easy_setopt(handle, CURLOPT_READDATA, this);
  curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, OnRewind);
  curl_easy_setopt(handle, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, curl_message_);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, BufferFor(request_.into.size()));
  curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, BufferFor(request_.body.size()));

  const Timeouts& limits = request_.timeouts;
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.total.count()));
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, limits.any_byte_is_progress ? 0L : 1024L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.stall.count()));
  curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, OnConnected);
  curl_easy_setopt(handle, CURLOPT_PREREQDATA, this);
  return {};
}

std::optional<Transfer::Clock::time_point> Transfer::AnswerDeadline() const {
  if (!answering_ && sent_at_) return *sent_at_ + request_.timeouts.first_byte;
  if (!moved_at_ || !request_.timeouts.any_byte_is_progress) return std::nullopt;
  return *moved_at_ + request_.timeouts.stall;
}

int Transfer::OnConnected(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  // libcurl repeats by itself what it sent over a connection that was used before and closed
  // without an answer.  The server may have carried it out: the caller has to know that it is asked
  // twice.
  const std::string& method = transfer.request_.method;
  if (transfer.sent_before_ && method != "GET" && method != "HEAD") {
    transfer.error_ = Error(ErrorCode::kUnavailable, "the connection was closed without an answer",
                            Retry::kMayHelp);
    return CURL_PREREQFUNC_ABORT;
  }
  transfer.sent_before_ = true;
  transfer.moved_at_ = Clock::now();
  if (transfer.request_.body.empty()) transfer.sent_at_ = Clock::now();
  return CURL_PREREQFUNC_OK;
}

std::size_t Transfer::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  static_cast<Transfer*>(self)->moved_at_ = Clock::now();
  static_cast<Transfer*>(self)->TakeHeader({data, size * count});
  return size * count;
}

void Transfer::TakeHeader(std::string_view line) {
  // What comes behind a body is a trailer, whatever it says.
  if (line.starts_with("HTTP/") && !body_begun_) {
    // A new answer: what came before was an interim one.
    answering_ = true;
    answer_ = {};
    answer_.headers.reserve(16);  // of an ordinary answer
    const auto space = line.find(' ');
    if (space != std::string_view::npos)
      for (const char c : line.substr(space + 1, 3))
        answer_.status = answer_.status * 10 + (c >= '0' && c <= '9' ? c - '0' : 0);
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  answer_.headers.emplace_back(LowerCase(Trimmed(line.substr(0, colon))),
                               Trimmed(line.substr(colon + 1)));
}

std::size_t Transfer::OnBody(char* data, std::size_t size, std::size_t count, void* self) {
  const ByteSpan bytes = AsBytes({data, size * count});
  static_cast<Transfer*>(self)->moved_at_ = Clock::now();
  return static_cast<Transfer*>(self)->TakeBody(bytes) ? bytes.size() : bytes.size() + 1;
}

bool Transfer::BeginBody() {
  body_begun_ = true;
  if (!request_.wanted) return true;
  auto wanted = request_.wanted(answer_);
  if (!wanted) {
    error_ = std::move(wanted).error();
    return false;
  }
  into_span_ = *wanted;
  return true;
}

bool Transfer::TakeBody(ByteSpan bytes) {
  if (!body_begun_ && !BeginBody()) return false;
  if (!into_span_) {
    if (answer_.text.size() + bytes.size() > request_.text_limit_bytes) {
      error_ = Error(ErrorCode::kRefused, "the answer is longer than " +
                                              std::to_string(request_.text_limit_bytes) + " bytes");
      return false;
    }
    answer_.text.append(AsText(bytes));
    return true;
  }
  if (bytes.size() > request_.into.size() - answer_.received) {
    error_ = Error(ErrorCode::kUnavailable,
                   "the answer is longer than the " + std::to_string(request_.into.size()) +
                       " bytes that were asked for",
                   Retry::kMayHelp);
    return false;
  }
  std::byte* const to = request_.into.data() + answer_.received;
  // Nearly out of the cache again before all has arrived; `arrived` has what the cache has.
  constexpr std::size_t kLarge = std::size_t{1} << 20;
  if (request_.into.size() >= kLarge)
    CopyPastCache(to, bytes);
  else
    std::memcpy(to, bytes.data(), bytes.size());
  answer_.received += bytes.size();
  if (request_.arrived) request_.arrived(bytes);
  return true;
}

std::size_t Transfer::OnSend(char* to, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const ByteSpan rest = transfer.request_.body.subspan(transfer.sent_);
  const std::size_t now = std::min(size * count, rest.size());
  if (now > 0) std::memcpy(to, rest.data(), now);
  transfer.sent_ += now;
  transfer.moved_at_ = Clock::now();
  if (transfer.sent_ == transfer.request_.body.size()) transfer.sent_at_ = transfer.moved_at_;
  return now;
}

int Transfer::OnRewind(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (origin != SEEK_SET || offset < 0 ||
      static_cast<std::size_t>(offset) > transfer.request_.body.size())
    return CURL_SEEKFUNC_FAIL;
  transfer.sent_ = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

Result<Answer> Transfer::Finish(CURLcode code) {
  if (error_) return std::move(*error_);
  if (code == CURLE_OK) {
    // An answer without a body is judged as well.
    if (!body_begun_ && !BeginBody()) return std::move(*error_);
    return std::move(answer_);
  }
  std::string message = curl_message_[0] != '\0' ? curl_message_ : curl_easy_strerror(code);
  if (const auto lasting = LastingError(code)) {
    Error error(*lasting, std::move(message));
    if (*lasting == ErrorCode::kPermission)
      return std::move(error).WithHint("SSL_CERT_FILE names the file of certificates to trust");
    return error;
  }
  return Error(ErrorCode::kUnavailable, std::move(message), Retry::kMayHelp);
}

}  // namespace stateferry::storage::http
