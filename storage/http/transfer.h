#pragma once
// One request under way on a libcurl handle: what the callbacks need.  Only for client.cc.

#include <curl/curl.h>

#include <optional>

#include "storage/http/message.h"

namespace stateferry::storage::http {

/// Used by one thread.  The request must outlive it.
class Transfer {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Transfer(const Request& request) : request_(request) {}
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Sets every option of the handle; the handle may be used again after curl_easy_reset.
  Result<void> Prepare(CURL* handle);
  /// When the answer's first byte has to be there, or the next one of either side where any is
  /// progress; none while libcurl watches the speed.
  std::optional<Clock::time_point> AnswerDeadline() const;
  /// The answer, after libcurl said `code`.
  Result<Answer> Finish(CURLcode code);

 private:
  static int OnConnected(void* self, char* their_ip, char* our_ip, int their_port, int our_port);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnSend(char* to, std::size_t size, std::size_t count, void* self);
  static int OnRewind(void* self, curl_off_t offset, int origin);

  void TakeHeader(std::string_view line);
  /// False ends the transfer; error_ says why.
  bool TakeBody(ByteSpan bytes);
  bool BeginBody();
  void SetMethod(CURL* handle);

  const Request& request_;
  Answer answer_;
  std::optional<Error> error_;
  curl_slist* header_list_ = nullptr;
  char curl_message_[CURL_ERROR_SIZE] = {};
  std::size_t sent_ = 0;
  std::optional<Clock::time_point> sent_at_;
  bool sent_before_ = false;
  std::optional<Clock::time_point> moved_at_;  ///< a byte, in either direction
  bool answering_ = false;                     ///< a status line has come
  bool body_begun_ = false;
  bool into_span_ = false;
};

}  // namespace stateferry::storage::http
