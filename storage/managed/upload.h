#pragma once

#include <memory>
#include <string>

#include "storage/managed/store_core.h"

namespace stateferry::storage::managed {

/// One upload into a project.  Borrows the core.
class ManagedUpload : public Upload {
 public:
  ManagedUpload(StoreCore& core, std::shared_ptr<UploadState> state)
      : core_(core), state_(std::move(state)) {}

  Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override {
    return core_.PutPart(*state_, part_index, bytes);
  }
  Result<void> Complete() override { return core_.CompleteUpload(*state_); }
  Result<void> Abort() override { return core_.AbortUpload(*state_); }
  std::string ResumeToken() const override { return Hash128::FromRaw(state_->token).ToHex(); }

 private:
  StoreCore& core_;
  const std::shared_ptr<UploadState> state_;
};

}  // namespace stateferry::storage::managed
