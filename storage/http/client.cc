#include "storage/http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <mutex>

#include "storage/http/http_date.h"
#include "storage/http/transfer.h"

namespace stateferry::storage::http {

namespace {

/// A handle and the connections it keeps.  Used by one thread at a time.
class Line {
 public:
  Line() : multi_(curl_multi_init()), easy_(curl_easy_init()) { SF_ASSERT(multi_ && easy_); }
  ~Line() {
    curl_easy_cleanup(easy_);
    curl_multi_cleanup(multi_);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  Result<Answer> Send(const Request& request, const ClientOptions& options) {
    Transfer transfer(request);
    curl_easy_reset(easy_);
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
    if (!options.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
    if (!options.ca_directory.empty())
      curl_easy_setopt(easy_, CURLOPT_CAPATH, options.ca_directory.c_str());
    SF_TRY(transfer.Prepare(easy_));
    curl_multi_add_handle(multi_, easy_);
    auto code = Drive(transfer, options.stop);
    curl_multi_remove_handle(multi_, easy_);
    if (!code) return std::move(code).error();
    return transfer.Finish(*code);
  }

 private:
  /// Runs the transfer to its end: libcurl's verdict, or our own reason to leave it.
  Result<CURLcode> Drive(const Transfer& transfer, const std::stop_token& stop) {
    using std::chrono::milliseconds;
    constexpr milliseconds kLongestWait{1000};
    const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_); });
    for (;;) {
      int running = 0;
      if (const auto code = curl_multi_perform(multi_, &running); code != CURLM_OK)
        return Error(ErrorCode::kInternal, curl_multi_strerror(code));
      if (running == 0) return Verdict();
      if (stop.stop_requested())
        return Error(ErrorCode::kCancelled, "stopped while a request was under way");
      milliseconds wait = kLongestWait;
      if (const auto deadline = transfer.AnswerDeadline()) {
        const auto left = *deadline - Transfer::Clock::now();
        if (left <= left.zero())
          return Error(ErrorCode::kUnavailable, "the server did not answer in time",
                       Retry::kMayHelp);
        wait = std::min(wait, std::chrono::ceil<milliseconds>(left));
      }
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(wait.count()), nullptr);
    }
  }

  Result<CURLcode> Verdict() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left))
      if (message->msg == CURLMSG_DONE) return CURLcode{message->data.result};
    return Error(ErrorCode::kInternal, "libcurl ended a request without a verdict");
  }

  CURLM* const multi_;
  CURL* const easy_;
};

void InitCurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  SF_ASSERT(code == CURLE_OK);
}

}  // namespace

struct Client::Pool {
  const ClientOptions options;
  std::mutex mutex;
  std::vector<std::unique_ptr<Line>> idle;  // guarded by mutex

  explicit Pool(ClientOptions options_in) : options(std::move(options_in)) {}

  /// The one used last: its connection is the most likely to be still open.
  std::unique_ptr<Line> Take() {
    std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<Line>();
    auto line = std::move(idle.back());
    idle.pop_back();
    return line;
  }
  void Return(std::unique_ptr<Line> line) {
    std::lock_guard lock(mutex);
    idle.push_back(std::move(line));
  }
};

Client::Client(ClientOptions options) {
  InitCurl();
  pool_ = std::make_unique<Pool>(std::move(options));
}

Client::~Client() = default;

Result<Answer> Client::Send(const Request& request) {
  auto line = pool_->Take();
  auto answer = line->Send(request, pool_->options);
  pool_->Return(std::move(line));
  return answer;
}

std::optional<std::string_view> FindHeader(const Headers& headers, std::string_view name) {
  for (const auto& header : headers)
    if (header.first == name) return std::string_view(header.second);
  return std::nullopt;
}

std::chrono::milliseconds RetryAfter(const Answer& answer,
                                     std::chrono::system_clock::time_point now) {
  using std::chrono::milliseconds;
  const std::string_view text = answer.Header("retry-after");
  std::uint32_t seconds = 0;
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, seconds);
  if (error == std::errc() && at == end) return std::chrono::seconds(seconds);
  const auto date = ParseHttpDate(text);
  if (!date || *date <= now) return {};
  return std::chrono::ceil<milliseconds>(*date - now);
}

}  // namespace stateferry::storage::http
