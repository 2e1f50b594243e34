#pragma once

#include <memory>

#include "storage/http/client.h"
#include "storage/s3/http_call.h"

namespace stateferry::storage::s3 {

/// The small exchanges that sources of credentials need, over the same client as everything else.
HttpCall CallOver(std::shared_ptr<http::Client> client);

}  // namespace stateferry::storage::s3
