#pragma once
// Signed requests to one bucket: the right region, a clock that agrees with the service's, fresh
// credentials, and no more requests a second than the service likes.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "storage/http/client.h"
#include "storage/s3/bucket.h"
#include "storage/s3/credentials.h"
#include "storage/s3/request_rate.h"
#include "storage/s3/s3_answers.h"
#include "storage/s3/service_error.h"
#include "storage/s3/signer.h"

namespace stateferry::storage::s3 {

/// One request before it is addressed and signed.
struct Call {
  std::string method = "GET";
  std::string key = {};  ///< "" = the bucket
  NameValues query = {};
  NameValues headers = {};
  ByteSpan body = {};
  MutableByteSpan into = {};
  std::function<void(ByteSpan piece)> arrived = {};  ///< see http::Request::arrived
  /// Judges a success before its body arrives: see http::Request::wanted.  An error that a
  /// repetition cannot help leaves nothing of the body in `into`.
  std::function<Result<bool>(const http::Answer& head)> wanted = {};
  /// Statuses besides 2xx that are answers and not errors.
  std::vector<int> also = {};
  http::Timeouts timeouts = {};
};

/// Of requests that the service works at before it answers, or while it sends blanks: it joins
/// parts or copies.
inline constexpr http::Timeouts kPatient{.first_byte = std::chrono::minutes(10),
                                         .stall = std::chrono::minutes(10),
                                         .any_byte_is_progress = true,
                                         .total = std::chrono::hours(1)};
/// Those of the call; what moves no data ends after a while, however it drips.
http::Timeouts TimeoutsOf(const Call& call);

struct SessionOptions {
  std::shared_ptr<http::Client> http = {};
  std::shared_ptr<CredentialsProvider> credentials = {};  ///< not asked for an anonymous bucket
  std::shared_ptr<RequestRate> rate = {};  ///< of all sessions with the bucket; none: its own
  std::stop_token stop = {};
};

/// Thread-safe.
class Session {
 public:
  Session(Bucket bucket, Clock& clock, SessionOptions options);

  /// Sends the call, and once more when that is what the answer asks for: to another region, with
  /// the service's time, with new credentials.  Nothing else is repeated here.
  /// Errors: what http::Client::Send and ToError (service_error.h) give, and the credentials'.
  Result<http::Answer> Send(const Call& call);

  const Dialect& dialect() const { return *dialect_; }
  /// As it is spoken to now.
  Bucket bucket() const { return target()->bucket; }
  /// Who asks, for messages: the first letters of a key id and where it comes from.  Errors: the
  /// credentials'.
  Result<std::string> Identity();
  /// "s3://bucket", for messages.
  const std::string& location() const { return location_; }
  /// Bucket::Service().
  const std::string& service() const { return service_; }
  const std::string& bucket_name() const { return bucket_name_; }
  const NewObjectHeaders& new_objects() const { return new_objects_; }
  std::chrono::steady_clock::time_point SteadyTime() const { return clock_.Steady(); }
  /// Bucket::in_the_open.
  bool in_the_open() const { return in_the_open_; }
  const RequestRate& rate() const { return *rate_; }
  /// What time it is at the service, as its first success told; before one: here.
  SystemTime ServiceTime() const { return clock_.Now() + std::chrono::seconds(told_skew_s_); }
  /// The error that came under HTTP 200: status and headers were said before the service knew.
  /// What it means is an error of the service.
  Error ErrorUnder200(const ErrorBody& body, const http::Answer& answer);

 private:
  struct Target {
    Bucket bucket;
    std::unique_ptr<Signer> signer;
  };
  struct Amended {
    bool region = false, clock = false, credentials = false;
  };
  std::shared_ptr<const Target> target() const;
  Result<http::Answer> SendOnce(const Target& target, const Call& call, const Payload& payload,
                                const Credentials& credentials);
  bool Amend(const ServiceError& refusal, const http::Answer& answer, const Target& target,
             const Credentials& credentials, Amended& amended);
  Payload PayloadOf(const Call& call) const;
  void LearnTime(const http::Answer& answer);

  Clock& clock_;
  const SessionOptions options_;
  const Dialect* const dialect_;
  const std::string location_;
  const std::string service_;
  const std::string bucket_name_;
  const NewObjectHeaders new_objects_;
  const bool in_the_open_;
  const std::shared_ptr<RequestRate> rate_;
  std::atomic<std::int64_t> skew_s_{0};  ///< the service's clock minus ours
  /// The same, rounded to seconds, of the first success: a difference that no
  /// signature minds.
  std::atomic<std::int64_t> told_skew_s_{0};
  std::atomic<bool> was_told_time_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<const Target> target_;  // guarded by mutex_
};

}  // namespace stateferry::storage::s3
