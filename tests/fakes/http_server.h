#pragma once
// A small HTTP/1.1 server on a loopback port that answers as the test says, or badly on purpose.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace stateferry::fakes {

struct ServedRequest {
  std::string method;
  std::string target;                          ///< as it came over the wire
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  int connection = 0;  ///< from 1, in the order in which they were accepted

  std::string Header(const std::string& name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? "" : it->second;
  }
};

struct Reply {
  enum class Fault {
    kNone,
    kNoAnswer,      ///< close the connection instead
    kHang,          ///< say nothing until the server goes away
    kCutBody,       ///< close after half of the body
    kStallBody,     ///< say nothing more after half of the body
    kDripBody,      ///< give it byte by byte, 50 in a second
    kCloseQuietly,  ///< answer, then close without having said so
  };
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  Fault fault = Fault::kNone;
  /// What Content-Length says; -1: the truth.
  std::int64_t content_length = -1;
  /// Lines behind the body, which then comes in one chunk and without Content-Length.
  std::vector<std::string> trailers = {};
};

/// Thread-safe.  The handler runs on the thread of its connection, one call at a time.
class HttpServer {
 public:
  using Handler = std::function<Reply(const ServedRequest&)>;

  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "127.0.0.1:PORT".
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return "http://" + host(); }
  /// All requests so far.
  std::vector<ServedRequest> requests() const;
  int connections() const { return connections_; }
  /// For what the handler reads: it does not run meanwhile.
  void Change(const std::function<void()>& change) {
    std::lock_guard lock(handling_);
    change();
  }

 private:
  void Accept();
  void Serve(int socket, int connection);
  /// False: close the connection.
  bool Answer(int socket, const ServedRequest& request, const Reply& reply);

  const Handler handler_;
  std::mutex handling_;  // held while handler_ is called
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> closing_{false};
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::vector<ServedRequest> requests_;            // guarded by mutex_
  std::vector<int> sockets_;                       // guarded by mutex_
  std::vector<std::jthread> connections_threads_;  // guarded by mutex_
  std::jthread accepting_;
};

}  // namespace stateferry::fakes
