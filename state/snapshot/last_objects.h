#pragma once
// What is put at a destination once all files are there.

#include <vector>

#include "state/snapshot/snapshot_format.h"

namespace stateferry::state::snapshot {

class LastObjects {
 public:
  LastObjects(storage::Places& places, storage::Location to, transfer::IfExists if_exists)
      : places_(places), to_(std::move(to)), if_exists_(if_exists) {}

  /// An earlier run of this transfer may have put them: then the same object is never in its way.
  void MayBeOurs() { may_be_ours_ = true; }
  /// Errors of all: kConflict when an object that is copied is not what was listed.
  /// Errors: kConflict when the destination has another object of that name and may not be
  /// overwritten.
  Result<void> CheckFree(const LastObject& object);
  /// Deletes what Put would replace: while its files are replaced it is not what it says.
  Result<void> DropOther(const LastObject& object);
  /// Puts the object, reads it back and compares; nothing when it is there already.
  Result<transfer::LastObjectReceipt> Put(const LastObject& object);

 private:
  enum class Held { kNothing, kSame, kOther };
  Result<Held> WhatIsThere(const LastObject& object, std::string_view content,
                           storage::Access access);
  Result<std::string> ContentOf(const LastObject& object);

  storage::Places& places_;
  storage::Location to_;
  transfer::IfExists if_exists_;
  bool may_be_ours_ = false;
};

}  // namespace stateferry::state::snapshot
