#include <gtest/gtest.h>

#include "tests/transfer/forwarding_journal.h"
#include "tests/transfer/transfer_rig.h"

namespace stateferry::transfer {
namespace {

/// Asks the run to stop in the commit with which its only file is done.
class StoppingJournal final : public ForwardingJournal {
 public:
  StoppingJournal(Journal& inner, std::stop_source& stop) : ForwardingJournal(inner), stop_(stop) {}
  Result<void> Commit(const std::string& id, const Batch& batch) override {
    for (const FileRecord& file : batch.files)
      if (file.state == FileState::kDone) stop_.request_stop();
    return ForwardingJournal::Commit(id, batch);
  }

 private:
  std::stop_source& stop_;
};

TEST_F(TransferRig, AStopThatComesWhenAllIsDoneChangesNothing) {
  PutSource("file", Content(2500, 1));
  StoppingJournal stopping(*journal, stop);
  const auto report = RunTransfer(request, Lister(), {}, options,
                                  {*places, stopping, clock, progress, stop.get_token()});
  EXPECT_TRUE(stop.stop_requested());
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_EQ(Target("file"), Content(2500, 1));
}

}  // namespace
}  // namespace stateferry::transfer
