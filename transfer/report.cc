#include "transfer/report.h"

namespace stateferry::transfer {

Json ToJson(const TransferReport& report) {
  Json failures = Json::array();
  for (const auto& failure : report.failures)
    failures.push_back(Json{{"name", failure.name},
                            {"category", ErrorCodeName(failure.code)},
                            {"message", failure.message}});
  return Json{
      {"id", report.id},
      {"status", StatusName(report.status)},
      {"alreadyDone", report.already_done},
      {"filesTotal", report.files_total},
      {"bytesTotal", report.bytes_total},
      {"filesDone", report.files_done},
      {"filesMoved", report.files_moved},
      {"bytesMoved", report.bytes_moved},
      {"filesReused", report.files_reused},
      {"bytesReused", report.bytes_reused},
      {"filesByService", report.files_by_service},
      {"bytesByService", report.bytes_by_service},
      {"filesSkipped", report.files_skipped},
      {"bytesSkipped", report.bytes_skipped},
      {"filesResumed", report.files_resumed},
      {"bytesResumed", report.bytes_resumed},
      {"bytesRead", report.bytes_read},
      {"duplicateBytes", report.duplicate_bytes},
      {"storedBytes", report.stored_bytes},
      {"retries", report.retries},
      {"seconds", report.seconds},
      {"failuresTotal", report.failures_total},
      {"failures", std::move(failures)},
  };
}

}  // namespace stateferry::transfer
