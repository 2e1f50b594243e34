#include "transfer/service_copies.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "transfer/compare.h"

namespace stateferry::transfer {

namespace {

using storage::Alike;
using storage::ObjectSums;

/// Up to so much is one request: redone whole when a run is killed, but no byte moves here.
constexpr std::uint64_t kWholeBytes = std::uint64_t{256} << 20;
/// The kinds that a service makes of an object in one piece and of one in parts alike.
constexpr const char* kKindsOfParts[] = {"crc64nvme", "crc64ecma"};

bool IsRefusal(ErrorCode code) {
  return code == ErrorCode::kPermission || code == ErrorCode::kRefused ||
         code == ErrorCode::kInvalidArgument || code == ErrorCode::kNotFound ||
         code == ErrorCode::kConflict;
}

bool HasKindOfParts(const ObjectSums& sums) {
  for (const char* kind : kKindsOfParts)
    if (sums.sums.contains(kind)) return true;
  return false;
}

std::string SourceName(const FileRun& file) {
  return file.record.task.from_dir.Child(file.record.task.from_name).ToString();
}

}  // namespace

/// `why` only matters to those who want it otherwise.
Result<ServiceCopies::How> ServiceCopies::Stream(const FileRun& file,
                                                 const std::string& why) const {
  if (in_.options.server_side != ServerSide::kAlways) return How::kStream;
  return Error(ErrorCode::kRefused,
               fmt::format("--server-side always: {} cannot be copied by its service: {}",
                           SourceName(file), why))
      .WithHint("--server-side auto moves the bytes itself where the service cannot");
}

Result<ServiceCopies::How> ServiceCopies::Choose(FileRun& file) {
  if (in_.options.server_side == ServerSide::kNever) return How::kStream;
  SF_TRY(const How how, ChooseWhere(file));
  file.by_service = how != How::kStream;
  return how;
}

Result<ServiceCopies::How> ServiceCopies::ChooseWhere(FileRun& file) {
  const auto& task = file.record.task;
  if (task.size_bytes == 0 || file.only_streamed) return How::kStream;
  const auto from = file.source.backend->service_place();
  const auto to = in_.ends.to().service_place();
  if (!from || !to) return Stream(file, "source and destination are not in buckets");
  const std::string apart = WhyApart(*from, *to);
  if (!apart.empty()) return Stream(file, apart);
  if (!task.whole_object) return Stream(file, "only a range of it is wanted");
  if (task.etag.empty()) return Stream(file, "its version is not known");
  const bool is_auto = in_.options.server_side == ServerSide::kAuto;
  if (is_auto && (refused_ || unproved_ || in_.options.paranoid)) return How::kStream;
  file.copy_source = {
      .container = from->container,
      .meta = {.key = file.source.key, .size_bytes = task.size_bytes, .etag = task.etag}};
  const std::uint64_t whole = in_.options.part_bytes == 0 ? kWholeBytes : file.record.part_bytes;
  const How how = task.size_bytes <= whole ? How::kWhole : How::kInParts;
  // What was begun goes on.
  if (how == How::kWhole && is_auto && !file.record.resume_token.empty()) return How::kStream;
  if (how == How::kWhole && storage::LooksLikeMd5(task.etag) && !from->has_links) return how;
  // What could not be proved afterwards is not worth a copy.
  const auto asked = AskSource(file);
  if (!asked && asked.error().code() == ErrorCode::kCancelled) return asked.error();
  if (file.source_sums && file.source_sums->is_link) return Stream(file, "it is a link");
  if (!asked && from->has_links && !is_auto) return asked.error();
  const bool proved = asked && (how == How::kWhole ? !file.source_sums->sums.empty()
                                                   : HasKindOfParts(*file.source_sums));
  return is_auto && !proved ? How::kStream : how;
}

Result<void> ServiceCopies::AskSource(FileRun& file) {
  if (file.source_sums) return {};
  SF_TRY(auto sums, file.source.backend->SumsOf(file.source.key));
  if (sums.meta.etag != file.record.task.etag)
    return Error(ErrorCode::kConflict, SourceName(file) + " changed while it was copied");
  file.source_sums = std::move(sums);
  return {};
}

void ServiceCopies::Give(const std::string& why, std::atomic<bool>& flag) {
  if (!flag.exchange(true)) in_.meter.Warn(why + ": the other files are moved by this program");
}

Result<void> ServiceCopies::Refused(const FileRun& file, Error why) {
  if (in_.options.server_side == ServerSide::kAlways || !IsRefusal(why.code()))
    return std::move(why).WithContext("copying " + SourceName(file) + " by its service");
  LogInfo("transfer", "{} is streamed, for its service does not copy it: {}", SourceName(file),
          why.message());
  // What is wrong with one file is found out when its bytes are moved.
  const bool all = why.code() == ErrorCode::kPermission || why.code() == ErrorCode::kRefused ||
                   why.code() == ErrorCode::kInvalidArgument;
  if (all && !worked_)
    Give("the service does not copy by itself (" + why.message() + ")", refused_);
  return {};
}

/// `told` becomes all that is known of the destination.
Result<Alike> ServiceCopies::Compare(FileRun& file, ObjectSums& told) {
  const auto& task = file.record.task;
  const auto md5 = told.sums.find("md5");
  std::string etag = task.etag;
  for (char& c : etag) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  // Of the version that was planned, whatever is there now.
  if (md5 != told.sums.end() && md5->second == etag) return Alike::kYes;
  SF_TRY(AskSource(file));
  const Alike by_answer = storage::Compare(*file.source_sums, told);
  if (by_answer != Alike::kUnknown) return by_answer;
  SF_TRY(told, in_.ends.to().SumsOf(file.to_key));
  if (told.meta.size_bytes != task.size_bytes) return Alike::kNo;
  return storage::Compare(*file.source_sums, told);
}

Result<bool> ServiceCopies::IsCopy(FileRun& file, ObjectSums told, std::stop_token stop) {
  worked_ = true;
  Alike alike = Alike::kUnknown;
  if (!in_.options.paranoid) {
    SF_TRY(alike, Compare(file, told));
  }
  file.completed_etag_hash = EtagHash(told.meta.etag);
  if (alike != Alike::kUnknown) return alike == Alike::kYes;
  if (in_.options.server_side == ServerSide::kAuto)
    Give("the service keeps no checksum of what it has copied, which is read on both sides",
         unproved_);
  FileRecord record = file.record;
  record.resume_token.clear();
  SF_TRY(const auto contents,
         CompareFiles({record}, {in_.id, in_.journal, in_.ends, in_.buffers, 1}, std::move(stop)));
  in_.meter.bytes_read += file.size_bytes();
  file.record.content = contents.front();
  return contents.front().has_value();
}

}  // namespace stateferry::transfer
