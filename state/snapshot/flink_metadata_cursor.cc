#include "state/snapshot/flink_metadata_cursor.h"

#include <algorithm>

#include "state/snapshot/flink_metadata_limits.h"
#include "state/snapshot/modified_utf8.h"

namespace stateferry::state::snapshot {

MetadataCursor::MetadataCursor(ByteSpan file)
    : file_(file),
      end_(file.size()),
      model_bytes_left_(
          std::min(kModelBytesFree + kModelBytesPerFileByte * file.size(), kMaxModelBytes)) {}

std::uint8_t MetadataCursor::U8() {
  const std::string_view raw = Raw(1, "a byte");
  return raw.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(raw[0]);
}

std::int32_t MetadataCursor::I32() {
  const std::string_view raw = Raw(4, "a 4-byte integer");
  return raw.empty() ? 0 : static_cast<std::int32_t>(LoadBig<std::uint32_t>(raw.data()));
}

std::int64_t MetadataCursor::I64() {
  const std::string_view raw = Raw(8, "an 8-byte integer");
  return raw.empty() ? 0 : static_cast<std::int64_t>(LoadBig<std::uint64_t>(raw.data()));
}

std::string MetadataCursor::Utf(std::string_view what) {
  const std::string_view raw_length = Raw(2, what);
  if (raw_length.empty()) return {};
  const std::string_view raw = Raw(LoadBig<std::uint16_t>(raw_length.data()), what);
  if (const auto bad = FindBadModifiedUtf8(raw)) {
    offset_ -= raw.size() - *bad;
    Fail(std::string(what) + " is not modified UTF-8");
    return {};
  }
  return std::string(raw);
}

std::string MetadataCursor::Blob(std::string_view what) {
  const std::int32_t length = I32();
  if (length < 0) {
    Fail("the length of " + std::string(what) + " is negative: " + std::to_string(length));
    return {};
  }
  return std::string(Raw(static_cast<std::size_t>(length), what));
}

std::string_view MetadataCursor::Raw(std::size_t count, std::string_view what) {
  if (!Need(count, what)) return {};
  const std::string_view raw = AsText(file_.subspan(offset_, count));
  offset_ += count;
  return raw;
}

std::size_t MetadataCursor::Count(std::string_view what, std::size_t min_bytes,
                                  std::size_t model_bytes) {
  return CheckCount(I32(), what, min_bytes, model_bytes);
}

std::size_t MetadataCursor::CheckCount(std::int32_t count, std::string_view what,
                                       std::size_t min_bytes, std::size_t model_bytes) {
  if (!ok()) return 0;
  if (count < 0) {
    Fail("the number of " + std::string(what) + " is negative: " + std::to_string(count));
    return 0;
  }
  const auto wanted = static_cast<std::size_t>(count);
  if (wanted > remaining() / min_bytes) {
    Fail(std::to_string(count) + " " + std::string(what) + " cannot be in the remaining " +
         std::to_string(remaining()) + " bytes");
    return 0;
  }
  Charge(wanted * model_bytes);
  return ok() ? wanted : 0;
}

void MetadataCursor::Charge(std::uint64_t model_bytes) {
  if (!ok()) return;
  if (model_bytes > model_bytes_left_) {
    Fail("the file would need far more memory than its size; real files never do",
         ErrorCode::kRefused);
    return;
  }
  model_bytes_left_ -= model_bytes;
}

void MetadataCursor::Fail(std::string what, ErrorCode code) {
  if (!ok()) return;
  std::string message = "at byte " + std::to_string(offset_);
  if (!operator_label_.empty()) message += ", operator " + operator_label_;
  if (subtask_) message += ", subtask " + std::to_string(*subtask_);
  error_.emplace(code, message + ": " + what);
}

std::size_t MetadataCursor::LimitTo(std::size_t end) {
  const std::size_t former = end_;
  if (end < end_) end_ = end;
  return former;
}

bool MetadataCursor::Need(std::size_t count, std::string_view what) {
  if (!ok()) return false;
  if (count <= end_ - offset_) return true;
  Fail(std::string(what) + " needs " + std::to_string(count) + " bytes, only " +
       std::to_string(end_ - offset_) + " are left");
  return false;
}

}  // namespace stateferry::state::snapshot
