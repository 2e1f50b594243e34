#pragma once

#include <memory>

#include "transfer/journal.h"

namespace stateferry::transfer {

/// A journal around a journal; override what the test wants to see or to break.
class ForwardingJournal : public Journal {
 public:
  explicit ForwardingJournal(Journal& inner) : inner_(inner) {}

  /// Asked before every change; an error is returned instead of making it.
  virtual Result<void> BeforeChange() { return {}; }

  Result<std::vector<TransferRecord>> List() override { return inner_.List(); }
  Result<std::optional<TransferRecord>> Find(const std::string& id) override {
    return inner_.Find(id);
  }
  Result<void> PutTransfer(const TransferRecord& record) override {
    SF_TRY(BeforeChange());
    return inner_.PutTransfer(record);
  }
  Result<void> AddFiles(const std::string& id, const std::vector<FileRecord>& files) override {
    SF_TRY(BeforeChange());
    return inner_.AddFiles(id, files);
  }
  Result<std::vector<FileRecord>> Files(const std::string& id, std::uint64_t first_index,
                                        std::size_t limit) override {
    return inner_.Files(id, first_index, limit);
  }
  Result<std::uint64_t> EndIndex(const std::string& id) override { return inner_.EndIndex(id); }
  Result<std::vector<PartReceipt>> Receipts(const std::string& id,
                                            std::uint64_t file_index) override {
    return inner_.Receipts(id, file_index);
  }
  Result<void> Commit(const std::string& id, const Batch& batch) override {
    SF_TRY(BeforeChange());
    return inner_.Commit(id, batch);
  }
  Result<void> DropReceipts(const std::string& id) override {
    SF_TRY(BeforeChange());
    return inner_.DropReceipts(id);
  }
  Result<void> DropPlan(const std::string& id) override {
    SF_TRY(BeforeChange());
    return inner_.DropPlan(id);
  }
  Result<void> Remove(const std::string& id) override {
    SF_TRY(BeforeChange());
    return inner_.Remove(id);
  }

 private:
  Journal& inner_;
};

}  // namespace stateferry::transfer
