#include "cli/table.h"

#include <algorithm>

#include "base/result.h"
#include "cli/output.h"

namespace stateferry::cli {

namespace {
bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::string Padded(const std::string& text, std::size_t width, bool right) {
  const std::string blanks(width - std::min(width, DisplayWidth(text)), ' ');
  return right ? blanks + text : text + blanks;
}
}  // namespace

std::size_t DisplayWidth(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), StartsCodePoint));
}

std::string Shortened(std::string_view text, std::size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  const std::string_view dots = width >= 6 ? "..." : "";
  std::size_t left = width - dots.size();
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (!StartsCodePoint(text[at])) continue;
    if (left == 0) break;
    --left;
  }
  return std::string(text.substr(0, at)).append(dots);
}

void Table::Add(std::vector<std::string> cells) {
  SF_ASSERT(cells.size() == columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = Printable(cells[i]);
    if (columns_[i].max_width > 0) cells[i] = Shortened(cells[i], columns_[i].max_width);
  }
  rows_.push_back(std::move(cells));
}

std::vector<std::string> Table::Lines(std::string_view indent) const {
  std::vector<std::vector<std::string>> all;
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  if (std::any_of(titles.begin(), titles.end(), [](const auto& title) { return !title.empty(); }))
    all.push_back(titles);
  all.insert(all.end(), rows_.begin(), rows_.end());

  std::vector<std::size_t> widths(columns_.size());
  for (const auto& row : all)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));

  std::vector<std::string> lines;
  for (const auto& row : all) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      line += Padded(row[i], widths[i], columns_[i].right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace stateferry::cli
