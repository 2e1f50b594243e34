// What a session does about answers that ask for another request.

#include "storage/s3/session.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "storage/http/http_date.h"
#include "storage/s3/refusal.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scratch_dir.h"
#include "tests/storage/s3/s3_rig.h"

namespace stateferry::storage::s3 {
namespace {

using std::chrono::seconds;

std::string ScopeOf(const ServedRequest& request) {
  const auto authorization = request.Header("authorization");
  const auto from = authorization.find("Credential=");
  return authorization.substr(from, authorization.find(',') - from);
}

// A server that gives one byte now and then must not keep a worker for days.
TEST(S3Session, EveryRequestHasAnEnd) {
  std::string bytes(10, 'x');
  const MutableByteSpan into(reinterpret_cast<std::byte*>(bytes.data()), bytes.size());
  for (const Call& call : {Call{.query = {{"list-type", "2"}}}, Call{.method = "HEAD", .key = "k"},
                           Call{.method = "POST", .key = "k", .timeouts = kPatient},
                           Call{.method = "PUT", .key = "k", .timeouts = kPatient}})
    EXPECT_GT(TimeoutsOf(call).total.count(), 0) << call.method;
  // What moves data may take its time, as long as it moves.
  for (const Call& call : {Call{.key = "k", .into = into},
                           Call{.method = "PUT", .key = "k", .body = AsBytes(bytes)}}) {
    EXPECT_EQ(TimeoutsOf(call).total.count(), 0) << call.method;
    EXPECT_FALSE(TimeoutsOf(call).any_byte_is_progress) << call.method;
  }
}

TEST(S3Session, AnAnonymousProfileSignsNothing) {
  const fakes::ScratchDir home;
  std::filesystem::create_directory(home.File(".aliyun"));
  std::ofstream(home.File(".aliyun/config.json"))
      << R"({"current":"main","profiles":[{"name":"main","mode":"Anonymous"}]})";
  HttpServer server([](const ServedRequest& request) -> Reply {
    EXPECT_EQ(request.Header("authorization"), "");
    return {.status = 204};
  });
  const auto session =
      OpenSession(*storage::ParseLocation("oss://b/?region=cn-hangzhou&endpoint=" + server.url()),
                  SystemClock(), {.environment = {{"HOME", home.path()}}});
  ASSERT_TRUE(session) << session.error().message();
  const auto deleted = Client(*session).Delete("k");
  EXPECT_TRUE(deleted) << deleted.error().message();
}

TEST(S3Session, SignsForTheRegionOfTheBucketOnceItIsKnown) {
  S3Rig rig(
      [](const ServedRequest& request) -> Reply {
        if (ScopeOf(request).find("/eu-west-1/") != std::string::npos) return {.status = 204};
        auto reply = ErrorReply(301, "PermanentRedirect");
        reply.headers.emplace_back("x-amz-bucket-region", "eu-west-1");
        return reply;
      },
      "");
  ASSERT_TRUE(rig.client->Delete("a"));
  ASSERT_TRUE(rig.client->Delete("b"));
  EXPECT_EQ(rig.server.requests().size(), 3u) << "the region was not remembered";
}

TEST(S3Session, ARegionThatDoesNotHelpIsAskedForOnce) {
  S3Rig rig(
      [n = std::make_shared<std::atomic<int>>(0)](const ServedRequest&) -> Reply {
        auto reply = ErrorReply(301, "PermanentRedirect");
        reply.headers.emplace_back("x-amz-bucket-region", "r-" + std::to_string(++*n));
        return reply;
      },
      "");
  ExpectError(rig.client->Delete("a"), ErrorCode::kRefused, Retry::kNever);
  EXPECT_EQ(rig.server.requests().size(), 2u);
}

TEST(S3Session, ARegionThatCannotBeOneIsNotAskedFor) {
  S3Rig rig(
      [](const ServedRequest&) -> Reply {
        auto reply = ErrorReply(301, "PermanentRedirect");
        reply.headers.emplace_back("x-amz-bucket-region", "there.example/");
        return reply;
      },
      "");
  ExpectError(rig.client->Delete("a"), ErrorCode::kRefused, Retry::kNever);
  EXPECT_EQ(rig.server.requests().size(), 1u) << "it would be part of a host's name";
}

/// Buckets of OSS by name, whose requests come to `handler` as to a proxy.
class OssByName {
 public:
  explicit OssByName(HttpServer::Handler handler) : server_(std::move(handler)) {
    ::setenv("http_proxy", server_.url().c_str(), 1);
  }
  ~OssByName() { ::unsetenv("http_proxy"); }

  Result<void> DeleteIn(const std::string& endpoint) {
    SF_TRY(const auto location, storage::ParseLocation("oss://b/?endpoint=" + endpoint));
    SF_TRY(auto session, OpenSession(location, SystemClock(),
                                     {.environment = {{"OSS_ACCESS_KEY_ID", "KEY"},
                                                      {"OSS_ACCESS_KEY_SECRET", "secret"}}}));
    Client client(std::move(session));
    SF_TRY(client.Delete("k"));
    return client.Delete("l");
  }
  /// "b.oss-cn-beijing.aliyuncs.com cn-beijing": host and region of each request.
  std::vector<std::string> Asked() const {
    std::vector<std::string> asked;
    for (const auto& request : server_.requests()) {
      const std::string scope = ScopeOf(request).substr(std::string("Credential=KEY/").size());
      const auto region = scope.find('/') + 1;
      asked.push_back(request.Header("host") + " " +
                      scope.substr(region, scope.find('/', region) - region));
    }
    return asked;
  }

 private:
  HttpServer server_;
};

Reply SentTo(const std::string& endpoint) {
  return {.status = 403,
          .headers = {{"Content-Type", "application/xml"}},
          .body =
              "<Error><Code>AccessDenied</Code><Message>The bucket you are attempting to access "
              "must be addressed using the specified endpoint.</Message><Endpoint>" +
              endpoint + "</Endpoint></Error>"};
}

TEST(S3Session, OssSaysAtWhichEndpointABucketIs) {
  OssByName oss([](const ServedRequest& request) -> Reply {
    if (request.Header("host") == "b.oss-cn-beijing.aliyuncs.com") return {.status = 204};
    return SentTo("oss-cn-beijing.aliyuncs.com");
  });
  const auto deleted = oss.DeleteIn("http://oss-cn-hangzhou-internal.aliyuncs.com");
  ASSERT_TRUE(deleted) << deleted.error().message();
  EXPECT_EQ(oss.Asked(),
            (std::vector<std::string>{"b.oss-cn-hangzhou-internal.aliyuncs.com cn-hangzhou",
                                      "b.oss-cn-beijing.aliyuncs.com cn-beijing",
                                      "b.oss-cn-beijing.aliyuncs.com cn-beijing"}));
}

TEST(S3Session, NoAnswerOfOssSendsCredentialsOutOfTheServicesDomain) {
  std::string said;
  OssByName oss([&](const ServedRequest&) { return SentTo(said); });
  std::size_t requests = 0;
  for (const char* endpoint :
       {"oss-cn-beijing.example.com", "oss-cn-beijing.aliyuncs.com.example.com",
        "oss-x.example.com/.aliyuncs.com", "oss-x.example.com#.aliyuncs.com",
        "oss-x@example.com:80", "oss-.aliyuncs.com", "example.aliyuncs.com", "127.0.0.1"}) {
    said = endpoint;
    const auto deleted = oss.DeleteIn("http://oss-cn-hangzhou.aliyuncs.com");
    ExpectError(deleted, ErrorCode::kPermission, Retry::kNever);
    EXPECT_EQ(oss.Asked().size(), ++requests) << endpoint;
    EXPECT_NE(deleted.error().hint().find(endpoint), std::string::npos) << deleted.error().hint();
  }
  // One that the user has in front of the service is not left for the service's own.
  said = "oss-cn-beijing.aliyuncs.com";
  ExpectError(oss.DeleteIn("http://gateway.example.com&region=cn-hangzhou"), ErrorCode::kPermission,
              Retry::kNever);
  EXPECT_EQ(oss.Asked().size(), ++requests);
}

TEST(S3Session, OssIsAskedElsewhereOnce) {
  OssByName oss([n = std::make_shared<std::atomic<int>>(0)](const ServedRequest&) {
    return SentTo("oss-r" + std::to_string(++*n) + ".aliyuncs.com");
  });
  ExpectError(oss.DeleteIn("http://oss-cn-hangzhou.aliyuncs.com"), ErrorCode::kPermission,
              Retry::kNever);
  EXPECT_EQ(oss.Asked().size(), 2u);
}

TEST(S3Session, TakesTheTimeOfTheServiceWhenTheClocksDiffer) {
  S3Rig rig(
      [](const ServedRequest& request) -> Reply {
        if (request.Header("x-amz-date").starts_with("20300203T0405")) return {.status = 204};
        auto reply = ErrorReply(403, "RequestTimeTooSkewed");
        reply.headers.emplace_back("Date", "Sun, 03 Feb 2030 04:05:06 GMT");
        return reply;
      },
      "");
  auto done = rig.client->Delete("a");
  EXPECT_TRUE(done) << done.error().message();
}

// A proxy has refused in its own name.
TEST(S3Session, TakesNoTimeFromARefusal) {
  bool refuses = true;
  S3Rig rig([&](const ServedRequest&) -> Reply {
    auto reply = refuses ? ErrorReply(503, "SlowDown") : Reply{.status = 204};
    reply.headers.emplace_back(
        "Date", refuses ? "Sun, 03 Feb 2030 04:05:06 GMT" : "Mon, 04 Feb 2030 04:05:06 GMT");
    return reply;
  });
  const auto year = [&] {
    return std::chrono::year_month_day(
               std::chrono::floor<std::chrono::days>(rig.session->ServiceTime()))
        .year();
  };
  EXPECT_FALSE(rig.client->Delete("a"));
  EXPECT_FALSE(rig.client->Head("a"));
  EXPECT_LT(year(), std::chrono::year(2030));
  refuses = false;
  EXPECT_TRUE(rig.client->Delete("a"));
  EXPECT_EQ(year(), std::chrono::year(2030));
}

class Refreshed final : public CredentialsProvider {
 public:
  Result<Credentials> Get() override {
    return Credentials{.access_key_id = "KEY" + std::to_string(rejected),
                       .secret_access_key = Secret("secret")};
  }
  void Rejected(const Credentials&) override { ++rejected; }
  std::string Describe() const override { return "test"; }
  int rejected = 0;
};

TEST(S3Session, AsksForNewCredentialsWhenTheyHaveExpired) {
  HttpServer server([](const ServedRequest& request) -> Reply {
    if (ScopeOf(request).find("KEY1/") != std::string::npos) return {.status = 204};
    return ErrorReply(400, "ExpiredToken");
  });
  auto bucket = ResolveBucket(*storage::ParseLocation("s3://b/?endpoint=" + server.url()), {});
  ASSERT_TRUE(bucket);
  auto credentials = std::make_shared<Refreshed>();
  Session session(
      std::move(*bucket), SystemClock(),
      {.http = std::make_shared<http::Client>(http::ClientOptions{}), .credentials = credentials});
  auto answer = session.Send({.method = "DELETE", .key = "k"});
  EXPECT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(credentials->rejected, 1);
}

TEST(S3Session, AComplaintLowersTheRateAndIsPassedOn) {
  S3Rig rig([](const ServedRequest&) -> Reply {
    auto reply = ErrorReply(503, "SlowDown");
    reply.headers.emplace_back("Retry-After", "3");
    return reply;
  });
  EXPECT_EQ(rig.session->rate().limit(), 0);
  auto deleted = rig.client->Delete("k");
  ExpectError(deleted, ErrorCode::kThrottled, Retry::kMayHelp);
  EXPECT_EQ(deleted.error().retry_after(), seconds(3));
  EXPECT_GT(rig.session->rate().limit(), 0);
  EXPECT_NE(deleted.error().message().find("DELETE s3://b/k: 503 SlowDown: told so"),
            std::string::npos)
      << deleted.error().message();
}

TEST(S3Session, NoSecretIsInAnError) {
  S3Rig rig(
      [](const ServedRequest& request) -> Reply {
        return {.status = 403,
                .body =
                    "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message>"
                    "<StringToSign>" +
                    request.Header("authorization") + "</StringToSign></Error>"};
      },
      "");
  auto deleted = rig.client->Delete("k");
  ExpectError(deleted, ErrorCode::kPermission, Retry::kNever);
  for (const char* secret : {"not-so-secret", "Signature="})
    EXPECT_EQ(deleted.error().message().find(secret), std::string::npos);
}

TEST(HttpDate, BeyondTheClockIsNone) {
  EXPECT_TRUE(http::ParseHttpDate("Thu, 01 Jan 2026 00:00:00 GMT"));
  EXPECT_FALSE(http::ParseHttpDate("Fri, 01 Jan 2500 00:00:00 GMT"));
  EXPECT_FALSE(http::ParseHttpDate("Fri, 01 Jan 1500 00:00:00 GMT"));
}

TEST(ServiceErrors, StatusCountsWhereTheCodeIsUnknown) {
  const auto code = [](int status) { return ToError({.status = status, .code = "X"}).code(); };
  EXPECT_EQ(code(403), ErrorCode::kPermission);
  EXPECT_EQ(code(404), ErrorCode::kNotFound);
  EXPECT_EQ(code(412), ErrorCode::kConflict);
  EXPECT_EQ(code(429), ErrorCode::kThrottled);
  EXPECT_EQ(code(500), ErrorCode::kUnavailable);
  EXPECT_EQ(code(503), ErrorCode::kThrottled);
  EXPECT_EQ(code(507), ErrorCode::kNoSpace);
  EXPECT_EQ(code(400), ErrorCode::kRefused);
  EXPECT_EQ(ToError({.status = 400, .code = "RequestTimeout"}).retry(), Retry::kMayHelp);
  EXPECT_EQ(ToError({.status = 500, .code = "InternalError"}).retry(), Retry::kMayHelp);
  EXPECT_EQ(ToError({.status = 400, .code = "X"}).retry(), Retry::kNever);
}

class RequestRateTest : public testing::Test {
 protected:
  void Take(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(rate_.Take({}));
  }
  double SecondsFor(int count) {
    const auto begin = clock_.Steady();
    Take(count);
    return std::chrono::duration<double>(clock_.Steady() - begin).count();
  }
  fakes::FakeClock clock_;
  RequestRate rate_{clock_};
};

TEST_F(RequestRateTest, ThereIsNoLimitUntilTheServiceComplains) {
  EXPECT_EQ(SecondsFor(10'000), 0);
  EXPECT_EQ(rate_.limit(), 0);
}

TEST_F(RequestRateTest, NeverExceedsItsCeiling) {
  RequestRate rate(clock_, 10);
  EXPECT_EQ(rate.limit(), 10);
  const auto start = clock_.Steady();
  for (int i = 0; i < 21; ++i) ASSERT_TRUE(rate.Take({}));
  EXPECT_EQ(clock_.Steady() - start, seconds(2));
  rate.Throttled();
  EXPECT_EQ(rate.limit(), 5);
  clock_.Advance(std::chrono::hours(1));
  ASSERT_TRUE(rate.Take({}));
  EXPECT_EQ(rate.limit(), 10) << "it climbs back, and no further";
}

TEST_F(RequestRateTest, HalvesOnceASecondAndClimbsBack) {
  Take(400);
  for (int i = 0; i < 50; ++i) rate_.Throttled();  // all that were under way
  EXPECT_DOUBLE_EQ(rate_.limit(), 200);
  EXPECT_NEAR(SecondsFor(200), 1, 0.1);
  clock_.Advance(seconds(1));
  rate_.Throttled();
  EXPECT_LT(rate_.limit(), 130);
  // A twentieth of the rate for each second: doubled after about twenty.
  const double low = rate_.limit();
  Take(2000);
  EXPECT_GT(rate_.limit(), low * 1.5);
}

TEST_F(RequestRateTest, NeverFallsBelowOneASecond) {
  for (int i = 0; i < 20; ++i) {
    Take(1);
    rate_.Throttled();
    clock_.Sleep(seconds(1), {});
  }
  EXPECT_GE(rate_.limit(), 1);
}

}  // namespace
}  // namespace stateferry::storage::s3
