// The conformance suite on the bucket of a server, which with_servers.py has started.

#include "tests/conformance/conformance.h"

#include <cstdlib>

#include "base/clock.h"
#include "base/hash.h"
#include "storage/s3/open_bucket.h"
#include "storage/wrap/retrying.h"
#include "tests/s3/make_bucket.h"

namespace stateferry::storage {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

s3::Variables ServerEnvironment() {
  s3::Variables variables;
  for (const char* name :
       {"AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
        "OSS_ENDPOINT", "OSS_REGION", "OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"})
    variables[name] = Variable(name);
  return variables;
}

/// A bucket of its own for each scratch directory, under the retries that every caller has:
/// versitygw may refuse a conditional PUT and close before it has read the bytes, and then its
/// answer is lost when the connection is reset.
Result<std::shared_ptr<Backend>> OpenS3(const ScratchDir& dir) {
  const std::string server = Variable("SF_S3_SERVER");
  const std::string scheme = server == "oss" ? "oss" : "s3";
  SF_TRY(auto location, ParseLocation(scheme + "://sf-" + Xxh3_128(AsBytes(dir.path())).ToHex() +
                                      "/?dialect=" + server));
  const s3::OpenOptions options{.environment = ServerEnvironment()};
  SF_TRY(fakes::MakeBucket(location, options));
  SF_TRY(auto bucket, s3::OpenBucket(location, SystemClock(), options));
  RetryOptions retries;
  retries.random = SystemRandomFraction();
  return WithRetries(std::move(bucket), SystemClock(), std::move(retries));
}

BackendCase S3Case() {
  BackendCase s3{.name = "s3", .open = OpenS3};
  const std::string server = Variable("SF_S3_SERVER");
  s3.part_bytes = server == "oss" ? 100u << 10 : 5u << 20;
  s3.longest_key_bytes = server == "oss" ? 1023 : 1024;
  s3.keys_are_paths = server == "versitygw";    // objects are files there
  s3.impossible_keys = {"not utf-8 \xff\xfe"};  // keys of S3 are UTF-8
  if (server == "moto") s3.impossible_keys.emplace_back("line\nbreak");
  return s3;
}

INSTANTIATE_TEST_SUITE_P(, BackendConformance, testing::Values(S3Case()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace stateferry::storage
