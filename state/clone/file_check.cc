#include "state/clone/file_check.h"

#include <fmt/format.h>

#include <atomic>

#include "base/hash.h"
#include "state/snapshot/each_index.h"

namespace stateferry::state::clone {

namespace {

constexpr std::size_t kFilesAtATime = 4;
constexpr std::size_t kReadBytes = std::size_t{1} << 20;

struct Content {
  std::uint64_t size_bytes = 0;
  std::string hash;
  bool operator==(const Content&) const = default;
};

/// What came of one check, told in the order of the checks.
struct Outcome {
  std::string problem = {}, doubt = {};
  bool compared = false;
};

class Checker {
 public:
  Checker(storage::Places& places, std::stop_token stop)
      : places_(places), stop_(std::move(stop)) {}

  Result<Outcome> Check(const FileCheck& check) {
    if (check.from.empty() && check.hash.empty()) return IsThere(check);
    auto now = Read(check.at);
    if (!now) return Problem(check, std::move(now).error());
    if (!check.from.empty()) {
      SF_TRY(const auto from, storage::ParseLocation(check.from));
      const auto was = Read(from);
      if (was) return Compared(check, *now, *was, from.ToString());
      if (was.error().code() == ErrorCode::kCancelled || was.error().retry() != Retry::kNever)
        return was.error();
      if (check.hash.empty())
        return Outcome{
            "",
            fmt::format("{} cannot be compared: {}", check.at.ToString(), was.error().message()),
            false};
    }
    return Compared(check, *now, {now->size_bytes, check.hash}, "its record");
  }

  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  Result<Outcome> IsThere(const FileCheck& check) {
    SF_TRY(const auto object, places_.OpenObject(check.at, storage::Access::kRead));
    auto meta = object.place.backend->Stat(object.key);
    if (!meta) return Problem(check, std::move(meta).error());
    return Outcome{};
  }

  static Result<Outcome> Problem(const FileCheck& check, Error error) {
    if (error.code() == ErrorCode::kCancelled || error.retry() != Retry::kNever) return error;
    const bool missing = error.code() == ErrorCode::kNotFound;
    return Outcome{fmt::format("{} {}", check.at.ToString(),
                               missing ? "is missing" : "cannot be read: " + error.message()),
                   "", false};
  }

  static Outcome Compared(const FileCheck& check, const Content& now, const Content& was,
                          std::string_view with) {
    Outcome outcome{.compared = true};
    if (now == was) return outcome;
    outcome.problem = now.size_bytes == was.size_bytes
                          ? fmt::format("{} has other bytes than {}: {} and not {}",
                                        check.at.ToString(), with, now.hash, was.hash)
                          : fmt::format("{} has {} bytes, and {} has {}", check.at.ToString(),
                                        now.size_bytes, with, was.size_bytes);
    return outcome;
  }

  Result<Content> Read(const storage::Location& location) {
    SF_TRY(const auto object, places_.OpenObject(location, storage::Access::kRead));
    Xxh3Stream hash;
    Content content;
    Bytes buffer(kReadBytes);
    while (true) {
      if (stop_.stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
      SF_TRY(const std::size_t bytes,
             object.place.backend->ReadRange(object.key, content.size_bytes, buffer));
      hash.Update(ByteSpan(buffer).first(bytes));
      content.size_bytes += bytes;
      bytes_read_ += bytes;
      if (bytes < buffer.size()) break;
    }
    content.hash = "xxh3-128:" + hash.Digest().ToHex();
    return content;
  }

  storage::Places& places_;
  const std::stop_token stop_;
  std::atomic<std::uint64_t> bytes_read_ = 0;
};

}  // namespace

Result<FileCheckReport> CheckFiles(const std::vector<FileCheck>& checks, storage::Places& places,
                                   std::stop_token stop, workflow::Findings& findings) {
  Checker checker(places, stop);
  std::vector<Outcome> outcomes(checks.size());
  SF_TRY(snapshot::ForEachIndex(checks.size(), kFilesAtATime, stop,
                                [&](std::size_t i) -> Result<void> {
                                  SF_TRY(outcomes[i], checker.Check(checks[i]));
                                  return {};
                                }));
  FileCheckReport report{.files = checks.size(), .bytes_read = checker.bytes_read()};
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const auto& by = checks[i].needed_by;
    const auto about = [&](const std::string& what) {
      return fmt::format("{} '{}': its file {}", by.kind, by.name, what);
    };
    report.compared += outcomes[i].compared ? 1 : 0;
    if (!outcomes[i].problem.empty())
      findings.Error("C-32", "integrity", about(outcomes[i].problem),
                     "put the file there again before the job is started", by);
    if (!outcomes[i].doubt.empty())
      findings.Warn("C-32", about(outcomes[i].doubt), "compare it by hand", by);
  }
  return report;
}

}  // namespace stateferry::state::clone
