#pragma once
// Pages for man(1), made from the table of commands.

#include <string>
#include <vector>

namespace stateferry::cli {

struct ManPage {
  std::string name;  ///< "stateferry-store-check"
  int section = 1;
  std::string text;  ///< troff
};

/// stateferry(1), one page for each command, stateferry-config(5).
std::vector<ManPage> ManPages();

}  // namespace stateferry::cli
