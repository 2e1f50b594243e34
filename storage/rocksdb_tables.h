#pragma once
// A small database of ours below the home directory: RocksDB with named tables and a format
// version.  One process writes, as many as like read beside it.

#include <rocksdb/db.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_io.h"
#include "base/result.h"

namespace stateferry::storage {

/// "<doing>: <what RocksDB says>" with the matching code.
Error RocksError(const rocksdb::Status& status, std::string_view doing);

/// Small memory (under 16 MiB for everything), no log files of its own.
rocksdb::Options SmallDbOptions();

struct TablesSpec {
  std::string dir{};                  ///< of the database
  std::string name{};                 ///< "journal", for messages
  std::vector<std::string> tables{};  ///< besides "meta" and RocksDB's own "default"
  std::uint32_t format_version = 1;
  std::string unreadable_hint{};  ///< what to do when it does not open
  rocksdb::Env* env = nullptr;    ///< null: OrderedRocksDbEnv(); tests let the disk stop
};

/// Thread-safe.  Errors of all calls: kIo, kNoSpace, kPermission, kCorruption.
class RocksTables {
 public:
  /// For writing: makes the database when there is none, durably.  The caller holds the lock of the
  /// home.  Errors: kRefused when a newer program wrote it.
  static Result<std::unique_ptr<RocksTables>> OpenToWrite(const FileIo& io, TablesSpec spec);
  /// As of the moment of opening, also beside a writer.  Null when there is none.  Errors also:
  /// kUnavailable when writers keep opening it.
  static Result<std::unique_ptr<RocksTables>> OpenToRead(const FileIo& io, Clock& clock,
                                                         TablesSpec spec);
  ~RocksTables();
  RocksTables(const RocksTables&) = delete;
  RocksTables& operator=(const RocksTables&) = delete;

  const std::string& dir() const { return spec_.dir; }

  /// Tables are named by their position in TablesSpec::tables.
  using Table = std::size_t;
  Result<std::optional<std::string>> Get(Table table, std::string_view key) const;
  /// Rows with first <= key < end in key order, `end` "" for all that follow, as of one moment.  An
  /// error from `visit` ends the walk and is returned; false ends it with success.
  using RowVisitor = std::function<Result<bool>(std::string_view key, std::string_view value)>;
  Result<void> Walk(Table table, std::string_view first, std::string_view end,
                    const RowVisitor& visit) const;

  /// Writes that happen together or not at all.
  class Batch {
   public:
    explicit Batch(const RocksTables& tables) : tables_(tables) {}
    void Put(Table table, std::string_view key, std::string_view value);
    void Delete(Table table, std::string_view key);
    /// Every key with first <= key < end.
    void DeleteRange(Table table, std::string_view first, std::string_view end);

   private:
    friend class RocksTables;
    const RocksTables& tables_;
    rocksdb::WriteBatch writes_;
  };
  /// Durable on return when `sync`, else with the next synced write.  `doing` is for the error.
  /// Errors: kRefused when it was opened for reading.
  Result<void> Write(Batch& batch, bool sync, std::string_view doing);

  /// For what only RocksDB itself can say.  Rows below `end`, which must outlive the iterator.
  std::unique_ptr<rocksdb::Iterator> Rows(Table table, const rocksdb::Slice& end) const;
  /// "<dir>: <what RocksDB says>".
  Error ReadError(const rocksdb::Status& status) const;

 private:
  RocksTables(TablesSpec spec, bool read_only) : spec_(std::move(spec)), read_only_(read_only) {}
  Result<void> Open(const FileIo& io, Clock& clock);
  Result<void> CheckVersion();
  Result<bool> HasRows() const;
  rocksdb::ColumnFamilyHandle* Handle(const std::string& name) const;  // of one that was opened
  Error Unreadable(const rocksdb::Status& status) const;

  const TablesSpec spec_;
  const bool read_only_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // all that were opened
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> tables_;
};

}  // namespace stateferry::storage
