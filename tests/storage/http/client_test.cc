// The client against a server that does as it is told.

#include "storage/http/client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <thread>

#include "base/task_group.h"
#include "tests/fakes/http_server.h"

namespace stateferry::storage::http {
namespace {

using fakes::HttpServer;
using fakes::Reply;
using fakes::ServedRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;

Reply Echo(const ServedRequest& request) {
  return {.body = request.method + " " + request.target + " " + request.body};
}

std::string Random(std::size_t size) {
  std::string text(size, '\0');
  std::uint64_t state = 1;
  for (char& c : text) c = static_cast<char>((state = state * 6364136223846793005u + 1) >> 56);
  return text;
}

MutableByteSpan Writable(std::string& text) {
  return {reinterpret_cast<std::byte*>(text.data()), text.size()};
}

template <typename T>
void ExpectTransient(const Result<T>& result) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kUnavailable) << result.error().message();
  EXPECT_EQ(result.error().retry(), Retry::kMayHelp);
}

TEST(HttpClient, SendsEachMethodWithItsBody) {
  HttpServer server(Echo);
  Client client({});
  const std::string body = Random(3'000'000);
  for (const char* method : {"GET", "DELETE"}) {
    auto answer = client.Send({.method = method, .url = server.url() + "/k"});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->text, std::string(method) + " /k ");
  }
  for (const char* method : {"PUT", "POST"}) {
    auto answer =
        client.Send({.method = method, .url = server.url() + "/k", .body = AsBytes(body)});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->text, std::string(method) + " /k " + body);
    auto empty = client.Send({.method = method, .url = server.url() + "/k"});
    ASSERT_TRUE(empty) << empty.error().message();
    EXPECT_EQ(server.requests().back().Header("content-length"), "0");
  }
  auto head = client.Send({.method = "HEAD", .url = server.url() + "/k"});
  ASSERT_TRUE(head) << head.error().message();
  EXPECT_EQ(head->text, "");
  EXPECT_EQ(head->Header("content-length"), std::to_string(std::string("HEAD /k ").size()));
}

TEST(HttpClient, SendsTheUrlAsItIs) {
  HttpServer server(Echo);
  Client client({});
  for (const char* target : {"/b/../x/./y", "/b//k", "/b/a%2Fb%20c?x=&a=1&b=%2F", "/b?uploads"}) {
    ASSERT_TRUE(client.Send({.url = server.url() + target}));
    EXPECT_EQ(server.requests().back().target, target);
  }
}

TEST(HttpClient, AddsNoHeaderThatChangesTheMeaning) {
  HttpServer server(Echo);
  Client client({});
  const std::string body = Random(2'000'000);
  ASSERT_TRUE(client.Send({.method = "POST",
                           .url = server.url() + "/k",
                           .headers = {{"x-one", "1"}, {"x-empty", ""}},
                           .body = AsBytes(body)}));
  const auto sent = server.requests().back();
  EXPECT_EQ(sent.Header("x-one"), "1");
  EXPECT_TRUE(sent.headers.contains("x-empty"));
  for (const char* name : {"expect", "accept", "accept-encoding", "content-type",
                           "transfer-encoding", "authorization"})
    EXPECT_FALSE(sent.headers.contains(name)) << name;
}

TEST(HttpClient, RefusesHeadersThatWouldBecomeTwo) {
  HttpServer server(Echo);
  Client client({});
  auto answer = client.Send({.url = server.url() + "/k", .headers = {{"a", "1\r\nb: 2"}}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClient, GivesStatusAndHeadersOfAnyAnswer) {
  HttpServer server([](const ServedRequest&) -> Reply {
    return {.status = 503,
            .headers = {{"Retry-After", "7"}, {"X-Amz-Id", "  spaced "}},
            .body = "<Error/>"};
  });
  Client client({});
  auto answer = client.Send({.url = server.url() + "/k"});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->Header("x-amz-id"), "spaced");
  EXPECT_EQ(answer->text, "<Error/>");
  const auto now = std::chrono::system_clock::from_time_t(1445412480);  // 2015-10-21 07:28:00
  const auto after = [&](const char* text) {
    return RetryAfter({.headers = {{"retry-after", text}}}, now);
  };
  EXPECT_EQ(RetryAfter(*answer, now), seconds(7));
  EXPECT_EQ(after("Wed, 21 Oct 2015 07:28:45 GMT"), seconds(45));
  EXPECT_EQ(after("Wed, 21 Oct 2015 07:27:45 GMT"), seconds(0));
  EXPECT_EQ(after("soon"), seconds(0));
}

TEST(HttpClient, DoesNotFollowRedirects) {
  HttpServer other(Echo);
  HttpServer server([&](const ServedRequest&) -> Reply {
    return {.status = 307, .headers = {{"Location", other.url() + "/stolen"}}};
  });
  Client client({});
  auto answer = client.Send({.url = server.url() + "/k"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 307);
  EXPECT_TRUE(other.requests().empty());
}

TEST(HttpClient, WritesTheBodyWhereItIsWanted) {
  const std::string content = Random(5'000'000);
  HttpServer server(
      [&](const ServedRequest&) -> Reply { return {.status = 206, .body = content}; });
  Client client({});
  std::string into(content.size(), '\0');
  auto answer = client.Send(
      {.url = server.url() + "/k",
       .into = Writable(into),
       .wanted = [](const Answer& head) -> Result<bool> { return head.status == 206; }});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->received, content.size());
  EXPECT_EQ(answer->text, "");
  EXPECT_TRUE(into == content);
}

TEST(HttpClient, TakesNoByteOfAnAnswerThatIsRefused) {
  HttpServer server([](const ServedRequest&) -> Reply { return {.body = "wrong"}; });
  Client client({});
  std::string into = "*****";
  const auto refuse = [](const Answer&) -> Result<bool> {
    return Error(ErrorCode::kConflict, "another version");
  };
  auto answer = client.Send({.url = server.url() + "/k", .into = Writable(into), .wanted = refuse});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(into, "*****");
}

TEST(HttpClient, ALongerBodyThanAskedForIsAnError) {
  HttpServer server([](const ServedRequest&) -> Reply { return {.body = "123456"}; });
  Client client({});
  std::string into = "*****";
  const auto take = [](const Answer&) -> Result<bool> { return true; };
  ExpectTransient(
      client.Send({.url = server.url() + "/k", .into = Writable(into), .wanted = take}));
  auto text = client.Send({.url = server.url() + "/k", .text_limit_bytes = 5});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), ErrorCode::kRefused);
}

// Else the count of what has arrived would begin again, below what was already used of it.
TEST(HttpClient, ATrailerIsNoNewAnswer) {
  const std::string body = Random(1'200'000);
  HttpServer server([&](const ServedRequest&) {
    return Reply{.status = 206, .body = body, .trailers = {"HTTP/1.1 416 Told: x", "x-sum: 1"}};
  });
  Client client({});
  std::string out(body.size(), '*');
  std::string arrived;
  auto answer = client.Send({.url = server.url() + "/k",
                             .into = Writable(out),
                             .arrived = [&](ByteSpan piece) { arrived += AsText(piece); },
                             .wanted = [](const Answer&) { return true; }});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 206);
  EXPECT_EQ(answer->received, body.size());
  EXPECT_EQ(out, body);
  EXPECT_EQ(arrived, body);
}

TEST(HttpClient, UsesAConnectionAgain) {
  HttpServer server(Echo);
  Client client({});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.Send({.url = server.url() + "/k"}));
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, RunsAsManyRequestsAsThreadsAndKeepsTheirConnections) {
  HttpServer server([](const ServedRequest& request) {
    std::this_thread::sleep_for(milliseconds(1));
    return Echo(request);
  });
  Client client({});
  TaskGroup group;
  for (int thread = 0; thread < 6; ++thread) {
    group.Start([&, thread](std::stop_token) -> Result<void> {
      for (int i = 0; i < 50; ++i) {
        const std::string target = "/" + std::to_string(thread * 1000 + i);
        SF_TRY(auto answer, client.Send({.url = server.url() + target}));
        if (answer.text != "GET " + target + " ")
          return Error(ErrorCode::kCorruption, "the answer of another request: " + answer.text);
      }
      return {};
    });
  }
  auto done = group.Wait();
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_LE(server.connections(), 6);
}

TEST(HttpClient, AConnectionThatWasClosedIsOpenedAgain) {
  HttpServer server([](const ServedRequest& request) {
    auto reply = Echo(request);
    reply.fault = Reply::Fault::kCloseQuietly;
    return reply;
  });
  Client client({});
  for (int i = 0; i < 5; ++i) {
    auto answer = client.Send({.url = server.url() + "/k"});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->text, "GET /k ");
    std::this_thread::sleep_for(milliseconds(5));
  }
}

// libcurl does it for connections that were used before.
TEST(HttpClient, WhatChangesSomethingIsNotRepeatedUnasked) {
  for (const char* method : {"PUT", "POST", "DELETE"}) {
    HttpServer server([](const ServedRequest& request) {
      auto reply = Echo(request);
      if (request.method != "GET") reply.fault = Reply::Fault::kNoAnswer;
      return reply;
    });
    Client client({});
    ASSERT_TRUE(client.Send({.url = server.url() + "/k"}));
    const auto answer = client.Send({.method = method, .url = server.url() + "/k"});
    ASSERT_FALSE(answer) << method;
    EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
    EXPECT_EQ(answer.error().retry(), Retry::kMayHelp);
    EXPECT_EQ(server.requests().size(), 2u) << method;
  }
}

TEST(HttpClient, BrokenAnswersAreTransientErrors) {
  for (const auto fault : {Reply::Fault::kNoAnswer, Reply::Fault::kCutBody}) {
    HttpServer server(
        [&](const ServedRequest&) -> Reply { return {.body = Random(100'000), .fault = fault}; });
    Client client({});
    ExpectTransient(client.Send({.url = server.url() + "/k"}));
  }
  ExpectTransient(Client({}).Send({.url = "http://127.0.0.1:1/k"}));
  ExpectTransient(Client({}).Send({.url = "http://no-such-host.invalid/k"}));
}

TEST(HttpClient, EachPhaseHasItsTimeLimit) {
  for (const auto fault : {Reply::Fault::kHang, Reply::Fault::kStallBody}) {
    HttpServer server(
        [&](const ServedRequest&) -> Reply { return {.body = Random(1000), .fault = fault}; });
    Client client({});
    const auto begin = std::chrono::steady_clock::now();
    Timeouts timeouts{.connect = seconds(1), .first_byte = milliseconds(200), .stall = seconds(1)};
    ExpectTransient(client.Send({.url = server.url() + "/k", .timeouts = timeouts}));
    timeouts.any_byte_is_progress = true;
    ExpectTransient(client.Send({.url = server.url() + "/k", .timeouts = timeouts}));
    timeouts = {.total = milliseconds(300)};
    ExpectTransient(client.Send({.url = server.url() + "/k", .timeouts = timeouts}));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
  }
}

/// A port whose connections are made by the kernel, and which nobody reads from.
class DeafPort {
 public:
  DeafPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const as_any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, as_any, size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, as_any, &size), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~DeafPort() { ::close(socket_); }
  DeafPort(const DeafPort&) = delete;
  DeafPort& operator=(const DeafPort&) = delete;
  const std::string& url() const { return url_; }

 private:
  const int socket_;
  std::string url_;
};

/// A test that would wait forever ends with another error instead.
std::jthread StopLater(std::stop_source& stop) {
  return std::jthread([&stop](std::stop_token over) {
    for (int i = 0; i < 200 && !over.stop_requested(); ++i)
      std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
}

TEST(HttpClient, ADripIsNoProgress) {
  HttpServer server([&](const ServedRequest&) -> Reply {
    return {.body = Random(100'000), .fault = Reply::Fault::kDripBody};
  });
  Client client({});
  Request request{.url = server.url() + "/k", .timeouts = {.stall = seconds(1)}};
  ExpectTransient(client.Send(request));
  std::string into(100'000, '\0');
  request.into = Writable(into);
  request.wanted = [](const Answer&) -> Result<bool> { return true; };
  ExpectTransient(client.Send(request));
  // Where any byte is progress the whole attempt has to have an end.
  request.timeouts = {
      .stall = seconds(60), .any_byte_is_progress = true, .total = milliseconds(500)};
  ExpectTransient(client.Send(request));
}

TEST(HttpClient, AServerThatTakesNoBytesIsLeft) {
  const DeafPort deaf;
  const std::string body = Random(32 << 20);  // more than the buffers of the system
  for (const char* method : {"PUT", "POST"}) {
    for (const bool any_byte : {false, true}) {
      std::stop_source stop;
      Client client({.stop = stop.get_token()});
      const auto stopper = StopLater(stop);
      ExpectTransient(
          client.Send({.method = method,
                       .url = deaf.url() + "/k",
                       .body = AsBytes(body),
                       .timeouts = {.stall = seconds(1), .any_byte_is_progress = any_byte}}));
    }
  }
}

TEST(HttpClient, AStopEndsARequestAtOnce) {
  HttpServer server([&](const ServedRequest&) -> Reply { return {.fault = Reply::Fault::kHang}; });
  std::stop_source stop;
  Client client({.stop = stop.get_token()});
  std::jthread stopper([&] {
    while (server.requests().empty()) std::this_thread::sleep_for(milliseconds(1));
    stop.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  auto answer = client.Send({.url = server.url() + "/k"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

TEST(HttpClient, UsesTheProxyOfTheEnvironment) {
  HttpServer proxy(Echo);
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  auto answer = Client({}).Send({.url = "http://bucket.example.invalid/k"});
  ::setenv("no_proxy", "127.0.0.1", 1);
  HttpServer direct(Echo);
  auto bypassed = Client({}).Send({.url = "http://bucket.example.invalid/k", .bypass_proxy = true});
  auto around = Client({}).Send({.url = direct.url() + "/k"});
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(proxy.requests().front().target, "http://bucket.example.invalid/k");
  ASSERT_TRUE(around) << around.error().message();
  EXPECT_EQ(direct.requests().size(), 1u);
  ExpectTransient(bypassed);
  EXPECT_EQ(proxy.requests().size(), 1u);
}

TEST(HttpClient, OnlyHttpIsSpoken) {
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/x", "http://", ""}) {
    auto answer = Client({}).Send({.url = url});
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().code(), ErrorCode::kInvalidArgument) << answer.error().message();
  }
}

}  // namespace
}  // namespace stateferry::storage::http
