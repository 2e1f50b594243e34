#pragma once
// Result<T>: a value or an Error.  Method names follow std::expected so that C++23 can replace it.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace stateferry {

/// What a caller can act on.  cli/exit_code.h maps each code to a process exit code.
enum class ErrorCode {
  kInvalidArgument,  ///< the request itself is wrong (bad flag, bad URI)
  kRefused,          ///< a rule, limit or unsupported feature forbids it
  kPermission,       ///< access denied or credentials missing
  kNotFound,         ///< the named thing does not exist
  kCorruption,       ///< bytes are not what they must be
  kUnavailable,      ///< transient: network, timeout, 5xx
  kThrottled,        ///< transient: the service asked to slow down
  kCancelled,        ///< stopped on request or at a time or size limit
  kLocked,           ///< another process holds the thing
  kConflict,         ///< the thing exists with other content, or changed under way
  kNoSpace,          ///< the device or quota is full
  kIo,               ///< any other operating-system failure
  kInternal,         ///< a bug
};

/// Whether repeating the same call may help.  Only the retry wrapper retries.
enum class Retry { kNever, kMayHelp, kExhausted };

/// The name used in JSON output, e.g. "not_found".
std::string_view ErrorCodeName(ErrorCode code);

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message, Retry retry = Retry::kNever)
      : code_(code), retry_(retry), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  Retry retry() const { return retry_; }
  const std::string& message() const { return message_; }
  /// What the user can do about it; empty when there is nothing to add.
  const std::string& hint() const { return hint_; }
  /// The documented rule that this breaks ("C-05"), and the category of such breaks
  /// ("incompatible"), which then stands for the name of the code; both empty for most errors.
  const std::string& rule() const { return rule_; }
  const std::string& category() const { return category_; }
  /// What the service asked for: a repetition is of no use before this time has passed.
  std::chrono::milliseconds retry_after() const { return retry_after_; }

  /// Adds what the caller was doing: "reading chk-7/_metadata: <message>".
  Error WithContext(std::string_view doing) && {
    message_ = std::string(doing) + ": " + message_;
    return std::move(*this);
  }
  Error WithContext(std::string_view doing) const& { return Error(*this).WithContext(doing); }
  Error WithHint(std::string hint) && {
    hint_ = std::move(hint);
    return std::move(*this);
  }
  Error WithRule(std::string rule, std::string category) && {
    rule_ = std::move(rule);
    category_ = std::move(category);
    return std::move(*this);
  }
  Error WithRetry(Retry retry) && {
    retry_ = retry;
    return std::move(*this);
  }
  Error WithRetryAfter(std::chrono::milliseconds wait) && {
    retry_after_ = wait;
    return std::move(*this);
  }

 private:
  ErrorCode code_;
  Retry retry_;
  std::string message_;
  std::string hint_;
  std::string rule_, category_;
  std::chrono::milliseconds retry_after_{0};
};

/// Error from an errno value: "<what>: <strerror>", with the matching code.
Error ErrnoError(int errnum, std::string_view what);

/// Prints `what` with its place and aborts.  On in release builds too.
[[noreturn]] void AssertFailed(const char* file, int line, const char* what);

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return Checked(); }
  const T& value() const& { return const_cast<Result*>(this)->Checked(); }
  T&& value() && { return std::move(Checked()); }
  T& operator*() & { return Checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->Checked(); }
  T&& operator*() && { return std::move(Checked()); }
  T* operator->() { return &Checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->Checked(); }
  const Error& error() const& {
    if (has_value()) AssertFailed(__FILE__, __LINE__, "error() of a Result that holds a value");
    return std::get<1>(state_);
  }
  Error&& error() && {
    if (has_value()) AssertFailed(__FILE__, __LINE__, "error() of a Result that holds a value");
    return std::get<1>(std::move(state_));
  }

 private:
  T& Checked() {
    if (!has_value()) AssertFailed(__FILE__, __LINE__, std::get<1>(state_).message().c_str());
    return std::get<0>(state_);
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const& {
    if (!error_) AssertFailed(__FILE__, __LINE__, "error() of a Result that holds success");
    return *error_;
  }
  Error&& error() && {
    if (!error_) AssertFailed(__FILE__, __LINE__, "error() of a Result that holds success");
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace stateferry

#define SF_CONCAT_INNER(a, b) a##b
#define SF_CONCAT(a, b) SF_CONCAT_INNER(a, b)

/// SF_TRY(auto x, Call()): x = the value, or return the error.  SF_TRY(Call()): or return the
/// error.
#define SF_TRY_1(expr)                                             \
  do {                                                             \
    auto sf_try_result_ = (expr);                                  \
    if (!sf_try_result_) return std::move(sf_try_result_).error(); \
  } while (false)
#define SF_TRY_2(decl, expr) SF_TRY_ASSIGN(SF_CONCAT(sf_try_, __LINE__), decl, expr)
#define SF_TRY_ASSIGN(tmp, decl, expr)     \
  auto tmp = (expr);                       \
  if (!tmp) return std::move(tmp).error(); \
  decl = std::move(tmp).value()
#define SF_TRY_PICK(_1, _2, name, ...) name
// A template argument list with a comma needs its own parentheses or an alias.
#define SF_TRY(...) SF_TRY_PICK(__VA_ARGS__, SF_TRY_2, SF_TRY_1, )(__VA_ARGS__)

/// A broken invariant is a bug: prints the condition and aborts, in release too.
#define SF_ASSERT(cond)                                                 \
  do {                                                                  \
    if (!(cond)) ::stateferry::AssertFailed(__FILE__, __LINE__, #cond); \
  } while (false)
