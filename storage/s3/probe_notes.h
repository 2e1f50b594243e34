#pragma once
// Asks the questions of a probe and writes down what was told.

#include <string>
#include <string_view>
#include <vector>

#include "storage/s3/probe.h"

namespace stateferry::storage::s3 {

/// An answer, whatever it says.
struct Told {
  http::Answer answer = {};
  ServiceError refusal = {};  ///< of an answer that is no success
  bool ok() const { return answer.status >= 200 && answer.status < 300; }
  bool denied() const { return answer.status == 401 || answer.status == 403; }
};

/// Not thread-safe.
class ProbeNotes {
 public:
  ProbeNotes(Session& session, std::stop_token stop) : session_(session), stop_(std::move(stop)) {}

  Session& session() { return session_; }

  /// Errors: no answer, or one that is none to the question: redirects, 5xx, throttling;
  /// kCancelled.
  Result<Told> Ask(Call call);
  /// The same after a stop, for cleaning up.
  Result<Told> AskAnyway(Call call);

  void Yes(std::string_view name, std::string detail = {});
  void No(std::string_view name, std::string_view code, std::string detail);
  void Unknown(std::string_view name, std::string detail);
  /// Yes for a success; of a refusal, the right that is missing or the words of the service.
  void Judge(std::string_view name, const Told& told, std::string detail = {});

  /// What was written down under that name; borrowed until the next one.  Null: nothing yet.
  const ProbeFinding* Find(std::string_view name) const;
  std::vector<ProbeFinding> Take() { return std::move(findings_); }

 private:
  void Add(std::string_view name, Can can, std::string_view code, std::string detail);

  Session& session_;
  const std::stop_token stop_;
  std::vector<ProbeFinding> findings_;
};

}  // namespace stateferry::storage::s3
