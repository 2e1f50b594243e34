#include "tests/fakes/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace stateferry::fakes {

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

bool SendAll(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Reads from a socket what a request needs; keeps what belongs to the next.
class Reader {
 public:
  explicit Reader(int socket) : socket_(socket) {}

  std::optional<ServedRequest> Next() {
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!Fill()) return std::nullopt;
    ServedRequest request = ParseHead(std::string_view(buffer_).substr(0, end));
    buffer_.erase(0, end + 4);
    const std::string length = request.Header("content-length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    while (buffer_.size() < size)
      if (!Fill()) return std::nullopt;
    request.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return request;
  }

 private:
  bool Fill() {
    char block[65536];
    const ssize_t got = ::recv(socket_, block, sizeof(block), 0);
    if (got <= 0) return false;
    buffer_.append(block, static_cast<std::size_t>(got));
    return true;
  }

  static ServedRequest ParseHead(std::string_view head) {
    ServedRequest request;
    for (bool first = true; !head.empty(); first = false) {
      const auto end = std::min(head.find("\r\n"), head.size());
      const auto line = head.substr(0, end);
      head.remove_prefix(std::min(end + 2, head.size()));
      if (first) {
        const auto space = line.find(' ');
        request.method = line.substr(0, space);
        request.target = line.substr(space + 1, line.rfind(' ') - space - 1);
        continue;
      }
      const auto colon = line.find(':');
      std::string name(line.substr(0, colon));
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      const auto value = line.find_first_not_of(' ', colon + 1);
      request.headers[name] = value == std::string_view::npos ? "" : line.substr(value);
    }
    return request;
  }

  const int socket_;
  std::string buffer_;
};

}  // namespace

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Require(listener_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  Require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  Require(::listen(listener_, 64) == 0);
  Require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread([this] { Accept(); });
}

HttpServer::~HttpServer() {
  closing_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  {
    std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  connections_threads_.clear();  // joins
  for (const int socket : sockets_) ::close(socket);
  ::close(listener_);
}

std::vector<ServedRequest> HttpServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::Accept() {
  while (!closing_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    // Head and body are sent apart: without this the body would wait for an acknowledgement.
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    const int connection = ++connections_;
    connections_threads_.emplace_back([this, socket, connection] { Serve(socket, connection); });
  }
}

void HttpServer::Serve(int socket, int connection) {
  Reader reader(socket);
  while (auto request = reader.Next()) {
    request->connection = connection;
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    Reply reply;
    {
      std::lock_guard lock(handling_);
      reply = handler_(*request);
    }
    if (!Answer(socket, *request, reply)) break;
  }
  ::shutdown(socket, SHUT_RDWR);
}

bool HttpServer::Answer(int socket, const ServedRequest& request, const Reply& reply) {
  const auto wait_for_the_end = [&] {
    char ignored;
    while (::recv(socket, &ignored, 1, 0) > 0) {
    }
    return false;
  };
  if (reply.fault == Reply::Fault::kNoAnswer) return false;
  if (reply.fault == Reply::Fault::kHang) return wait_for_the_end();
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Told\r\n";
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  const auto length = reply.content_length >= 0 ? reply.content_length
                                                : static_cast<std::int64_t>(reply.body.size());
  if (!reply.trailers.empty())
    head += "Transfer-Encoding: chunked\r\n";
  else if (reply.status != 204)
    head += "Content-Length: " + std::to_string(length) + "\r\n";
  if (!SendAll(socket, head + "\r\n")) return false;
  if (request.method == "HEAD") return true;
  std::string_view body = reply.body;
  if (!reply.trailers.empty()) {
    std::string rest = fmt::format("{:x}\r\n{}\r\n0\r\n", body.size(), body);
    for (const auto& line : reply.trailers) rest += line + "\r\n";
    return SendAll(socket, rest + "\r\n");
  }
  if (reply.fault == Reply::Fault::kCutBody || reply.fault == Reply::Fault::kStallBody)
    body = body.substr(0, body.size() / 2);
  if (reply.fault == Reply::Fault::kDripBody) {
    for (; !body.empty() && !closing_; body.remove_prefix(1)) {
      if (!SendAll(socket, body.substr(0, 1))) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  if (!SendAll(socket, body)) return false;
  if (reply.fault == Reply::Fault::kStallBody) return wait_for_the_end();
  return reply.fault == Reply::Fault::kNone;
}

}  // namespace stateferry::fakes
