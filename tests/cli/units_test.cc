#include "cli/units.h"

#include <gtest/gtest.h>

#include "cli/values.h"

namespace stateferry::cli {
namespace {

using std::chrono::milliseconds;

TEST(ParseSize, AcceptsBinaryAndDecimalUnits) {
  const std::pair<const char*, std::uint64_t> cases[] = {
      {"0", 0},
      {"512", 512},
      {"512B", 512},
      {"1K", 1024},
      {"1k", 1024},
      {"1KiB", 1024},
      {"1KB", 1000},
      {"64M", 64u << 20},
      {"64MiB", 64u << 20},
      {"64MB", 64'000'000},
      {"1.5GiB", 3ull << 29},
      {"2 GiB", 2ull << 30},
      {"1T", 1ull << 40},
      {"1P", 1ull << 50},
      {"7EiB", 7ull << 60},
      {"0.5KiB", 512},
  };
  for (const auto& [text, bytes] : cases) {
    const auto parsed = ParseSize(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, bytes) << text;
  }
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const char* text : {"", "x", "12x", "-1", "1.2.3", "KiB", "8EiB", "99999999999999999999E",
                           "1e3", "0x10", "nan", "inf", "1 2", "64 MiBs"}) {
    const auto parsed = ParseSize(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument) << text;
    EXPECT_NE(parsed.error().message().find(text), std::string::npos) << text;
  }
}

TEST(ParseRate, AcceptsSizesPerSecondAndOff) {
  EXPECT_EQ(*ParseRate("200MiB/s"), 200u << 20);
  EXPECT_EQ(*ParseRate("200M"), 200u << 20);
  EXPECT_EQ(*ParseRate("off"), 0u);
  EXPECT_FALSE(ParseRate("fast"));
  EXPECT_FALSE(ParseRate("200MiB/m"));
  EXPECT_FALSE(ParseRate("08:00,50MiB 20:00,off"));
}

TEST(ParseBandwidth, AcceptsRatesByTimeOfDayAndOfWeek) {
  constexpr std::uint32_t kDay = storage::BandwidthTable::kMinutesPerDay;
  EXPECT_EQ(ParseBandwidth("200MiB/s")->RateAtMinute(77), 200u << 20);
  EXPECT_TRUE(ParseBandwidth("off")->never_limits());
  const auto daily = ParseBandwidth("08:00,512k 19:00,10M 23:00,off");
  ASSERT_TRUE(daily) << daily.error().message();
  for (std::uint32_t day = 0; day < 7; ++day) {
    const std::uint32_t midnight = day * kDay;
    EXPECT_EQ(daily->RateAtMinute(midnight), 0u) << "as since the evening before";
    EXPECT_EQ(daily->RateAtMinute(midnight + 8 * 60 - 1), 0u);
    EXPECT_EQ(daily->RateAtMinute(midnight + 8 * 60), 512u << 10);
    EXPECT_EQ(daily->RateAtMinute(midnight + 19 * 60), 10u << 20);
    EXPECT_EQ(daily->RateAtMinute(midnight + kDay - 1), 0u);
  }
  const auto weekly = ParseBandwidth("Mon-08:00,1M  sat-00:00,off");
  ASSERT_TRUE(weekly) << weekly.error().message();
  EXPECT_EQ(weekly->RateAtMinute(0), 0u);
  EXPECT_EQ(weekly->RateAtMinute(kDay + 8 * 60), 1u << 20);
  EXPECT_EQ(weekly->RateAtMinute(6 * kDay - 1), 1u << 20);
  EXPECT_EQ(weekly->RateAtMinute(6 * kDay), 0u);
  for (const char* wrong : {"fast", "8:00,1M", "08:00", "24:00,1M", "08:60,1M", "Foo-08:00,1M",
                            "08:00,1M;09:00,2M", "08:00,1M,2M", "08:00,"})
    EXPECT_FALSE(ParseBandwidth(wrong)) << wrong;
}

TEST(ParseDuration, AcceptsUnitsAndSums) {
  EXPECT_EQ(*ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(*ParseDuration("10s"), milliseconds(10'000));
  EXPECT_EQ(*ParseDuration("5m"), milliseconds(300'000));
  EXPECT_EQ(*ParseDuration("1h30m"), milliseconds(5'400'000));
  EXPECT_EQ(*ParseDuration("7d"), milliseconds(7 * 86'400'000));
  EXPECT_EQ(*ParseDuration("1.5s"), milliseconds(1500));
  EXPECT_EQ(*ParseDuration("0"), milliseconds(0));
}

TEST(ParseDuration, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "10", "s", "10 s", "-5s", "10x", "1h30", "1000000d", "5M"})
    EXPECT_FALSE(ParseDuration(text)) << text;
}

TEST(ParseTime, ReadsRfc3339) {
  const auto at = [](const char* text) {
    return std::chrono::system_clock::to_time_t(*ParseTime(text));
  };
  EXPECT_EQ(at("2026-01-01T00:00:00Z"), 1767225600);
  EXPECT_EQ(at("2026-01-01T00:00:00.123Z"), 1767225600);
  EXPECT_EQ(at("2026-01-01T01:30:00+01:30"), 1767225600);
  EXPECT_EQ(at("2025-12-31T23:00:00-01:00"), 1767225600);
  for (const char* text : {"", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00",
                           "2026-01-01T00:00:00Zx", "2026-01-01T25:00:00Z", "24h"})
    EXPECT_FALSE(ParseTime(text)) << text;
}

TEST(FormatSize, NeverShows1024OfAUnit) {
  EXPECT_EQ(FormatSize(0), "0 B");
  EXPECT_EQ(FormatSize(1023), "1023 B");
  EXPECT_EQ(FormatSize(1024), "1.0 KiB");
  EXPECT_EQ(FormatSize(1536), "1.5 KiB");
  EXPECT_EQ(FormatSize((1u << 20) - 1), "1.0 MiB");
  EXPECT_EQ(FormatSize(2'147'483'648), "2.0 GiB");
  EXPECT_EQ(FormatSize(UINT64_MAX), "16.0 EiB");
}

TEST(FormatDuration, ReadsNaturally) {
  EXPECT_EQ(FormatDuration(0.04), "0.0 s");
  EXPECT_EQ(FormatDuration(12.34), "12.3 s");
  EXPECT_EQ(FormatDuration(59.99), "1 min 00 s");
  EXPECT_EQ(FormatDuration(3599.4), "59 min 59 s");
  EXPECT_EQ(FormatDuration(7500), "2 h 05 min");
  EXPECT_EQ(FormatClock(32), "0:32");
  EXPECT_EQ(FormatClock(725), "12:05");
  EXPECT_EQ(FormatClock(11229), "3:07:09");
  EXPECT_EQ(FormatClock(183845), "2d 03:04");
}

TEST(FormatNumber, GroupsThousands) {
  EXPECT_EQ(FormatNumber(0), "0");
  EXPECT_EQ(FormatNumber(999), "999");
  EXPECT_EQ(FormatNumber(1000), "1,000");
  EXPECT_EQ(FormatNumber(1234567), "1,234,567");
  EXPECT_EQ(Count(1, "file"), "1 file");
  EXPECT_EQ(Count(1200, "file"), "1,200 files");
  EXPECT_EQ(Count(1, "entity", "entities"), "1 entity");
  EXPECT_EQ(Count(1200, "entity", "entities"), "1,200 entities");
}

TEST(ParseCompress, AcceptsLevels) {
  using Mode = storage::CompressPolicy::Mode;
  EXPECT_EQ(ParseCompress("auto")->mode, Mode::kAuto);
  EXPECT_EQ(ParseCompress("none")->mode, Mode::kNone);
  EXPECT_EQ(ParseCompress("zstd")->mode, Mode::kZstd);
  EXPECT_EQ(ParseCompress("zstd:-7")->zstd_level, -7);
  EXPECT_EQ(ParseCompress("zstd:19")->zstd_level, 19);
  for (const char* text : {"", "gzip", "zstd:", "zstd:0", "zstd:20", "zstd:-8", "zstd:3x"})
    EXPECT_FALSE(ParseCompress(text)) << text;
}

TEST(ParsePathMap, SplitsBetweenTwoPlaces) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"/old=/new", "file:/old", "file:/new"},
      {"file:///old/cp=/new/cp", "file:/old/cp", "file:/new/cp"},
      {"/data/dt=1/cp=/new", "file:/data/dt=1/cp", "file:/new"},
      {"s3://b/k=file:/new", "s3://b/k", "file:/new"},
      {"s3a://b/k=/new", "s3://b/k", "file:/new"},
      {"hdfs://nn:8020/cp=/new", "hdfs://nn:8020/cp", "file:/new"},
      {"s3://a=s3://b?endpoint=http://h:9", "s3://a/", "s3://b/?endpoint=http://h:9"},
      {"s3://a?endpoint=http://h:9=oss://b?profile=p&endpoint=https://i",
       "s3://a/?endpoint=http://h:9", "oss://b/?endpoint=https://i&profile=p"},
      {"/old?dt=/new", "file:/old?dt", "file:/new"},
  };
  for (const auto& [text, from, to] : cases) {
    const auto map = ParsePathMap(text);
    ASSERT_TRUE(map) << text << ": " << map.error().message();
    EXPECT_EQ(map->first.ToUri(), from);
    EXPECT_EQ(map->second.ToUri(), to);
  }
  for (const char* text : {"", "/old", "=/new", "/old=", "="}) EXPECT_FALSE(ParsePathMap(text));
}

TEST(ParseFraction, AcceptsPercent) {
  EXPECT_DOUBLE_EQ(*ParseFraction("0.7"), 0.7);
  EXPECT_DOUBLE_EQ(*ParseFraction("70%"), 0.7);
  for (const char* text : {"", "1.1", "-0.1", "101%", "nan", "x"})
    EXPECT_FALSE(ParseFraction(text)) << text;
}

}  // namespace
}  // namespace stateferry::cli
