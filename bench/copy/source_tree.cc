#include "bench/copy/source_tree.h"

#include <filesystem>
#include <fstream>
#include <vector>

namespace stateferry::bench {

namespace fs = std::filesystem;

namespace {

template <typename Visit>
void ForEachFile(const std::string& path, const Visit& visit) {
  std::error_code code;
  for (fs::recursive_directory_iterator entry(path, code), end; !code && entry != end;
       entry.increment(code)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && !entry->is_symlink(ignored)) visit(*entry);
  }
}

Result<void> MoveFile(const std::string& from, const std::string& to) {
  std::error_code code;
  if (!fs::exists(from, code)) return {};  // an earlier process got as far as this
  fs::create_directories(fs::path(to).parent_path(), code);
  fs::rename(from, to, code);
  if (code) return ErrnoError(code.value(), "moving " + from + " to " + to);
  return {};
}

}  // namespace

TreeSize MeasureTree(const std::string& path) {
  TreeSize size;
  ForEachFile(path, [&](const fs::directory_entry& entry) {
    std::error_code code;
    const std::uintmax_t bytes = entry.file_size(code);
    if (code) return;
    ++size.files;
    size.bytes += bytes;
  });
  return size;
}

void WarmTree(const std::string& path) {
  std::vector<char> buffer(1u << 20);
  ForEachFile(path, [&](const fs::directory_entry& entry) {
    std::ifstream file(entry.path(), std::ios::binary);
    while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
    }
  });
}

Result<SourceTree> SourceTree::OfUser(const std::string& path) {
  std::error_code code;
  SourceTree tree;
  tree.path_ = fs::canonical(path, code).string();
  if (code || !fs::is_directory(tree.path_, code))
    return Error(ErrorCode::kNotFound, path + " is not a directory: give the directory to copy");
  return tree;
}

Result<SourceTree> SourceTree::OfGenerated(Generated generated, std::string aside) {
  SourceTree tree;
  tree.path_ = std::move(generated.tree);
  tree.aside_ = std::move(aside);
  if (generated.checkpoints.empty() || generated.checkpoints.front().name.empty()) return tree;
  tree.checkpoints_ = std::move(generated.checkpoints);
  tree.present_ = 1;  // not known; GoTo moves whatever is in the wrong place
  SF_TRY(tree.GoTo(tree.checkpoints_.size()));
  return tree;
}

std::string SourceTree::snapshot() const {
  return present_ == 0 ? path_ : path_ + "/" + checkpoints_[present_ - 1].name;
}

Result<void> SourceTree::GoTo(std::size_t number) {
  for (std::size_t i = 0; i < checkpoints_.size(); ++i) {
    const bool stays = i < number;
    for (const std::string& name : checkpoints_[i].new_files) {
      const std::string here = path_ + "/" + name, there = aside_ + "/" + name;
      SF_TRY(MoveFile(stays ? there : here, stays ? here : there));
    }
    // Flink would not have made the directory yet.
    std::error_code code;
    if (!stays) fs::remove(path_ + "/" + checkpoints_[i].name, code);
  }
  present_ = number;
  return {};
}

}  // namespace stateferry::bench
