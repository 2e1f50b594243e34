#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace stateferry::storage::s3 {

/// Text that never reaches a log, an error, a journal or a core of a report: it has no stream
/// operator, no fmt formatter and no conversion to a string, so that printing it does not compile.
/// The memory is wiped when it is destroyed or replaced.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text);
  Secret(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  bool empty() const { return text_.empty(); }
  /// The text itself, for signing and for sending.  Copies of it are the caller's to keep quiet.
  const std::string& Reveal() const { return text_; }
  bool operator==(const Secret& other) const;

 private:
  void Wipe();
  std::string text_;
};

/// What a failed test prints in its place.
inline void PrintTo(const Secret& secret, std::ostream* out) {
  *out << (secret.empty() ? "(no secret)" : "***");
}

}  // namespace stateferry::storage::s3
