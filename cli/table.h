#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stateferry::cli {

/// How many columns a terminal needs for UTF-8 `text`, one a code point.
std::size_t DisplayWidth(std::string_view text);
/// At most `width` columns; a cut text ends in "...".
std::string Shortened(std::string_view text, std::size_t width);

/// Rows with aligned columns, two blanks apart.
class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;         ///< numbers
    std::size_t max_width = 0;  ///< longer cells are cut; 0 = never
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void Add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  /// Title line first unless all titles are empty.  No blanks at the ends of lines.
  std::vector<std::string> Lines(std::string_view indent = "") const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace stateferry::cli
