#include "cli/progress_lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/table.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
/// 0 to 1 of all the work, copying and verifying; planning has no total yet.
double Fraction(const transfer::Progress& progress) {
  if (progress.bytes_total > 0 && progress.kinds.empty())
    return std::min(1.0, (static_cast<double>(progress.bytes_done) +
                          static_cast<double>(progress.verify_bytes_done)) /
                             (static_cast<double>(progress.bytes_total) +
                              static_cast<double>(progress.verify_bytes_total)));
  if (progress.files_total > 0)
    return std::min(
        1.0, static_cast<double>(progress.files_done) / static_cast<double>(progress.files_total));
  return 0;
}

/// 100 % is said only when everything is done.
int Percent(double fraction) {
  return fraction >= 1 ? 100 : std::min(99, static_cast<int>(fraction * 100));
}

/// How far the phase is.
std::string Amount(const transfer::Progress& progress) {
  if (!progress.kinds.empty())
    return fmt::format("{} of {}", FormatNumber(progress.files_done),
                       Count(progress.files_total, "item"));
  if (progress.phase == "verifying" && progress.verify_bytes_total > 0)
    return fmt::format("{} of {}", FormatSize(progress.verify_bytes_done),
                       FormatSize(progress.verify_bytes_total));
  return fmt::format("{} of {}", FormatSize(progress.bytes_done), FormatSize(progress.bytes_total));
}

std::vector<std::string> Job(const transfer::Progress& progress);

/// What deduplication and compression saved, once something was stored.
std::vector<std::string> Gains(const transfer::Progress& progress) {
  if (!progress.kinds.empty()) return Job(progress);
  std::vector<std::string> gains;
  if (progress.reused_bytes > 0)
    gains.push_back(fmt::format("reused {}", FormatSize(progress.reused_bytes)));
  if (progress.duplicate_bytes > 0)
    gains.push_back(fmt::format("dedup {}", FormatSize(progress.duplicate_bytes)));
  if (progress.stored_bytes > 0) {
    gains.push_back(fmt::format("stored {}", FormatSize(progress.stored_bytes)));
    // What was put and was not there already is what was compressed.
    const std::uint64_t fresh =
        progress.plain_bytes - std::min(progress.plain_bytes, progress.duplicate_bytes);
    const double gain = static_cast<double>(fresh) / static_cast<double>(progress.stored_bytes);
    if (gain >= 1.005) gains.push_back(fmt::format("zstd {:.2f}x", gain));
  }
  if (progress.retries > 0) gains.push_back(fmt::format("retries {}", progress.retries));
  return gains;
}

std::string Bar(double fraction, int width) {
  const int filled = static_cast<int>(fraction * width);
  return "[" + std::string(static_cast<std::size_t>(filled), '#') +
         std::string(static_cast<std::size_t>(width - filled), '-') + "]";
}

/// "files 12 of 24  212.3 MiB/s  ETA 0:32": the last words go first when there is little room.
std::string Joined(const std::vector<std::string>& words, std::size_t room) {
  std::string line;
  for (const std::string& word : words) {
    const std::size_t needed = (line.empty() ? 0 : line.size() + 2) + word.size();
    if (needed > room) break;
    line += (line.empty() ? "" : "  ") + word;
  }
  return line;
}

/// "deployment 12 of 60": a kind with all of its items made says so last.
std::vector<std::string> Kinds(const transfer::Progress& progress) {
  std::vector<std::string> words;
  for (const bool whole : {false, true})
    for (const auto& [name, kind] : progress.kinds)
      if ((kind.done == kind.total) == whole)
        words.push_back(
            fmt::format("{} {} of {}", name, FormatNumber(kind.done), FormatNumber(kind.total)) +
            (kind.failed > 0 ? fmt::format(" ({} failed)", kind.failed) : ""));
  return words;
}

/// "orders: 45 % of 1.2 GiB".
std::vector<std::string> Job(const transfer::Progress& progress) {
  if (progress.job.empty()) return {};
  if (progress.bytes_total == 0) return {progress.job};
  const double fraction =
      static_cast<double>(progress.bytes_done) / static_cast<double>(progress.bytes_total);
  std::vector<std::string> words = {fmt::format("{}: {} % of {}", progress.job, Percent(fraction),
                                                FormatSize(progress.bytes_total))};
  if (progress.rate_bytes_per_s > 0) words.push_back(FormatRate(progress.rate_bytes_per_s));
  return words;
}

std::vector<std::string> Facts(const transfer::Progress& progress) {
  if (!progress.kinds.empty()) return Kinds(progress);
  std::vector<std::string> facts;
  if (progress.files_total > 0)
    facts.push_back(fmt::format("{} of {} file{}", FormatNumber(progress.files_done),
                                FormatNumber(progress.files_total),
                                progress.files_total == 1 ? "" : "s"));
  if (progress.rate_bytes_per_s > 0) facts.push_back(FormatRate(progress.rate_bytes_per_s));
  if (progress.eta_seconds >= 0 && Fraction(progress) < 1)
    facts.push_back("ETA " + FormatClock(progress.eta_seconds));
  return facts;
}
}  // namespace

std::vector<std::string> RenderProgress(const transfer::Progress& progress, int width) {
  // The last column stays free: some terminals wrap when it is filled.
  const int room = width - 1;
  if (room < 9) return {};
  const double fraction = Fraction(progress);
  const std::string percent = fmt::format("{:>3} %", Percent(fraction));
  const std::string amount = Amount(progress);
  const auto space = static_cast<std::size_t>(room);

  const std::string head = fmt::format("{:<10}", progress.phase);
  std::string first = head;
  const int bar_width = room - static_cast<int>(head.size() + percent.size() + amount.size()) - 6;
  if (bar_width >= 8)
    first += fmt::format(" {} {}  {}", Bar(fraction, std::min(bar_width, 40)), percent, amount);
  else
    first = Joined(
        {std::string(progress.phase), percent.substr(percent.find_first_not_of(' ')), amount},
        space);

  std::vector<std::string> lines = {Shortened(first, space)};
  for (const auto& words : {Facts(progress), Gains(progress)}) {
    const std::string line = Joined(words, space - 2);
    if (!line.empty()) lines.push_back("  " + line);
  }
  return lines;
}

std::string ProgressSentence(const transfer::Progress& progress) {
  std::vector<std::string> words = {
      fmt::format("{} {} %", progress.phase, Percent(Fraction(progress))), Amount(progress)};
  for (const auto& more : {Facts(progress), Gains(progress)})
    words.insert(words.end(), more.begin(), more.end());
  return fmt::format("{}", fmt::join(words, ", "));
}

Json ProgressJson(const transfer::Progress& progress, const std::string& time) {
  Json line = {{"type", "progress"},
               {"ts", time},
               {"id", progress.id},
               {"phase", std::string(progress.phase)},
               {"bytesDone", progress.bytes_done},
               {"bytesTotal", progress.bytes_total},
               {"verifyBytesDone", progress.verify_bytes_done},
               {"verifyBytesTotal", progress.verify_bytes_total},
               {"objectsDone", progress.files_done},
               {"objectsTotal", progress.files_total},
               {"rateBps", static_cast<std::uint64_t>(std::max(0.0, progress.rate_bytes_per_s))},
               {"etaSeconds", nullptr},
               {"retries", progress.retries},
               {"reusedBytes", progress.reused_bytes},
               {"duplicateBytes", progress.duplicate_bytes},
               {"storedBytes", progress.stored_bytes}};
  for (const auto& [name, kind] : progress.kinds)
    line["kinds"][name] = {{"done", kind.done}, {"total", kind.total}, {"failed", kind.failed}};
  if (!progress.job.empty()) line["job"] = progress.job;
  if (progress.eta_seconds >= 0)
    line["etaSeconds"] = static_cast<std::uint64_t>(progress.eta_seconds + 0.5);
  return line;
}

}  // namespace stateferry::cli
