// What must not verify, what must not be printed, and what must not be sent.

#include "storage/s3/signer.h"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <gtest/gtest.h>

#include <concepts>
#include <sstream>
#include <thread>

#include "storage/s3/canonical.h"
#include "storage/s3/signing_key.h"
#include "tests/storage/s3/vectors.h"

namespace stateferry::storage::s3 {
namespace {

using std::chrono::seconds;

constexpr const char* kSecretText = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr const char* kTokenText = "FwoGZXIvYXdzEXAMPLE-token";

const SystemTime kNow = TimeOf("20250102T030405Z");

Credentials TestCredentials() {
  return {.access_key_id = "AKIDEXAMPLE",
          .secret_access_key = Secret(kSecretText),
          .session_token = Secret(kTokenText)};
}

HttpRequest TestRequest() {
  HttpRequest request;
  request.method = "PUT";
  request.host = "bucket.example.com";
  request.path = "/dir/key";
  request.query = {{"partNumber", "7"}, {"uploadId", "U"}};
  request.headers = {{"Content-Type", "text/plain"}, {"x-amz-meta-a", "b"}, {"x-oss-meta-a", "b"}};
  return request;
}

std::string AuthorizationOf(const Signer& signer, HttpRequest request,
                            const Credentials& credentials = TestCredentials(),
                            SystemTime now = kNow) {
  const auto signed_now = signer.Sign(request, credentials, Payload::Unsigned(), now);
  EXPECT_TRUE(signed_now.has_value());
  return FindHeader(request.headers, "Authorization").value_or("");
}

struct NamedSigner {
  const char* name;
  std::unique_ptr<Signer> signer;
};

std::vector<NamedSigner> AllSigners() {
  std::vector<NamedSigner> all;
  all.push_back({"sigv4", MakeSigV4Signer({.region = "us-east-1"})});
  all.push_back({"oss v4", MakeOssV4Signer({.region = "cn-hangzhou"})});
  all.push_back({"oss v1", MakeOssV1Signer()});
  return all;
}

TEST(Signer, OneChangedByteGivesAnotherSignature) {
  using Change = std::function<void(HttpRequest&)>;
  const std::vector<std::pair<const char*, Change>> changes = {
      {"method", [](HttpRequest& r) { r.method = "GET"; }},
      {"path", [](HttpRequest& r) { r.path = "/dir/kez"; }},
      {"path slash", [](HttpRequest& r) { r.path = "/dir//key"; }},
      {"path dots", [](HttpRequest& r) { r.path = "/dir/./key"; }},
      {"query value", [](HttpRequest& r) { r.query[0].second = "8"; }},
      {"query name", [](HttpRequest& r) { r.query[1].first = "versionId"; }},
      {"header value", [](HttpRequest& r) { r.headers[0].second = "text/plaiN"; }},
      {"x- header", [](HttpRequest& r) { r.headers[1].second = r.headers[2].second = "c"; }},
  };
  for (const auto& [signer_name, signer] : AllSigners()) {
    const std::string right = AuthorizationOf(*signer, TestRequest());
    for (const auto& [what, change] : changes) {
      HttpRequest request = TestRequest();
      change(request);
      EXPECT_NE(AuthorizationOf(*signer, request), right) << signer_name << ": " << what;
    }
    Credentials other = TestCredentials();
    other.secret_access_key = Secret(std::string(kSecretText) + "x");
    EXPECT_NE(AuthorizationOf(*signer, TestRequest(), other), right) << signer_name;
    other = TestCredentials();
    other.session_token = Secret("another token");
    EXPECT_NE(AuthorizationOf(*signer, TestRequest(), other), right) << signer_name;
    EXPECT_NE(AuthorizationOf(*signer, TestRequest(), TestCredentials(), kNow + seconds(1)), right);
    EXPECT_EQ(AuthorizationOf(*signer, TestRequest()), right) << signer_name;
  }
}

TEST(Signer, SigV4CoversHostRegionServiceAndPayload) {
  const auto signer = MakeSigV4Signer({.region = "us-east-1"});
  const std::string right = AuthorizationOf(*signer, TestRequest());
  HttpRequest elsewhere = TestRequest();
  elsewhere.host = "bucket.example.org";
  EXPECT_NE(AuthorizationOf(*signer, elsewhere), right);
  EXPECT_NE(AuthorizationOf(*MakeSigV4Signer({.region = "us-east-2"}), TestRequest()), right);
  HttpRequest with_hash = TestRequest();
  ASSERT_TRUE(signer->Sign(with_hash, TestCredentials(), Payload::Empty(), kNow));
  EXPECT_NE(FindHeader(with_hash.headers, "Authorization"), right);
}

TEST(Signer, OssSignsTheHostOnlyWhenAsked) {
  HttpRequest elsewhere = TestRequest();
  elsewhere.host = "bucket.example.org";
  const auto plain = MakeOssV4Signer({.region = "cn-hangzhou"});
  EXPECT_EQ(AuthorizationOf(*plain, elsewhere), AuthorizationOf(*plain, TestRequest()));
  const auto with_host = MakeOssV4Signer({.region = "cn-hangzhou", .additional_headers = {"Host"}});
  EXPECT_NE(AuthorizationOf(*with_host, elsewhere), AuthorizationOf(*with_host, TestRequest()));
}

TEST(Signer, OssSignsTheResourceWhateverTheAddressing) {
  for (const auto& [name, signer] : AllSigners()) {
    if (std::string_view(name) == "sigv4") continue;
    HttpRequest virtual_host = TestRequest();
    virtual_host.resource = "/bucket/dir/key";
    HttpRequest path_style = TestRequest();
    path_style.path = "/bucket/dir/key";
    EXPECT_EQ(AuthorizationOf(*signer, virtual_host), AuthorizationOf(*signer, path_style));
  }
}

TEST(Signer, SigningAgainReplacesTheEarlierSignature) {
  for (const auto& [name, signer] : AllSigners()) {
    HttpRequest request = TestRequest();
    ASSERT_TRUE(signer->Sign(request, TestCredentials(), Payload::Unsigned(), kNow - seconds(900)));
    ASSERT_TRUE(signer->Sign(request, TestCredentials(), Payload::Unsigned(), kNow));
    HttpRequest once = TestRequest();
    ASSERT_TRUE(signer->Sign(once, TestCredentials(), Payload::Unsigned(), kNow));
    EXPECT_EQ(request.headers, once.headers) << name;
    // Also when the new credentials have no token any more.
    Credentials long_lived = TestCredentials();
    long_lived.session_token = Secret();
    ASSERT_TRUE(signer->Sign(request, long_lived, Payload::Unsigned(), kNow));
    for (const auto& header : request.headers) EXPECT_NE(header.second, kTokenText) << name;
  }
}

TEST(Signer, OssV1SignsTheTokenHeader) {
  HttpRequest request = TestRequest();
  ASSERT_TRUE(MakeOssV1Signer()->Sign(request, TestCredentials(), Payload::Unsigned(), kNow));
  EXPECT_EQ(FindHeader(request.headers, "x-oss-security-token"), kTokenText);
}

TEST(Signer, RefusesWhatWouldSmuggleAHeader) {
  using Change = std::function<void(HttpRequest&)>;
  const std::vector<Change> changes = {
      [](HttpRequest& r) { r.headers[0].second = "a\r\nX-Evil: 1"; },
      [](HttpRequest& r) { r.headers[0].second = std::string("a\0b", 3); },
      [](HttpRequest& r) { r.headers[0].first = "Bad Name"; },
      [](HttpRequest& r) { r.headers[0].first = "Host"; },
      [](HttpRequest& r) { r.method = "GET /x"; },
      [](HttpRequest& r) { r.host = "evil.example/x"; },
      [](HttpRequest& r) { r.host = "user@evil.example"; },
      [](HttpRequest& r) { r.host = ""; },
      [](HttpRequest& r) { r.path = "key"; },
      [](HttpRequest& r) { r.scheme = "ftp"; },
  };
  auto signers = AllSigners();
  signers.push_back({"anonymous", MakeAnonymousSigner()});
  for (const auto& [name, signer] : signers) {
    for (std::size_t i = 0; i < changes.size(); ++i) {
      HttpRequest request = TestRequest();
      changes[i](request);
      const auto done = signer->Sign(request, TestCredentials(), Payload::Unsigned(), kNow);
      ASSERT_FALSE(done.has_value()) << name << " " << i;
      EXPECT_EQ(done.error().code(), ErrorCode::kInvalidArgument);
      EXPECT_FALSE(signer->Presign(request, TestCredentials(), seconds(60), kNow).has_value());
    }
  }
}

TEST(Signer, RefusesMissingCredentialsAndTokensWithLineBreaks) {
  for (const auto& [name, signer] : AllSigners()) {
    HttpRequest request = TestRequest();
    auto none = signer->Sign(request, Credentials{}, Payload::Unsigned(), kNow);
    ASSERT_FALSE(none.has_value()) << name;
    EXPECT_EQ(none.error().code(), ErrorCode::kPermission);
    Credentials half = TestCredentials();
    half.secret_access_key = Secret();
    EXPECT_FALSE(signer->Sign(request, half, Payload::Unsigned(), kNow).has_value());
    Credentials broken = TestCredentials();
    broken.session_token = Secret("token\r\nX-Evil: 1");
    auto evil = signer->Sign(request, broken, Payload::Unsigned(), kNow);
    ASSERT_FALSE(evil.has_value()) << name;
    EXPECT_EQ(evil.error().message().find("X-Evil"), std::string::npos);
  }
}

TEST(Signer, RefusesBadLifetimesOfUrls) {
  auto signers = AllSigners();
  signers.push_back({"anonymous", MakeAnonymousSigner()});
  for (const auto& [name, signer] : signers) {
    for (const long bad : {0L, -1L, 604801L}) {
      EXPECT_FALSE(signer->Presign(TestRequest(), TestCredentials(), seconds(bad), kNow)) << name;
    }
    EXPECT_TRUE(signer->Presign(TestRequest(), TestCredentials(), seconds(604800), kNow)) << name;
  }
}

TEST(Signer, OssRefusesToSignABody) {
  for (const auto& [name, signer] : AllSigners()) {
    HttpRequest request = TestRequest();
    const auto done = signer->Sign(request, TestCredentials(), Payload::Empty(), kNow);
    EXPECT_EQ(done.has_value(), std::string_view(name) == "sigv4") << name;
  }
}

TEST(Signer, AnonymousSendsTheRequestAsItIs) {
  HttpRequest request = TestRequest();
  ASSERT_TRUE(MakeAnonymousSigner()->Sign(request, {}, Payload::Unsigned(), kNow));
  EXPECT_EQ(request.headers, TestRequest().headers);
  EXPECT_EQ(*MakeAnonymousSigner()->Presign(request, {}, seconds(1), kNow),
            "https://bucket.example.com/dir/key?partNumber=7&uploadId=U");
}

TEST(Signer, ManyThreadsShareOneSigner) {
  const auto signer = MakeSigV4Signer({.region = "us-east-1"});
  const std::string right = AuthorizationOf(*signer, TestRequest());
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        Credentials mine = TestCredentials();
        // More secrets than the cache remembers, so that entries come and go.
        mine.secret_access_key = Secret(kSecretText + std::to_string((t * 7 + i) % 20));
        EXPECT_NE(AuthorizationOf(*signer, TestRequest(), mine), right);
        EXPECT_EQ(AuthorizationOf(*signer, TestRequest()), right);
      }
    });
  }
}

TEST(SigningKeys, GivesTheKeyOfThatSecretDayRegionAndService) {
  SigningKeys keys;
  SigningScope scope{"AWS4", "20130524", "us-east-1", "s3", "aws4_request"};
  const Secret secret(kSecretText);
  const Secret key = keys.Get(scope, secret);
  EXPECT_EQ(key, DeriveSigningKey(scope, secret));
  EXPECT_EQ(keys.Get(scope, secret), key);
  EXPECT_FALSE(keys.Get(scope, Secret("other")) == key);
  for (auto part : {&SigningScope::date, &SigningScope::region, &SigningScope::service}) {
    SigningScope other = scope;
    other.*part += "x";
    EXPECT_FALSE(keys.Get(other, secret) == key);
  }
}

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

TEST(Secret, CannotBePrinted) {
  static_assert(!Streamable<Secret> && !Streamable<Credentials>);
  static_assert(!fmt::is_formattable<Secret>::value && !fmt::is_formattable<Credentials>::value);
  static_assert(!std::convertible_to<Secret, std::string>);
  static_assert(!std::convertible_to<Secret, std::string_view>);
  EXPECT_EQ(::testing::PrintToString(Secret(kSecretText)), "***");
  EXPECT_EQ(::testing::PrintToString(TestCredentials()).find("wJal"), std::string::npos);
}

TEST(Secret, IsGoneFromWhereItWasMoved) {
  // Short enough to lie inside the object itself.
  Secret from("short");
  const Secret to = std::move(from);
  const std::string raw(reinterpret_cast<const char*>(&from), sizeof(from));  // NOLINT
  EXPECT_EQ(raw.find("short"), std::string::npos);
  EXPECT_EQ(to.Reveal(), "short");
}

TEST(Credentials, ShowAtMostFourLettersOfTheKeyId) {
  EXPECT_EQ(TestCredentials().ShownId(), "AKID...");
  EXPECT_EQ((Credentials{.access_key_id = "short"}).ShownId(), "...");
}

TEST(HttpTime, DoesNotDependOnTheLocale) {
  EXPECT_EQ(HttpTime(kNow), "Thu, 02 Jan 2025 03:04:05 GMT");
  EXPECT_EQ(CompactTime(kNow + std::chrono::milliseconds(999)), "20250102T030405Z");
}

}  // namespace
}  // namespace stateferry::storage::s3
