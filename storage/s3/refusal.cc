#include "storage/s3/refusal.h"

#include "storage/s3/s3_answers.h"

namespace stateferry::storage::s3 {

namespace {

/// The first of these headers that there is.
std::string FirstOf(const http::Answer& answer, std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    if (const auto value = answer.Header(name); !value.empty()) return std::string(value);
  return {};
}

}  // namespace

ServiceError FromBody(const ErrorBody& body, const http::Answer& answer) {
  ServiceError error{.status = answer.status,
                     .code = body.code,
                     .detail = body.ec,
                     .message = body.message,
                     .request_id = body.request_id,
                     .region = body.region,
                     .endpoint = body.endpoint};
  if (error.request_id.empty())
    error.request_id = FirstOf(answer, {"x-amz-request-id", "x-oss-request-id"});
  if (error.region.empty()) error.region = FirstOf(answer, {"x-amz-bucket-region"});
  return error;
}

ServiceError ReadRefusal(const http::Answer& answer) {
  auto body = ParseErrorBody(answer.text);
  if (!body) body = ParseOssErrHeader(answer.Header("x-oss-err"));
  return FromBody(body.value_or(ErrorBody()), answer);
}

}  // namespace stateferry::storage::s3
