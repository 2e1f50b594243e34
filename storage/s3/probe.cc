#include "storage/s3/probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/s3/probe_notes.h"
#include "storage/s3/s3_answers.h"
#include "storage/s3/write_probe.h"

namespace stateferry::storage::s3 {

namespace {

constexpr std::string_view kWhole = "the whole bucket";

/// Listing and reading, which change nothing.
class ReadProbe {
 public:
  ReadProbe(ProbeNotes& notes, const ProbeOptions& options) : notes_(notes), options_(options) {}

  Result<void> Run() {
    SF_TRY(List());
    if (!key_.empty()) return ProbeGet(notes_, key_);
    return {};
  }

 private:
  Result<void> List() {
    const Call call{.query = {{"list-type", "2"},
                              {"encoding-type", "url"},
                              {"max-keys", "100"},
                              {"prefix", options_.prefix.empty() ? "" : options_.prefix + "/"}}};
    // The session's own way of asking settles which region it is and what time.
    auto answer = notes_.session().Send(call);
    if (!answer) return Refused(call, std::move(answer).error());
    const ListParsing parsing{.token_is_encoded = notes_.session().dialect().list_token_is_encoded};
    SF_TRY(const auto page, ParseListPage(answer->text, parsing));
    const auto& objects = page.objects;
    const auto readable = std::find_if(objects.begin(), objects.end(), [](const auto& object) {
      return object.size_bytes > 0 && !object.key.ends_with('/');
    });
    if (readable != objects.end()) key_ = readable->key;
    const std::string where =
        options_.prefix.empty() ? std::string(kWhole) : "below " + options_.prefix;
    notes_.Yes("list", objects.empty() ? "nothing is there: " + where
                                       : fmt::format("{}{} objects, {}", objects.size(),
                                                     page.is_truncated ? " or more" : "", where));
    return {};
  }

  /// A right that is missing is a finding; credentials that nobody knows are an error.
  Result<void> Refused(const Call& call, Error error) {
    if (error.code() != ErrorCode::kPermission) return error;
    SF_TRY(const auto told, notes_.Ask(call));
    if (!told.refusal.code.empty() && told.refusal.code != "AccessDenied") return error;
    notes_.Judge("list", told);
    return {};
  }

  ProbeNotes& notes_;
  const ProbeOptions& options_;
  std::string key_;
};

/// Where no object is known: asking for one that is absent is allowed or not.  "Denied" alone tells
/// nothing, for S3 also says it to who may read but not list.
Result<void> ProbeGetOfAbsent(ProbeNotes& notes, const std::string& prefix) {
  const std::string key = (prefix.empty() ? "" : prefix + "/") + "_metadata";
  SF_TRY(const auto told,
         notes.Ask({.method = "GET", .key = key, .headers = {{"range", "bytes=0-0"}}}));
  if (told.ok()) {
    notes.Yes("get", "the first byte of " + key);
  } else if (told.answer.status == 404) {
    notes.Yes("get", "asking for what is not there was allowed");
  } else {
    notes.Unknown("get", "there is no object to try it on");
  }
  return {};
}

}  // namespace

Result<void> ProbeGet(ProbeNotes& notes, const std::string& key) {
  Call call{.method = "GET", .key = key, .headers = {{"range", "bytes=0-0"}}};
  // Not the gigabytes of a service that ignores ranges.
  call.wanted = [](const http::Answer& head) -> Result<bool> {
    if (head.status != 200) return false;
    return Error(ErrorCode::kRefused, "the service gives the whole object when a range is wanted");
  };
  const auto told = notes.Ask(call);
  if (!told && told.error().code() == ErrorCode::kRefused) {
    notes.No("get", "NO_RANGES", told.error().message());
    return {};
  }
  if (!told) return told.error();
  if (told->answer.status == 404) return {};  // it has gone meanwhile
  notes.Judge("get", *told, "the first byte of " + key);
  if (!told->ok()) return {};
  call.headers.emplace_back("if-match", "\"stateferry-check\"");
  SF_TRY(const auto conditional, notes.Ask(call));
  if (conditional.answer.status == 412) {
    notes.Yes("if-match", "a replaced object is refused by the service");
  } else {
    notes.No("if-match", "IGNORED", "a replaced object is noticed by the ETag of answers alone");
  }
  return {};
}

Result<std::vector<ProbeFinding>> ProbeBucket(Session& session, const ProbeOptions& options) {
  ProbeNotes notes(session, options.stop);
  SF_TRY(ReadProbe(notes, options).Run());
  if (!options.read_only) {
    const std::string key =
        (options.prefix.empty() ? "" : options.prefix + "/") + ".stateferry-check-" + options.name;
    WriteProbe writing(notes, key);
    auto written = writing.Run();
    const std::string left = writing.Clean();  // whatever has happened
    if (!left.empty()) notes.No("clean-up", "LEFT_BEHIND", left);
    if (!written && !left.empty()) return std::move(written).error().WithContext(left + " stays");
    if (!written) return std::move(written).error();
  }
  if (!notes.Find("get")) SF_TRY(ProbeGetOfAbsent(notes, options.prefix));
  return notes.Take();
}

}  // namespace stateferry::storage::s3
