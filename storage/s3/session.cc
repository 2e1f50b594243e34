#include "storage/s3/session.h"

#include <algorithm>
#include <cstdlib>

#include "storage/http/http_date.h"
#include "storage/s3/refusal.h"

namespace stateferry::storage::s3 {

namespace {

std::unique_ptr<Signer> MakeSigner(const Bucket& bucket) {
  if (bucket.anonymous) return MakeAnonymousSigner();
  if (bucket.dialect->signing == Signing::kSigV4) return MakeSigV4Signer({.region = bucket.region});
  OssV4Options options{.region = bucket.region};
  // Over TLS the host is proven by its certificate.
  if (bucket.scheme == "http") options.additional_headers = {"host"};
  return MakeOssV4Signer(std::move(options));
}

/// The bucket where the service says that it is, when that is another place and may be believed.
std::optional<Bucket> Elsewhere(const ServiceError& refusal, const Bucket& bucket) {
  if (bucket.dialect->signing == Signing::kOssV4) {
    auto moved = bucket.AtEndpoint(refusal.endpoint);
    if (!moved || moved->host == bucket.host) return std::nullopt;
    return moved;
  }
  if (!IsRegion(refusal.region) || refusal.region == bucket.region) return std::nullopt;
  return bucket.InRegion(refusal.region);
}

bool IsAnswer(const Call& call, int status) {
  return (status >= 200 && status < 300) ||
         std::find(call.also.begin(), call.also.end(), status) != call.also.end();
}

}  // namespace

http::Timeouts TimeoutsOf(const Call& call) {
  http::Timeouts timeouts = call.timeouts;
  // A page of a listing, or an error.  Above 1 KiB/s nothing counts as a stall.
  if (timeouts.total.count() == 0 && call.body.empty() && call.into.empty())
    timeouts.total = std::chrono::minutes(10);
  return timeouts;
}

Session::Session(Bucket bucket, Clock& clock, SessionOptions options)
    : clock_(clock),
      options_(std::move(options)),
      dialect_(bucket.dialect),
      location_(bucket.location),
      service_(bucket.Service()),
      bucket_name_(bucket.name),
      new_objects_(bucket.new_objects),
      in_the_open_(bucket.in_the_open),
      rate_(options_.rate ? options_.rate : std::make_shared<RequestRate>(clock)) {
  auto signer = MakeSigner(bucket);
  target_ = std::make_shared<const Target>(Target{std::move(bucket), std::move(signer)});
}

std::shared_ptr<const Session::Target> Session::target() const {
  std::lock_guard lock(mutex_);
  return target_;
}

Result<std::string> Session::Identity() {
  if (target()->bucket.anonymous) return std::string("anonymous");
  SF_TRY(const auto credentials, options_.credentials->Get());
  return credentials.ShownId() + " (" + options_.credentials->Describe() + ")";
}

// Where nobody can change the body on its way a checksum header guards it; signing it as well would
// cost a SHA-256 of every byte, here and at the service.
Payload Session::PayloadOf(const Call& call) const {
  if (dialect_->signing == Signing::kOssV4 || !target()->bucket.signs_bodies)
    return Payload::Unsigned();
  return call.body.empty() ? Payload::Empty() : Payload::Sha256Of(call.body);
}

Result<http::Answer> Session::Send(const Call& call) {
  const std::string doing =
      call.method + " " + location_ + (call.key.empty() ? "" : "/" + call.key);
  const Payload payload = PayloadOf(call);
  for (Amended amended;;) {
    SF_TRY(rate_->Take(options_.stop));
    const auto to = target();
    Credentials credentials;
    if (!to->bucket.anonymous) {
      SF_TRY(credentials, options_.credentials->Get());
    }
    auto answer = SendOnce(*to, call, payload, credentials);
    if (!answer) return std::move(answer).error().WithContext(doing);
    LearnTime(*answer);
    if (IsAnswer(call, answer->status)) return answer;
    const ServiceError refusal = ReadRefusal(*answer);
    if (IsThrottled(refusal)) rate_->Throttled();
    if (Amend(refusal, *answer, *to, credentials, amended)) continue;
    return ToError(refusal)
        .WithRetryAfter(http::RetryAfter(*answer, ServiceTime()))
        .WithContext(doing);
  }
}

// What refuses may be something on the way, with a clock of its own.
void Session::LearnTime(const http::Answer& answer) {
  if (was_told_time_ || answer.status < 200 || answer.status > 299) return;
  const auto there = http::ParseHttpDate(answer.Header("date"));
  if (!there) return;
  told_skew_s_ = std::chrono::duration_cast<std::chrono::seconds>(*there - clock_.Now()).count();
  was_told_time_ = true;
}

Error Session::ErrorUnder200(const ErrorBody& body, const http::Answer& answer) {
  ServiceError error = FromBody(body, answer);
  error.status = 500;
  if (IsThrottled(error)) rate_->Throttled();
  return ToError(error);
}

Result<http::Answer> Session::SendOnce(const Target& to, const Call& call, const Payload& payload,
                                       const Credentials& credentials) {
  HttpRequest signed_request = to.bucket.Request(call.method, call.key);
  signed_request.query = call.query;
  signed_request.headers = call.headers;
  const auto now = clock_.Now() + std::chrono::seconds(skew_s_);
  // Of a profile that says so; an anonymous bucket has a signer that asks for none.
  if (credentials.anonymous()) {
    SF_TRY(MakeAnonymousSigner()->Sign(signed_request, credentials, payload, now));
  } else {
    SF_TRY(to.signer->Sign(signed_request, credentials, payload, now));
  }
  http::Request request{.method = call.method,
                        .url = Url(signed_request),
                        .headers = std::move(signed_request.headers),
                        .body = call.body,
                        .into = call.into,
                        .arrived = call.arrived,
                        .timeouts = TimeoutsOf(call)};
  request.wanted = [&call](const http::Answer& head) -> Result<bool> {
    if (!call.wanted || !IsAnswer(call, head.status)) return false;
    return call.wanted(head);
  };
  return options_.http->Send(request);
}

bool Session::Amend(const ServiceError& refusal, const http::Answer& answer, const Target& to,
                    const Credentials& credentials, Amended& amended) {
  if (IsExpired(refusal) && !to.bucket.anonymous && !amended.credentials) {
    options_.credentials->Rejected(credentials);
    return amended.credentials = true;
  }
  if (IsSkewed(refusal) && !amended.clock) {
    const auto there = http::ParseHttpDate(answer.Header("date"));
    if (!there) return false;
    skew_s_ = std::chrono::duration_cast<std::chrono::seconds>(*there - clock_.Now()).count();
    return amended.clock = true;
  }
  if (auto moved = amended.region ? std::nullopt : Elsewhere(refusal, to.bucket)) {
    auto signer = MakeSigner(*moved);
    std::lock_guard lock(mutex_);
    target_ = std::make_shared<const Target>(Target{std::move(*moved), std::move(signer)});
    return amended.region = true;
  }
  return false;
}

}  // namespace stateferry::storage::s3
