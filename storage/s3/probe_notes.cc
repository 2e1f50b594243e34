#include "storage/s3/probe_notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/s3/refusal.h"

namespace stateferry::storage::s3 {

namespace {

/// The right that a question takes, as policies call it.
struct Right {
  std::string_view name;
  bool needed;
  std::string_view code;  ///< when it is missing
  std::string_view s3, oss;
  std::string_view on;
};
constexpr Right kRights[] = {
    {"list", true, "DENIED_LIST", "s3:ListBucket", "oss:ListObjects", "the bucket"},
    {"get", true, "DENIED_GET", "s3:GetObject", "oss:GetObject", "its objects"},
    {"delete", false, "DENIED_DELETE", "s3:DeleteObject", "oss:DeleteObject", "its objects"},
    {"put", true, "DENIED_PUT", "s3:PutObject", "oss:PutObject", "its objects"},
    {"copy", false, "DENIED_COPY", "s3:GetObject", "oss:GetObject", "its objects"},
    {"multipart", true, "DENIED_PUT", "s3:PutObject", "oss:PutObject", "its objects"},
    {"abort", true, "DENIED_ABORT", "s3:AbortMultipartUpload", "oss:AbortMultipartUpload",
     "its objects"},
    {"list-parts", true, "DENIED_LIST_PARTS", "s3:ListMultipartUploadParts", "oss:ListParts",
     "its objects"},
    {"list-uploads", false, "DENIED_LIST_UPLOADS", "s3:ListBucketMultipartUploads",
     "oss:ListMultipartUploads", "the bucket"},
};

const Right* RightOf(std::string_view name) {
  const auto* right = std::find_if(std::begin(kRights), std::end(kRights),
                                   [&](const Right& r) { return r.name == name; });
  return right == std::end(kRights) ? nullptr : right;
}

}  // namespace

Result<Told> ProbeNotes::Ask(Call call) {
  if (stop_.stop_requested()) return Error(ErrorCode::kCancelled, "stopped while probing");
  return AskAnyway(std::move(call));
}

Result<Told> ProbeNotes::AskAnyway(Call call) {
  call.also = {400, 401, 403, 404, 405, 409, 411, 412, 416, 501, 507};
  Told told;
  SF_TRY(told.answer, session_.Send(call));
  if (!told.ok()) told.refusal = ReadRefusal(told.answer);
  return told;
}

void ProbeNotes::Add(std::string_view name, Can can, std::string_view code, std::string detail) {
  const Right* right = RightOf(name);
  findings_.push_back({.name = name,
                       .can = can,
                       .needed = right && right->needed,
                       .code = code,
                       .detail = std::move(detail)});
}

void ProbeNotes::Yes(std::string_view name, std::string detail) {
  Add(name, Can::kYes, {}, std::move(detail));
}

void ProbeNotes::No(std::string_view name, std::string_view code, std::string detail) {
  Add(name, Can::kNo, code, std::move(detail));
}

void ProbeNotes::Unknown(std::string_view name, std::string detail) {
  Add(name, Can::kUnknown, {}, std::move(detail));
}

void ProbeNotes::Judge(std::string_view name, const Told& told, std::string detail) {
  if (told.ok()) return Yes(name, std::move(detail));
  std::string words = ToError(told.refusal).message();
  const bool frozen = told.refusal.code == "InvalidObjectState";
  const Right* right = RightOf(name);
  if (told.denied() && right && !frozen) {
    const bool oss = session_.dialect().signing == Signing::kOssV4;
    return No(
        name, right->code,
        fmt::format("{} on {} is missing: {}", oss ? right->oss : right->s3, right->on, words));
  }
  if (frozen) return No(name, "ARCHIVED", std::move(words));
  const bool full = ToError(told.refusal).code() == ErrorCode::kNoSpace;
  No(name, full ? "NO_SPACE" : "REFUSED", std::move(words));
}

const ProbeFinding* ProbeNotes::Find(std::string_view name) const {
  const auto found = std::find_if(findings_.begin(), findings_.end(),
                                  [&](const ProbeFinding& f) { return f.name == name; });
  return found == findings_.end() ? nullptr : &*found;
}

}  // namespace stateferry::storage::s3
