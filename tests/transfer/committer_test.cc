#include "transfer/committer.h"

#include <mutex>
#include <set>
#include <thread>

#include "tests/transfer/forwarding_journal.h"
#include "tests/transfer/transfer_rig.h"
#include "tests/transfer/watched_backend.h"

namespace stateferry::transfer {
namespace {

/// Remembers what the destination has flushed, and holds the journal to it.
class OrderingJournal final : public ForwardingJournal {
 public:
  explicit OrderingJournal(Journal& inner) : ForwardingJournal(inner) {}

  void Watch(WatchedBackend& target) {
    target.on.part_accepted = [this](const std::string& key, std::uint32_t part) {
      std::lock_guard lock(mutex_);
      accepted_.insert(key + "#" + std::to_string(part));
      // So slow that commits happen while parts still come in.
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    };
    target.on.completed = [this](const std::string& key) {
      std::lock_guard lock(mutex_);
      accepted_.insert(key);
    };
    target.on.flush_begins = [this] {
      std::lock_guard lock(mutex_);
      flushing_ = accepted_;
    };
    target.on.flush_ends = [this] {
      std::lock_guard lock(mutex_);
      flushed_ = flushing_;
    };
  }

  Result<void> Commit(const std::string& id, const Batch& batch) override {
    {
      SF_TRY(auto files, Files(id, 0, 1000));
      std::lock_guard lock(mutex_);
      for (const auto& part : batch.parts) {
        ++parts_seen;
        const auto key = "out/" + files[part.file_index].task.to_name + "#" +
                         std::to_string(part.receipt.part_index);
        EXPECT_TRUE(flushed_.contains(key)) << key << " was journaled before it was flushed";
      }
      for (const auto& file : batch.files)
        if (file.state == FileState::kWritten || file.state == FileState::kDone) {
          EXPECT_TRUE(flushed_.contains("out/" + file.task.to_name)) << file.task.to_name;
        }
      ++commits;
    }
    return ForwardingJournal::Commit(id, batch);
  }

  std::size_t parts_seen = 0;
  std::size_t commits = 0;

 private:
  std::mutex mutex_;
  std::set<std::string> accepted_, flushing_, flushed_;
};

class CommitterTest : public TransferRig {};

TEST_F(CommitterTest, NothingIsJournaledBeforeItIsFlushed) {
  for (std::uint64_t i = 0; i < 30; ++i) PutSource("f" + std::to_string(i), Content(i * 700, i));
  auto watched = std::make_shared<WatchedBackend>(target);
  MoveBetween(source, watched);
  OrderingJournal ordering(*journal);
  ordering.Watch(*watched);
  options.workers = 4;
  options.commit_bytes = 5 * kPart;

  auto report =
      RunTransfer(request, Lister(), {}, options, {*places, ordering, clock, progress, {}});

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_GT(ordering.parts_seen, 200u);
  EXPECT_GE(ordering.commits, 2u);
}

TEST_F(CommitterTest, WhereCompleteIsDurableTheWorkersAskForTheIdentity) {
  PutSource("a", Content(5 * kPart, 1));
  auto watched = std::make_shared<WatchedBackend>(target);
  MoveBetween(source, watched);
  for (const bool durable : {true, false}) {
    std::mutex mutex;
    std::set<std::thread::id> asking, flushing;
    watched->durable_on_complete = durable;
    watched->on.before_stat = [&](std::string_view) {
      std::lock_guard lock(mutex);
      asking.insert(std::this_thread::get_id());
    };
    watched->on.flush_begins = [&] {
      std::lock_guard lock(mutex);
      flushing.insert(std::this_thread::get_id());
    };
    request.to = At(durable ? "mem://target/out" : "mem://target/out2");
    const std::string key = durable ? "out/a" : "out2/a";
    auto report = Run();
    ASSERT_TRUE(report) << report.error().message();
    ASSERT_EQ(asking.size(), 1u);
    EXPECT_NE(flushing.contains(*asking.begin()), durable) << "the committer is who flushes";
    auto files = journal->Files(report->id, 0, 1);
    ASSERT_TRUE(files && files->size() == 1);
    EXPECT_EQ(files->front().to_etag_hash, EtagHash(target_bucket->Stat(key)->etag));
  }
}

TEST_F(CommitterTest, APartThatComesAfterTheEndOfItsFileChangesNothing) {
  const std::string id = "0123456789abcdef";
  FileRecord planned;
  planned.task.from_dir = At("mem://source/in");
  planned.task.from_name = planned.task.to_name = "a";
  planned.task.size_bytes = 2 * kPart;
  planned.part_bytes = kPart;
  planned.resume_token = "token";
  ASSERT_TRUE(journal->AddFiles(id, {planned}));
  auto ends = Endpoints::Open(*places, request.to, storage::Access::kWrite);
  ASSERT_TRUE(ends);
  Meter meter(id, clock, progress);
  options.commit_interval = std::chrono::milliseconds(0);
  Committer committer({id, *journal, **ends, options, meter, false, [] {}});
  WorkQueue queue(*journal, id, {1u << 20, 100, 1}, [] {});
  committer.SetQueue(&queue);
  auto job = queue.Next({});
  ASSERT_TRUE(job && *job);
  std::jthread committing([&] { EXPECT_TRUE(committer.Run()); });

  committer.Accept({.what = Accepted::What::kCompleted, .file = (*job)->file});
  while (meter.files_done == 0) std::this_thread::yield();
  committer.Accept({.file = (*job)->file, .receipt = PartReceipt{1, kPart, {}}});
  committer.Close();
  committing.join();

  EXPECT_EQ(journal->Files(id, 0, 1)->front().state, FileState::kDone);
  EXPECT_TRUE(journal->Receipts(id, 0)->empty());
}

TEST_F(CommitterTest, ContentKnownByItsOriginIsReferredToNotRead) {
  PutSource("a", Content(5 * kPart, 1));
  ASSERT_TRUE(target_bucket->Put("earlier/a", AsBytes(Content(5 * kPart, 1)), {}));
  auto watched = std::make_shared<WatchedBackend>(target);
  MoveBetween(source, watched);
  watched->on.find_by_origin = [&](std::string_view origin) -> std::optional<storage::ObjectMeta> {
    EXPECT_NE(origin.find("mem://source/in/a"), std::string_view::npos) << origin;
    return target_bucket->Stat("earlier/a").value();
  };

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_reused, 1u);
  EXPECT_EQ(report->bytes_reused, 5 * kPart);
  EXPECT_EQ(SourceReads(), 0u);
  EXPECT_EQ(Target("a"), Content(5 * kPart, 1));

  ASSERT_TRUE(target_bucket->Delete("out/a"));
  options.paranoid = true;
  auto paranoid = Run();
  ASSERT_TRUE(paranoid) << paranoid.error().message();
  EXPECT_EQ(paranoid->files_reused, 0u);
  EXPECT_EQ(SourceReads(), 5u);
}

TEST_F(CommitterTest, ContentThatTurnsOutToBeKnownEndsItsUpload) {
  PutSource("a", Content(5 * kPart, 1));
  options.workers = 1;
  options.max_transfer_bytes = 2 * kPart;
  ASSERT_FALSE(Run());
  options.max_transfer_bytes = 0;
  ASSERT_TRUE(target_bucket->Put("earlier/a", AsBytes(Content(5 * kPart, 1)), {}));
  auto watched = std::make_shared<WatchedBackend>(target);
  MoveBetween(source, watched);
  watched->on.find_by_origin = [&](std::string_view) -> std::optional<storage::ObjectMeta> {
    return target_bucket->Stat("earlier/a").value();
  };
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_reused, 1u);
  EXPECT_EQ(target->calls(fakes::BackendOp::kAbort), 1u);
}

}  // namespace
}  // namespace stateferry::transfer
