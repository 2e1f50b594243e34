#include "bench/copy/generate_spec.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace stateferry::bench {

namespace {

Error BadPair(std::string_view pair, std::string_view wanted) {
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("--generate: \"{}\" is not understood: {}", pair, wanted));
}

Result<std::uint64_t> ParseCount(std::string_view pair, std::string_view value, std::uint64_t low,
                                 std::uint64_t high) {
  std::uint64_t number = 0;
  const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (status != std::errc() || end != value.data() + value.size() || number < low || number > high)
    return BadPair(pair, fmt::format("give a number from {} to {}", low, high));
  return number;
}

Result<void> Apply(GenerateSpec& spec, std::string_view pair) {
  const auto equals = pair.find('=');
  if (equals == std::string_view::npos)
    return BadPair(pair, "write name=value, for example size=2GiB,sst=64MiB,checkpoints=2");
  const std::string_view name = pair.substr(0, equals), value = pair.substr(equals + 1);
  const auto size = [&](std::uint64_t& field) -> Result<void> {
    SF_TRY(field, ParseSizeText(value));
    if (field == 0) return BadPair(pair, "give a size above 0");
    return {};
  };
  const auto count = [&](auto& field, std::uint64_t low, std::uint64_t high) -> Result<void> {
    SF_TRY(const std::uint64_t number, ParseCount(pair, value, low, high));
    field = static_cast<std::remove_reference_t<decltype(field)>>(number);
    return {};
  };
  if (name == "size") return size(spec.size_bytes);
  if (name == "sst") return size(spec.sst_bytes);
  if (name == "min") return size(spec.min_bytes);
  if (name == "max") return size(spec.max_bytes);
  if (name == "checkpoints") return count(spec.checkpoints, 1, 100);
  if (name == "parallelism") return count(spec.parallelism, 1, 128);
  if (name == "files") return count(spec.files, 1, 10'000'000);
  if (name == "seed") return count(spec.seed, 0, std::numeric_limits<std::uint64_t>::max());
  if (name == "churn") {
    const auto [end, status] =
        std::from_chars(value.data(), value.data() + value.size(), spec.churn);
    if (status != std::errc() || end != value.data() + value.size() ||
        !(spec.churn >= 0 && spec.churn <= 1))
      return BadPair(pair, "give a number from 0 to 1");
    return {};
  }
  return BadPair(pair,
                 "known are size, sst, checkpoints, churn, parallelism, files, min, max and seed");
}

}  // namespace

Result<std::uint64_t> ParseSizeText(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  int shift = -1;
  if (unit.empty() || unit == "B") shift = 0;
  if (unit == "K" || unit == "KB" || unit == "KiB") shift = 10;
  if (unit == "M" || unit == "MB" || unit == "MiB") shift = 20;
  if (unit == "G" || unit == "GB" || unit == "GiB") shift = 30;
  if (status != std::errc() || shift < 0 ||
      number > std::numeric_limits<std::uint64_t>::max() >> shift)
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" is not a size: write for example 64MiB", text));
  return number << shift;
}

Result<GenerateSpec> ParseGenerateSpec(std::string_view text) {
  GenerateSpec spec;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    SF_TRY(Apply(spec, pair));
  }
  if (spec.min_bytes > spec.max_bytes)
    return Error(ErrorCode::kInvalidArgument, "--generate: min is larger than max");
  return spec;
}

std::string SpecText(const GenerateSpec& spec) {
  if (spec.is_plain_tree())
    return fmt::format("files={},min={},max={},seed={}", spec.files, spec.min_bytes, spec.max_bytes,
                       spec.seed);
  return fmt::format("size={},sst={},checkpoints={},churn={},parallelism={},seed={}",
                     spec.size_bytes, spec.sst_bytes, spec.checkpoints, spec.churn,
                     spec.parallelism, spec.seed);
}

}  // namespace stateferry::bench
