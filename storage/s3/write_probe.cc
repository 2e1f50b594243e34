#include "storage/s3/write_probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/s3/checksums.h"
#include "storage/s3/digest.h"
#include "storage/s3/s3_answers.h"
#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {

namespace {

constexpr std::string_view kBody = "written by stateferry to see whether it may\n";
constexpr std::string_view kOther = "something else";
constexpr std::string_view kNoUpload = "stateferry-check";
constexpr std::string_view kWouldStay = "not tried: what it makes could not be deleted again";

ByteSpan Body() { return AsBytes(kBody); }

std::string Md5Text(ByteSpan bytes) { return Base64Encode(DigestBytes(Md5(bytes))); }

/// A header by which the service is to compare a body.
struct ProbedKind {
  std::string_view name, header;
  std::string (*value)(ByteSpan bytes);
};
constexpr ProbedKind kS3Kinds[] = {
    {"checksum-crc64nvme", "x-amz-checksum-crc64nvme",
     [](ByteSpan bytes) { return ChecksumText(Crc64Nvme(bytes)); }},
    {"checksum-crc32c", "x-amz-checksum-crc32c",
     [](ByteSpan bytes) { return ChecksumText(Crc32c(bytes)); }},
    {"checksum-crc32", "x-amz-checksum-crc32",
     [](ByteSpan bytes) { return ChecksumText(Crc32(bytes)); }},
    {"checksum-sha256", "x-amz-checksum-sha256",
     [](ByteSpan bytes) { return Base64Encode(DigestBytes(Sha256(bytes))); }},
    {"checksum-md5", "content-md5", Md5Text},
};
constexpr ProbedKind kOssKinds[] = {{"checksum-md5", "content-md5", Md5Text}};

bool IsOss(const Dialect& dialect) { return dialect.signing == Signing::kOssV4; }

}  // namespace

std::string WriteProbe::Header(std::string_view name) const {
  return std::string(notes_.session().dialect().header_prefix) + std::string(name);
}

Result<void> WriteProbe::Run() {
  SF_TRY(ProbeDelete());
  SF_TRY(deletes_ ? PutForReal() : PutInVain());
  if (deletes_ && !made_.empty()) {
    if (!notes_.Find("get")) SF_TRY(ProbeGet(notes_, key_));
    SF_TRY(PutIfAbsent());
    SF_TRY(Copy());
    SF_TRY(Checksums());
  }
  SF_TRY(Multipart());
  return ListUploads();
}

Result<Told> WriteProbe::Put(const std::string& key, NameValues headers) {
  SF_TRY(auto told, notes_.Ask({.method = "PUT",
                                .key = key,
                                .headers = std::move(headers),
                                .body = key == key_ ? Body() : ByteSpan()}));
  if (told.ok()) {
    Made made{key, std::string(told.answer.Header(Header("version-id")))};
    if (std::find(made_.begin(), made_.end(), made) == made_.end()) made_.push_back(made);
  }
  return told;
}

Result<Told> WriteProbe::Delete(const Made& made) {
  Call call{.method = "DELETE", .key = made.key};
  if (!made.version_id.empty()) call.query = {{"versionId", made.version_id}};
  return notes_.AskAnyway(std::move(call));
}

Result<bool> WriteProbe::KeepsVersions() {
  SF_TRY(const auto told, notes_.Ask({.method = "GET", .query = {{"versioning", ""}}}));
  return told.ok() && told.answer.text.find("<Status>") != std::string::npos;
}

// Nothing of that name is there to be deleted.  In a bucket that keeps versions the question would
// make a marker, so there it is the right to delete a version, "null" being one that is not there
// either.  Where a bucket does not tell whether it keeps them, the marker is deleted at once.
Result<void> WriteProbe::ProbeDelete() {
  SF_TRY(const bool keeps_versions, KeepsVersions());
  SF_TRY(auto told, Delete({key_, keeps_versions ? "null" : ""}));
  if (told.answer.status == 404) told.answer.status = 204;
  bool versions = keeps_versions;
  if (told.ok() && told.answer.Header(Header("delete-marker")) == "true" && !keeps_versions) {
    versions = true;
    const Made marker{key_, std::string(told.answer.Header(Header("version-id")))};
    SF_TRY(told, Delete(marker));
    if (!told.ok()) made_.push_back(marker);
  }
  notes_.Judge("delete", told, versions ? "of versions, which the bucket keeps" : "");
  deletes_ = told.ok();
  return {};
}

Result<void> WriteProbe::PutForReal() {
  SF_TRY(const auto told, Put(key_, {}));
  notes_.Judge("put", told);
  return {};
}

// A body that does not fit its digest is refused after the right to put it was looked at.
Result<void> WriteProbe::PutInVain() {
  SF_TRY(const auto told, Put(key_, {{"content-md5", Md5Text(AsBytes(kOther))}}));
  if (told.answer.status == 400) {
    notes_.Yes("put", "a body that did not fit its digest was looked at and refused");
  } else {
    notes_.Judge("put", told);
  }
  for (const std::string_view name : {"put-if-absent", "copy", "checksums"})
    notes_.Unknown(name, std::string(kWouldStay));
  return {};
}

Result<void> WriteProbe::PutIfAbsent() {
  NameValues headers;
  switch (notes_.session().dialect().put_if_absent) {
    case s3::PutIfAbsent::kIfNoneMatch: headers = {{"if-none-match", "*"}}; break;
    case s3::PutIfAbsent::kForbidOverwrite: headers = {{"x-oss-forbid-overwrite", "true"}}; break;
    case s3::PutIfAbsent::kLookFirst:
      notes_.No("put-if-absent", "NOT_KNOWN", "stateferry looks first, which leaves a gap");
      return {};
  }
  const std::string how = headers.front().first;
  SF_TRY(const auto told, Put(key_, std::move(headers)));
  if (told.answer.status == 409 || told.answer.status == 412) {
    notes_.Yes("put-if-absent", how);
  } else if (told.ok()) {
    notes_.No("put-if-absent", "IGNORED",
              how + " was ignored: an object was replaced; dialect=basic looks first");
  } else {
    notes_.Judge("put-if-absent", told);
  }
  return {};
}

Result<void> WriteProbe::Copy() {
  const std::string source = EncodePath("/" + notes_.session().bucket_name() + "/" + key_);
  SF_TRY(const auto told, Put(key_ + "-copy", {{Header("copy-source"), source}}));
  notes_.Judge("copy", told, "by the service itself");
  return {};
}

Result<void> WriteProbe::Checksums() {
  if (!IsOss(notes_.session().dialect())) {
    for (const ProbedKind& kind : kS3Kinds)
      SF_TRY(CompareChecksum(kind.name, std::string(kind.header), kind.value(Body()),
                             kind.value(AsBytes(kOther))));
    return {};
  }
  SF_TRY(const auto told, Put(key_, {}));
  if (ParseOssCrc64(told.answer.Header("x-oss-hash-crc64ecma")) == Crc64Ecma(Body())) {
    notes_.Yes("checksum-crc64", "told by the service, compared by stateferry");
  } else {
    notes_.No("checksum-crc64", "NOT_KNOWN", "the service tells none, or another");
  }
  for (const ProbedKind& kind : kOssKinds)
    SF_TRY(CompareChecksum(kind.name, std::string(kind.header), kind.value(Body()),
                           kind.value(AsBytes(kOther))));
  return {};
}

Result<void> WriteProbe::CompareChecksum(std::string_view name, const std::string& header,
                                         const std::string& right, const std::string& wrong) {
  SF_TRY(const auto fitting, Put(key_, {{header, right}}));
  if (!fitting.ok()) {
    notes_.No(name, "NOT_KNOWN", ToError(fitting.refusal).message());
    return {};
  }
  SF_TRY(const auto other, Put(key_, {{header, wrong}}));
  if (other.ok()) {
    notes_.No(name, "NOT_COMPARED", "another body was taken with it");
  } else {
    notes_.Yes(name, "compared by the service");
  }
  return {};
}

Result<void> WriteProbe::Multipart() {
  SF_TRY(auto told,
         notes_.Ask(
             {.method = "DELETE", .key = key_, .query = {{"uploadId", std::string(kNoUpload)}}}));
  if (told.denied()) {
    notes_.Judge("abort", told);
    for (const std::string_view name : {"multipart", "list-parts"})
      notes_.Unknown(name, std::string(kWouldStay));
    return {};
  }
  SF_TRY(told, notes_.Ask({.method = "POST", .key = key_, .query = {{"uploads", ""}}}));
  if (!told.ok()) {
    notes_.Judge("multipart", told);
    return {};
  }
  SF_TRY(upload_id_, ParseInitiatedUpload(told.answer.text));
  SF_TRY(Parts(upload_id_));
  SF_TRY(told, notes_.Ask({.method = "DELETE", .key = key_, .query = {{"uploadId", upload_id_}}}));
  notes_.Judge("abort", told);
  if (told.ok()) upload_id_.clear();
  return {};
}

Result<void> WriteProbe::Parts(const std::string& upload_id) {
  SF_TRY(auto told, notes_.Ask({.method = "PUT",
                                .key = key_,
                                .query = {{"partNumber", "1"}, {"uploadId", upload_id}},
                                .body = Body()}));
  notes_.Judge("multipart", told);
  SF_TRY(told, notes_.Ask({.key = key_, .query = {{"max-parts", "1"}, {"uploadId", upload_id}}}));
  notes_.Judge("list-parts", told, "a stopped upload goes on at the part");
  return {};
}

Result<void> WriteProbe::ListUploads() {
  SF_TRY(const auto told,
         notes_.Ask({.query = {{"uploads", ""}, {"max-uploads", "1"}, {"prefix", key_}}}));
  notes_.Judge("list-uploads", told);
  return {};
}

std::string WriteProbe::Clean() {
  std::string left;
  const auto note = [&](const std::string& what, const Result<Told>& told) {
    if (told && (told->ok() || told->answer.status == 404)) return;
    const std::string why = told ? ToError(told->refusal).message() : told.error().message();
    left += fmt::format("{}{}: {}", left.empty() ? "" : "; ", what, why);
  };
  if (!upload_id_.empty())
    note("an unfinished upload of " + key_,
         notes_.AskAnyway({.method = "DELETE", .key = key_, .query = {{"uploadId", upload_id_}}}));
  for (const Made& made : made_)
    note(made.version_id.empty() ? made.key : made.key + " version " + made.version_id,
         Delete(made));
  return left;
}

}  // namespace stateferry::storage::s3
