#pragma once
// Big-endian reading of a hostile `_metadata`.  The first failure sticks: from then on ok() is
// false and every read gives zero or empty, so that parsing code checks ok() once per loop only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace stateferry::state::snapshot {

class MetadataCursor {
 public:
  explicit MetadataCursor(ByteSpan file);

  std::uint8_t U8();
  std::int32_t I32();
  std::int64_t I64();
  /// u16 length and modified UTF-8; fails when it is not.
  std::string Utf(std::string_view what);
  /// i32 length and bytes.
  std::string Blob(std::string_view what);
  /// `count` bytes as they are.
  std::string_view Raw(std::size_t count, std::string_view what);

  /// An i32 count of elements that take at least `min_bytes` each in the file and `model_bytes`
  /// in memory.  Fails before anything is allocated when the rest of the file cannot hold them.
  std::size_t Count(std::string_view what, std::size_t min_bytes, std::size_t model_bytes);
  /// The same check for a count that was read already.
  std::size_t CheckCount(std::int32_t count, std::string_view what, std::size_t min_bytes,
                         std::size_t model_bytes);
  void Charge(std::uint64_t model_bytes);

  /// Records the first failure: "at byte N, operator O, subtask S: <what>".
  void Fail(std::string what, ErrorCode code = ErrorCode::kCorruption);
  bool ok() const { return !error_.has_value(); }
  const Error& error() const { return *error_; }

  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return ok() ? end_ - offset_ : 0; }
  /// Reads beyond `end` fail until it is lifted again; for nested, length-prefixed parts.
  /// Returns the former end.
  std::size_t LimitTo(std::size_t end);
  void Unlimit(std::size_t former_end) { end_ = former_end; }

  /// For messages: what is being read.
  void SetOperator(std::string label) {
    operator_label_ = std::move(label);
    subtask_.reset();
  }
  void SetSubtask(std::optional<std::int32_t> subtask) { subtask_ = subtask; }

 private:
  bool Need(std::size_t count, std::string_view what);

  ByteSpan file_;
  std::size_t offset_ = 0;
  std::size_t end_ = 0;
  std::uint64_t model_bytes_left_ = 0;
  std::string operator_label_;
  std::optional<std::int32_t> subtask_;
  std::optional<Error> error_;
};

}  // namespace stateferry::state::snapshot
