#pragma once

#include "storage/http/message.h"
#include "storage/s3/s3_answers.h"
#include "storage/s3/service_error.h"

namespace stateferry::storage::s3 {

/// What an answer that is no success says: from its body, and for HEAD, which has none, from its
/// headers (x-amz-bucket-region; x-oss-err, the body in Base64).
ServiceError ReadRefusal(const http::Answer& answer);

/// The same from a body that came under a status of success.
ServiceError FromBody(const ErrorBody& body, const http::Answer& answer);

}  // namespace stateferry::storage::s3
