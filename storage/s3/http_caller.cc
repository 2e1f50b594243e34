#include "storage/s3/http_caller.h"

namespace stateferry::storage::s3 {

HttpCall CallOver(std::shared_ptr<http::Client> client) {
  return [client = std::move(client)](const HttpCallRequest& call) -> Result<HttpCallAnswer> {
    // Metadata services are next to the machine: where there is none, nothing answers.
    const http::Timeouts timeouts{
        .connect = call.timeout, .first_byte = call.timeout, .total = call.timeout};
    auto answer = client->Send({.method = call.request.method,
                                .url = Url(call.request),
                                .headers = call.request.headers,
                                .body = AsBytes(call.body.Reveal()),
                                .text_limit_bytes = static_cast<std::size_t>(call.max_answer_bytes),
                                .timeouts = timeouts,
                                .bypass_proxy = call.bypass_proxy});
    // libcurl's messages name hosts and ports only.
    if (!answer) return std::move(answer).error().WithContext(call.request.host);
    return HttpCallAnswer{.status = answer->status,
                          .headers = std::move(answer->headers),
                          .body = Secret(answer->text)};
  };
}

}  // namespace stateferry::storage::s3
