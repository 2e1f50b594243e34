#pragma once
// Hand-made `_metadata` files: the primitives, some handles, and the frame around them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace stateferry::state::snapshot::bytes {

inline std::string U8(int value) { return std::string(1, static_cast<char>(value)); }
inline std::string I32(std::int64_t value) {
  std::string out;
  AppendBig(out, static_cast<std::uint32_t>(value));
  return out;
}
inline std::string I64(std::int64_t value) {
  std::string out;
  AppendBig(out, static_cast<std::uint64_t>(value));
  return out;
}
inline std::string Utf(std::string_view text) {
  std::string out;
  AppendBig(out, static_cast<std::uint16_t>(text.size()));
  return out.append(text);
}
inline std::string Blob(std::string_view data) {
  return I32(static_cast<std::int64_t>(data.size())).append(data);
}

// ---- Handles -----------------------------------------------------------------------------------

inline std::string ByteStream(std::string_view name, std::string_view data) {
  return U8(1) + Utf(name) + Blob(data);
}
inline std::string File(std::string_view path, std::int64_t size) {
  return U8(2) + I64(size) + Utf(path);
}
inline std::string Relative(std::string_view path, std::int64_t size) {
  return U8(6) + Utf(path) + I64(size);
}
inline std::string Segment(std::string_view path, std::int64_t start, std::int64_t size,
                           int scope = 1) {
  return U8(15) + I64(start) + I64(size) + I32(scope) + Utf(path) + Utf("logical-id");
}
/// Key groups [0, 2) with two offsets.
inline std::string KeyGroups() { return I32(0) + I32(2); }
inline std::string KeyGroupOffsets() { return KeyGroups() + I64(10) + I64(20); }
/// One state "s" with two offsets, mode UNION.
inline std::string StateMap() { return I32(1) + Utf("s") + U8(1) + I32(2) + I64(0) + I64(7); }
inline std::string Partitionable(const std::string& stream) { return U8(4) + StateMap() + stream; }
inline std::string FileMerging(const std::string& stream) {
  return U8(17) + StateMap() + Utf("s3://b/j/taskowned/d") + Utf("s3://b/j/shared/d") + U8(0) +
         stream;
}
inline std::string Incremental(const std::string& shared, const std::string& priv) {
  return U8(11) + I64(5) + Utf("backend") + KeyGroups() + I64(100) + Relative("meta", 5) + shared +
         priv + Utf("handle-id");
}

// ---- The frame ---------------------------------------------------------------------------------

inline std::string Header(int version, std::int64_t checkpoint_id = 5) {
  return I32(0x4960672d) + I32(version) + I64(checkpoint_id);
}
inline const std::string kOperatorId = "0123456789abcdef";
inline std::string NullProperties() { return std::string("\xac\xed\x00\x05\x70", 5); }

struct Body {
  std::string managed_operator = I32(0), raw_operator = I32(0);
  std::string managed_keyed = U8(0), raw_keyed = U8(0);
  std::string inputs = I32(0), outputs = I32(0);
  std::string end_of_7 = U8(0);
};

inline std::string SubtaskBody(int version, const Body& body = {}) {
  std::string out;
  if (version == 2) out += I64(-1) + I32(0);
  out += body.managed_operator + body.raw_operator + body.managed_keyed + body.raw_keyed;
  if (version >= 3) out += body.inputs + body.outputs;
  if (version >= 7) out += body.end_of_7;
  return out;
}

inline std::string OperatorHead(int version, const std::string& id = kOperatorId,
                                int parallelism = 2, int max_parallelism = 128) {
  std::string out;
  if (version >= 5) out += Utf("map") + Utf("uid-1");
  out += id + I32(parallelism) + I32(max_parallelism);
  return out + (version == 2 ? I32(1) : U8(0));
}

/// `operators`: count and content.
inline std::string Frame(int version, const std::string& operators) {
  std::string out = Header(version) + I32(0) + operators;
  if (version >= 4) out += NullProperties();
  return out;
}

/// A file with one operator of parallelism 2, whose subtask 0 has this body.
inline std::string OneSubtask(int version, const Body& body = {}) {
  return Frame(version,
               I32(1) + OperatorHead(version) + I32(1) + I32(0) + SubtaskBody(version, body));
}
inline std::string OneKeyed(int version, const std::string& handle) {
  Body body;
  body.managed_keyed = handle;
  return OneSubtask(version, body);
}
/// A stream handle in the one place where any kind may be.
inline std::string OneStream(const std::string& stream) {
  return OneKeyed(4, U8(7) + KeyGroupOffsets() + stream);
}

}  // namespace stateferry::state::snapshot::bytes
