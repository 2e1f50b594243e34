// Marks of gc and its lease, as objects of a bucket.

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/json.h"
#include "storage/managed/bucket_place.h"
#include "storage/managed/shared_packs.h"

namespace stateferry::storage::managed {

namespace {

constexpr std::string_view kMarks = "doomed/";
constexpr std::string_view kLeases = "gc/";
constexpr std::string_view kProbe = "now-";
constexpr std::int64_t kProbeNs = 3'600'000'000'000;  ///< an older one is a leftover
constexpr std::uint64_t kMaxLeaseBytes = 64u << 10;

class BucketSharing final : public SharedPacks {
 public:
  explicit BucketSharing(BucketPlace place) : place_(std::move(place)) {}

  Result<std::vector<DoomMark>> Marks() const override {
    std::vector<DoomMark> marks;
    const std::string dir = place_.Key(kMarks);
    SF_TRY(place_.backend->List(dir, [&](const ObjectMeta& meta) -> Result<void> {
      if (const auto id = PackId::FromHex(std::string_view(meta.key).substr(dir.size())))
        marks.push_back({*id, meta.mtime_ns});
      return {};
    }));
    return marks;
  }

  Result<void> Mark(const PackId& pack) override {
    auto put = place_.backend->Put(MarkKey(pack), {}, {.overwrite = false});
    if (!put && put.error().code() != ErrorCode::kConflict) return std::move(put).error();
    return place_.backend->Flush();
  }

  Result<void> RemoveMark(const PackId& pack) override {
    SF_TRY(place_.backend->Delete(MarkKey(pack)));
    return place_.backend->Flush();
  }

  Result<Lease> TakeLease(const std::string& holder, std::chrono::seconds length) override {
    // Only what the service says of an object that was put just now tells its time.
    const std::string probe =
        place_.Key(std::string(kLeases) + std::string(kProbe) + RandomId().ToHex());
    SF_TRY(place_.backend->Put(probe, {}, {.overwrite = true}));
    const auto seen = place_.backend->Stat(probe);
    (void)place_.backend->Delete(probe);
    SF_TRY(const auto now, seen);
    SF_TRY(const auto last, LastLease(now.mtime_ns));
    if (last) {
      SF_TRY(const auto left, LeftOf(*last, now.mtime_ns));
      if (left) return *left;
    }
    const Lease lease{.number = last ? last->number + 1 : 1, .now_ns = now.mtime_ns};
    const std::string text =
        DumpJson({{"holder", holder}, {"id", RandomId().ToHex()}, {"seconds", length.count()}});
    auto put = place_.backend->Put(LeaseKey(lease.number), AsBytes(text), {.overwrite = false});
    if (!put && put.error().code() != ErrorCode::kConflict) return std::move(put).error();
    if (!put) {
      // Or the answer to our own PUT was lost, and it was sent again.
      auto there = ReadAll(*place_.backend, LeaseKey(lease.number), kMaxLeaseBytes);
      if (!there && there.error().code() != ErrorCode::kNotFound) return std::move(there).error();
      if (!there || *there != text)
        return Error(ErrorCode::kLocked, "another gc of " + place_.uri + " began just now");
    }
    if (last) SF_TRY(place_.backend->Delete(LeaseKey(last->number)));
    return lease;
  }

  Result<void> EndLease(const Lease& lease) override {
    return place_.backend->Delete(LeaseKey(lease.number));
  }

 private:
  struct Found {
    std::uint64_t number = 0;
    std::int64_t mtime_ns = 0;
  };

  std::string MarkKey(const PackId& pack) const {
    return place_.Key(std::string(kMarks) + pack.ToHex());
  }
  std::string LeaseKey(std::uint64_t number) const {
    return place_.Key(fmt::format("{}{:016x}", kLeases, number));
  }

  Result<std::optional<Found>> LastLease(std::int64_t now_ns) const {
    std::optional<Found> last;
    std::vector<std::string> leftovers;
    const std::string dir = place_.Key(kLeases);
    SF_TRY(place_.backend->List(dir, [&](const ObjectMeta& meta) -> Result<void> {
      const std::string_view name = std::string_view(meta.key).substr(dir.size());
      std::uint64_t number = 0;
      const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number, 16);
      if (name.size() == 16 && parsed.ec == std::errc() && parsed.ptr == name.data() + name.size())
        last = Found{number, meta.mtime_ns};  // in order of names
      if (name.starts_with(kProbe) && now_ns - meta.mtime_ns > kProbeNs)
        leftovers.push_back(meta.key);
      return {};
    }));
    for (const auto& key : leftovers) SF_TRY(place_.backend->Delete(key));
    return last;
  }

  /// The error that names the holder while that lease is not over.
  Result<std::optional<Error>> LeftOf(const Found& lease, std::int64_t now_ns) const {
    auto text = ReadAll(*place_.backend, LeaseKey(lease.number), kMaxLeaseBytes);
    if (!text && text.error().code() == ErrorCode::kNotFound) return std::optional<Error>();
    if (!text) return std::move(text).error();
    SF_TRY(const auto json, ParseJson(*text));
    const std::int64_t over_ns =
        lease.mtime_ns +
        static_cast<std::int64_t>(JsonUint(json, "seconds").value_or(0)) * 1'000'000'000;
    if (over_ns <= now_ns) return std::optional<Error>();
    const auto over = std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::nanoseconds(over_ns)));
    return std::optional<Error>(
        Error(ErrorCode::kLocked,
              fmt::format("a gc of {} is running, or was cut off: {}", place_.uri,
                          JsonString(json, "holder").value_or("somebody")))
            .WithHint("wait until it has ended; if it was cut off, gc is possible again from " +
                      FormatTime(over)));
  }

  const BucketPlace place_;
};

}  // namespace

std::unique_ptr<SharedPacks> SharedInBucket(BucketPlace place) {
  return std::make_unique<BucketSharing>(std::move(place));
}

}  // namespace stateferry::storage::managed
