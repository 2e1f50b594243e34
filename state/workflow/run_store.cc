#include "state/workflow/run_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/record_frame.h"
#include "state/workflow/run_json.h"
#include "storage/rocksdb_tables.h"

namespace stateferry::state::workflow {

namespace {

constexpr std::uint8_t kRecordVersion = 1;
constexpr std::uint32_t kRunsFormatVersion = 2;
constexpr std::size_t kItemsPerVisit = 256;

enum Table : std::size_t { kRuns, kItems, kStates, kFindings };

storage::TablesSpec SpecOf(const std::string& home_dir) {
  const std::string dir = home_dir + "/runs";
  return {.dir = dir,
          .name = "records of clones",
          .tables = {"runs", "items", "states", "findings"},
          .format_version = kRunsFormatVersion,
          .unreadable_hint = "move " + dir +
                             " away to start without them: the history of clones is in there, and "
                             "what goes on with one that was interrupted"};
}

// Ids are printable, so a NUL ends them, and one id can be the beginning of another.
std::string KeysOf(const std::string& id) { return id + '\0'; }
std::string AfterKeysOf(const std::string& id) { return id + '\1'; }
std::string KeyOf(const std::string& id, std::uint64_t index) {
  std::string key = KeysOf(id);
  AppendBig<std::uint64_t>(key, index);
  return key;
}

std::uint64_t IndexIn(std::string_view key) {
  return LoadBig<std::uint64_t>(key.data() + key.size() - sizeof(std::uint64_t));
}

std::string Framed(const Json& json) { return FrameRecord(kRecordVersion, DumpJson(json)); }
Result<Json> Unframed(std::string_view bytes) {
  SF_TRY(const FramedRecord framed, UnframeRecord(bytes, kRecordVersion));
  auto json = ParseJson(framed.payload);
  if (!json) return Error(ErrorCode::kCorruption, json.error().message());
  return json;
}

Result<Run> DecodeRun(std::string_view bytes) {
  SF_TRY(const Json json, Unframed(bytes));
  return RunFromJson(json);
}

class RocksRunStore final : public RunStore {
 public:
  explicit RocksRunStore(std::unique_ptr<storage::RocksTables> tables)
      : tables_(std::move(tables)) {}

  Result<std::vector<Run>> List(const RunFilter& filter) override;
  Result<std::optional<Run>> Find(const std::string& id) override;
  Result<void> PutRun(const Run& run) override;
  Result<void> AddItems(const std::string& id, std::span<const Item> items) override;
  Result<void> PutFindings(const std::string& id, std::span<const Finding> findings) override;
  Result<std::vector<Finding>> Findings(const std::string& id) override;
  Result<void> PutStates(const std::string& id, std::span<const Item> items) override;
  Result<std::vector<Item>> Items(const std::string& id, std::uint64_t first_index,
                                  std::size_t limit) override;
  Result<std::vector<Item>> WithStatus(const std::string& id, ItemStatus status) override;
  Result<Totals> Count(const std::string& id) override;
  Result<void> RemoveItems(const std::string& id) override;
  Result<void> Remove(const std::string& id) override;

 private:
  Result<void> WalkStates(const std::string& id,
                          const std::function<void(std::string_view key, const Item&)>& visit);
  static void RemoveRows(const std::string& id, storage::RocksTables::Batch& batch) {
    for (const Table table : {kItems, kStates, kFindings})
      batch.DeleteRange(table, KeysOf(id), AfterKeysOf(id));
  }
  Error AboutItem(Error error, const std::string& id, std::uint64_t index) const {
    return std::move(error).WithContext(
        fmt::format("{}: run {}, item {}", tables_->dir(), id, index));
  }
  Error AboutRun(Error error, std::string_view id) const {
    return std::move(error).WithContext(fmt::format("{}: run {}", tables_->dir(), id));
  }

  const std::unique_ptr<storage::RocksTables> tables_;
};

Result<std::vector<Run>> RocksRunStore::List(const RunFilter& filter) {
  std::vector<Run> runs;
  SF_TRY(tables_->Walk(kRuns, "", "", [&](auto key, auto value) -> Result<bool> {
    auto run = DecodeRun(value);
    if (!run) return AboutRun(std::move(run).error(), key);
    if (Matches(filter, *run)) runs.push_back(std::move(*run));
    return true;
  }));
  std::stable_sort(runs.begin(), runs.end(),
                   [](const Run& a, const Run& b) { return a.created < b.created; });
  return runs;
}

Result<std::optional<Run>> RocksRunStore::Find(const std::string& id) {
  SF_TRY(const auto raw, tables_->Get(kRuns, id));
  if (!raw) return std::optional<Run>();
  auto run = DecodeRun(*raw);
  if (!run) return AboutRun(std::move(run).error(), id);
  return std::optional<Run>(std::move(*run));
}

Result<void> RocksRunStore::PutRun(const Run& run) {
  storage::RocksTables::Batch batch(*tables_);
  batch.Put(kRuns, run.id, Framed(ToJson(run)));
  return tables_->Write(batch, true, "recording " + run.id);
}

Result<void> RocksRunStore::AddItems(const std::string& id, std::span<const Item> items) {
  storage::RocksTables::Batch batch(*tables_);
  for (const Item& item : items) {
    batch.Put(kItems, KeyOf(id, item.index), Framed(PlanToJson(item)));
    batch.Put(kStates, KeyOf(id, item.index), Framed(StateToJson(item)));
  }
  return tables_->Write(batch, false, "recording the items of " + id);
}

Result<void> RocksRunStore::PutFindings(const std::string& id, std::span<const Finding> findings) {
  storage::RocksTables::Batch batch(*tables_);
  batch.DeleteRange(kFindings, KeysOf(id), AfterKeysOf(id));
  for (std::uint64_t i = 0; i < findings.size(); ++i)
    batch.Put(kFindings, KeyOf(id, i), Framed(ToJson(findings[i])));
  return tables_->Write(batch, false, "recording what was found for " + id);
}

Result<std::vector<Finding>> RocksRunStore::Findings(const std::string& id) {
  std::vector<Finding> findings;
  SF_TRY(tables_->Walk(kFindings, KeysOf(id), AfterKeysOf(id),
                       [&](std::string_view /*key*/, std::string_view value) -> Result<bool> {
                         auto json = Unframed(value);
                         if (!json) return AboutRun(std::move(json).error(), id);
                         findings.push_back(FindingFromJson(*json));
                         return true;
                       }));
  return findings;
}

Result<void> RocksRunStore::PutStates(const std::string& id, std::span<const Item> items) {
  storage::RocksTables::Batch batch(*tables_);
  for (const Item& item : items)
    batch.Put(kStates, KeyOf(id, item.index), Framed(StateToJson(item)));
  return tables_->Write(batch, true, "recording what has come of " + id);
}

Result<std::vector<Item>> RocksRunStore::Items(const std::string& id, std::uint64_t first_index,
                                               std::size_t limit) {
  std::vector<Item> items;
  const auto read = [&](std::string_view key, std::string_view plan) -> Result<bool> {
    if (items.size() == limit) return false;
    const auto index = IndexIn(key);
    auto item = Unframed(plan);
    if (!item) return AboutItem(std::move(item).error(), id, index);
    auto planned = ItemFromPlan(*item);
    if (!planned) return AboutItem(std::move(planned).error(), id, index);
    planned->index = index;
    SF_TRY(const auto raw, tables_->Get(kStates, key));
    auto state = Unframed(raw.value_or(""));
    if (!state) return AboutItem(std::move(state).error(), id, index);
    if (auto good = ReadState(*state, *planned); !good)
      return AboutItem(std::move(good).error(), id, index);
    items.push_back(std::move(*planned));
    return true;
  };
  SF_TRY(tables_->Walk(kItems, KeyOf(id, first_index), AfterKeysOf(id), read));
  return items;
}

Result<void> RocksRunStore::WalkStates(
    const std::string& id, const std::function<void(std::string_view, const Item&)>& visit) {
  return tables_->Walk(kStates, KeysOf(id), AfterKeysOf(id),
                       [&](std::string_view key, std::string_view value) -> Result<bool> {
                         auto state = Unframed(value);
                         if (!state) return AboutRun(std::move(state).error(), id);
                         Item item;
                         if (auto good = ReadState(*state, item); !good)
                           return AboutRun(std::move(good).error(), id);
                         visit(key, item);
                         return true;
                       });
}

Result<std::vector<Item>> RocksRunStore::WithStatus(const std::string& id, ItemStatus status) {
  std::vector<std::uint64_t> indexes;
  SF_TRY(WalkStates(id, [&](std::string_view key, const Item& item) {
    if (item.status == status) indexes.push_back(IndexIn(key));
  }));
  std::vector<Item> items;
  for (const std::uint64_t index : indexes) {
    SF_TRY(auto found, Items(id, index, 1));
    for (Item& item : found)
      if (item.index == index && item.status == status) items.push_back(std::move(item));
  }
  return items;
}

Result<Totals> RocksRunStore::Count(const std::string& id) {
  Totals totals;
  SF_TRY(WalkStates(
      id, [&](std::string_view, const Item& item) { ++totals[item.from.kind][item.status]; }));
  return totals;
}

Result<void> RocksRunStore::RemoveItems(const std::string& id) {
  storage::RocksTables::Batch batch(*tables_);
  RemoveRows(id, batch);
  return tables_->Write(batch, false, "forgetting the items of " + id);
}

Result<void> RocksRunStore::Remove(const std::string& id) {
  storage::RocksTables::Batch batch(*tables_);
  batch.Delete(kRuns, id);
  RemoveRows(id, batch);
  return tables_->Write(batch, true, "forgetting " + id);
}

/// What a reader sees of a home in which nothing ever ran.
class EmptyRunStore final : public RunStore {
 public:
  Result<std::vector<Run>> List(const RunFilter&) override { return std::vector<Run>(); }
  Result<std::optional<Run>> Find(const std::string&) override { return std::optional<Run>(); }
  Result<void> PutRun(const Run&) override { return ReadOnly(); }
  Result<void> AddItems(const std::string&, std::span<const Item>) override { return ReadOnly(); }
  Result<void> PutFindings(const std::string&, std::span<const Finding>) override {
    return ReadOnly();
  }
  Result<std::vector<Finding>> Findings(const std::string&) override {
    return std::vector<Finding>();
  }
  Result<void> PutStates(const std::string&, std::span<const Item>) override { return ReadOnly(); }
  Result<std::vector<Item>> Items(const std::string&, std::uint64_t, std::size_t) override {
    return std::vector<Item>();
  }
  Result<std::vector<Item>> WithStatus(const std::string&, ItemStatus) override {
    return std::vector<Item>();
  }
  Result<Totals> Count(const std::string&) override { return Totals(); }
  Result<void> RemoveItems(const std::string&) override { return ReadOnly(); }
  Result<void> Remove(const std::string&) override { return ReadOnly(); }

 private:
  static Result<void> ReadOnly() {
    return Error(ErrorCode::kRefused, "the records of clones are open for reading only");
  }
};

}  // namespace

bool Matches(const RunFilter& filter, const Run& run) {
  return (filter.kind.empty() || filter.kind == run.kind) &&
         (filter.source.empty() || filter.source == run.source) &&
         (filter.target.empty() || filter.target == run.target) &&
         (!filter.status || *filter.status == run.status);
}

Result<std::unique_ptr<RunStore>> RunStore::Open(const FileIo& io, const std::string& home_dir,
                                                 const transfer::HomeLock& /*held*/) {
  SF_TRY(auto tables, storage::RocksTables::OpenToWrite(io, SpecOf(home_dir)));
  return std::unique_ptr<RunStore>(std::make_unique<RocksRunStore>(std::move(tables)));
}

Result<std::unique_ptr<RunStore>> RunStore::OpenToRead(const FileIo& io, Clock& clock,
                                                       const std::string& home_dir) {
  SF_TRY(auto tables, storage::RocksTables::OpenToRead(io, clock, SpecOf(home_dir)));
  if (!tables) return std::unique_ptr<RunStore>(std::make_unique<EmptyRunStore>());
  return std::unique_ptr<RunStore>(std::make_unique<RocksRunStore>(std::move(tables)));
}

Result<void> RunStore::VisitItems(const std::string& id,
                                  const std::function<Result<void>(const Item&)>& visit) {
  for (std::uint64_t next = 0;;) {
    SF_TRY(const auto items, Items(id, next, kItemsPerVisit));
    if (items.empty()) return {};
    next = items.back().index + 1;
    for (const Item& item : items) SF_TRY(visit(item));
  }
}

Result<Run> GetRun(RunStore& store, const std::string& id) {
  SF_TRY(auto run, store.Find(id));
  if (run) return *std::move(run);
  return Error(ErrorCode::kNotFound, fmt::format("no clone has the id '{}'", id))
      .WithHint("`stateferry clone history` shows them");
}

}  // namespace stateferry::state::workflow
