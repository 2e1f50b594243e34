#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "storage/backend.h"

namespace stateferry::storage {

enum class MeteredOp {
  kStat,
  kList,
  kRead,
  kPut,
  kStartUpload,
  kPutPart,
  kComplete,
  kCopy,
  kDelete,
  kFlush
};
inline constexpr std::size_t kMeteredOps = 10;
std::string_view MeteredOpName(MeteredOp op);

/// Counters of one or more backends.  Thread-safe.
struct Meter {
  std::atomic<std::uint64_t> read_bytes{0};
  std::atomic<std::uint64_t> written_bytes{0};
  std::array<std::atomic<std::uint64_t>, kMeteredOps> calls{};   ///< by MeteredOp
  std::array<std::atomic<std::uint64_t>, kMeteredOps> errors{};  ///< by MeteredOp

  std::uint64_t Calls(MeteredOp op) const { return calls[static_cast<std::size_t>(op)]; }
  std::uint64_t Errors(MeteredOp op) const { return errors[static_cast<std::size_t>(op)]; }
};

/// Counts calls, errors and bytes.
std::shared_ptr<Backend> WithMeter(std::shared_ptr<Backend> inner, std::shared_ptr<Meter> meter);

}  // namespace stateferry::storage
