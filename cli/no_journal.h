#pragma once
// Stands in for the journal in a dry run, which neither makes a home nor locks one.

#include "transfer/journal.h"

namespace stateferry::cli {

/// Holds nothing; whatever would change it is a bug (kInternal).
class NoJournal final : public transfer::Journal {
 public:
  Result<std::vector<transfer::TransferRecord>> List() override {
    return std::vector<transfer::TransferRecord>();
  }
  Result<std::optional<transfer::TransferRecord>> Find(const std::string&) override {
    return std::optional<transfer::TransferRecord>();
  }
  Result<std::vector<transfer::FileRecord>> Files(const std::string&, std::uint64_t,
                                                  std::size_t) override {
    return std::vector<transfer::FileRecord>();
  }
  Result<std::uint64_t> EndIndex(const std::string&) override { return std::uint64_t{0}; }
  Result<std::vector<transfer::PartReceipt>> Receipts(const std::string&, std::uint64_t) override {
    return std::vector<transfer::PartReceipt>();
  }
  Result<void> PutTransfer(const transfer::TransferRecord&) override { return Changed(); }
  Result<void> AddFiles(const std::string&, const std::vector<transfer::FileRecord>&) override {
    return Changed();
  }
  Result<void> Commit(const std::string&, const Batch&) override { return Changed(); }
  Result<void> DropReceipts(const std::string&) override { return Changed(); }
  Result<void> DropPlan(const std::string&) override { return Changed(); }
  Result<void> Remove(const std::string&) override { return Changed(); }

 private:
  static Error Changed() { return Error(ErrorCode::kInternal, "a dry run wanted to write"); }
};

}  // namespace stateferry::cli
