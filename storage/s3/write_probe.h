#pragma once

#include <string>
#include <utility>
#include <vector>

#include "storage/s3/probe_notes.h"

namespace stateferry::storage::s3 {

/// Reads one byte of the object and asks for a version that it is not: "get" and "if-match".
Result<void> ProbeGet(ProbeNotes& notes, const std::string& key);

/// Tries what takes an object of its own, `key`.  What cannot be deleted again is not made: the
/// right to delete and to give up uploads is asked for first, by means of what is not there.
class WriteProbe {
 public:
  WriteProbe(ProbeNotes& notes, std::string key) : notes_(notes), key_(std::move(key)) {}

  Result<void> Run();
  /// Deletes what Run has made, also when it has failed.  Gives what stays and why, "" for nothing.
  std::string Clean();

 private:
  struct Made {
    std::string key, version_id;  ///< "": the bucket keeps no versions
    bool operator==(const Made&) const = default;
  };
  Result<bool> KeepsVersions();
  Result<void> ProbeDelete();
  Result<void> PutForReal();
  Result<void> PutInVain();
  Result<void> PutIfAbsent();
  Result<void> Copy();
  Result<void> Checksums();
  Result<void> Multipart();
  Result<void> Parts(const std::string& upload_id);
  Result<void> ListUploads();
  Result<void> CompareChecksum(std::string_view name, const std::string& header,
                               const std::string& right, const std::string& wrong);
  Result<Told> Put(const std::string& key, NameValues headers);
  Result<Told> Delete(const Made& made);
  std::string Header(std::string_view name) const;

  ProbeNotes& notes_;
  const std::string key_;
  bool deletes_ = false;  ///< what is made can be deleted again
  std::vector<Made> made_;
  std::string upload_id_;  ///< of an unfinished upload
};

}  // namespace stateferry::storage::s3
