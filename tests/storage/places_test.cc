#include "storage/places.h"

#include <gtest/gtest.h>

#include "storage/managed/managed_store.h"
#include "storage/memory_backend.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/http_server.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry::storage {
namespace {

class PlacesTest : public testing::Test {
 protected:
  Result<Place> Open(const std::string& text, Access access) {
    SF_TRY(const auto location, ParseLocation(text));
    return places_.Open(location, access);
  }
  void MakeStore(const std::string& name) {
    auto made = managed::Store::Init(FileIo(), SystemClock(), dir_.File(name));
    ASSERT_TRUE(made) << made.error().message();
  }

  fakes::ScratchDir dir_;
  Places places_{
      FileIo(),
      SystemClock(),
      {.named_stores = {{"backup", dir_.File("store")}}, .stores_dir = dir_.File("home/stores")}};
};

TEST_F(PlacesTest, ADirectoryIsABucket) {
  auto to = Open(dir_.File("bucket"), Access::kWrite);
  ASSERT_TRUE(to) << to.error().message();
  EXPECT_FALSE(*FileIo().Exists(dir_.File("bucket"))) << "opening made it";
  ASSERT_TRUE(to->backend->Put(to->Key("a/k"), AsBytes("x"), {}));
  auto from = Open("file://" + dir_.File("bucket/a"), Access::kRead);
  ASSERT_TRUE(from);
  EXPECT_EQ(*ReadAll(*from->backend, from->Key("k"), 10), "x");
  EXPECT_EQ(from->backend->Put("l", AsBytes("x"), {}).error().code(), ErrorCode::kRefused);
}

TEST_F(PlacesTest, WhatIsMissingOrAFileIsSaidSo) {
  EXPECT_EQ(Open(dir_.File("absent"), Access::kRead).error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(FileIo().WriteDurably(dir_.File("file"), AsBytes("x")));
  auto place = Open(dir_.File("file"), Access::kWrite);
  EXPECT_EQ(place.error().code(), ErrorCode::kConflict);
  EXPECT_NE(place.error().message().find("is a file"), std::string::npos)
      << place.error().message();
  place = Open(dir_.File("file/below"), Access::kWrite);
  ASSERT_TRUE(place) << place.error().message();
  EXPECT_EQ(place->backend->Put("k", {}, {}).error().code(), ErrorCode::kConflict);
}

TEST_F(PlacesTest, AnObjectOpensWithItsParent) {
  ASSERT_TRUE(FileIo().WriteDurably(dir_.File("_metadata"), AsBytes("x")));
  auto object = places_.OpenObject(*ParseLocation(dir_.File("_metadata")), Access::kRead);
  ASSERT_TRUE(object);
  EXPECT_EQ(*ReadAll(*object->place.backend, object->key, 10), "x");
  EXPECT_EQ(places_.OpenObject(*ParseLocation("/"), Access::kRead).error().code(),
            ErrorCode::kInvalidArgument);
}

TEST_F(PlacesTest, BucketsOpenWithoutAskingThem) {
  auto place = Open("s3a://bucket/dir/k", Access::kRead);
  ASSERT_TRUE(place) << place.error().message();
  EXPECT_EQ(place->prefix, "dir/k");
  EXPECT_EQ(place->backend->Describe(), "s3://bucket");
  EXPECT_EQ(Open("oss://bucket/k", Access::kRead).error().code(), ErrorCode::kInvalidArgument)
      << "opened without a region";
  EXPECT_TRUE(Open("oss://bucket/k?region=cn-hangzhou", Access::kRead));
  EXPECT_FALSE(Open("oss://bucket/other", Access::kRead)) << "it took the options of another place";
  places_.Give(*ParseLocation("oss://bucket/k?region=cn-hangzhou"));
  EXPECT_TRUE(Open("oss://bucket/other", Access::kRead)) << "the options of the bucket are kept";
}

TEST_F(PlacesTest, BucketsOfOneNameAreToldByTheirService) {
  Places places(FileIo(), SystemClock(),
                {.environment = {{"AWS_ENDPOINT_URL_S3", "http://here:1"}}});
  const auto service = [&](const char* text) { return places.ServiceOf(*ParseLocation(text)); };
  EXPECT_EQ(service("s3://b/x"), "http://here:1");
  EXPECT_EQ(service("s3://b/x?endpoint=http://there:2"), "http://there:2");
  EXPECT_EQ(service("oss://b/x?region=cn-hangzhou"), "");
  EXPECT_EQ(service("/b/x"), "");
}

// Asked several times for each file of a transfer, by all workers.
TEST_F(PlacesTest, TheServiceOfABucketIsLookedUpOnce) {
  const std::string config = dir_.File("config");
  const auto write = [&](const std::string& endpoint) {
    ASSERT_TRUE(FileIo().WriteDurably(
        config, AsBytes("[default]\nendpoint_url = " + endpoint + "\n[profile two]\n" +
                        "endpoint_url = " + endpoint + "/two\n")));
  };
  Places places(FileIo(), SystemClock(), {.environment = {{"AWS_CONFIG_FILE", config}}});
  const auto service = [&](const char* text) { return places.ServiceOf(*ParseLocation(text)); };
  write("http://here:1");
  EXPECT_EQ(service("s3://b/x"), "http://here:1");
  write("http://there:2");
  EXPECT_EQ(service("s3://b/y"), "http://here:1") << "the files are read again for each object";
  EXPECT_EQ(service("managed+s3://b/store/p/k"), "http://here:1");
  EXPECT_EQ(service("s3://b/y?endpoint=http://other:3"), "http://other:3");
  EXPECT_EQ(service("s3://c/y"), "http://there:2");
}

TEST(PlacesRate, IsOneForABucketWhateverIsSaidOfNewObjects) {
  fakes::HttpServer server([](const fakes::ServedRequest&) {
    return fakes::Reply{.headers = {{"ETag", "\"e\""}, {"Content-Length", "0"}}};
  });
  fakes::FakeClock clock;
  Places places(FileIo(), clock, {.requests_per_s = 1});
  const std::string bucket = "s3://b/x?sign=no&endpoint=" + server.url();
  auto one = places.Open(*ParseLocation(bucket), Access::kRead);
  auto other = places.Open(*ParseLocation(bucket + "&storage-class=STANDARD_IA"), Access::kRead);
  ASSERT_TRUE(one) << one.error().message();
  ASSERT_TRUE(other) << other.error().message();
  const auto start = clock.Steady();
  for (int i = 0; i < 2; ++i)
    for (const auto* place : {&*one, &*other}) ASSERT_TRUE(place->backend->Stat("x/k"));
  EXPECT_GE(clock.Steady() - start, std::chrono::milliseconds(2900)) << "two rates for one bucket";
}

TEST(PlacesProfiles, AnObjectIsWhereThePlaceThatItIsSays) {
  fakes::HttpServer server([](const fakes::ServedRequest&) {
    return fakes::Reply{.headers = {{"ETag", "\"e\""}}, .body = "x"};
  });
  s3::PlaceProfile profile{.prefixes = {*ParseLocation("s3://b/d/x")},
                           .options = {{"endpoint", server.url()}, {"sign", "no"}}};
  Places places(FileIo(), SystemClock(), {.place_profiles = {{"ours", std::move(profile)}}});

  const auto object = places.OpenObject(*ParseLocation("s3://b/d/x"), Access::kRead);

  ASSERT_TRUE(object) << object.error().message();
  EXPECT_EQ(object->key, "d/x");
  EXPECT_EQ(object->place.Key("x"), "d/x");
  EXPECT_EQ(object->place.location.ToUri(), "s3://b/d");
  const auto meta = object->place.backend->Stat(object->key);
  ASSERT_TRUE(meta) << meta.error().message();
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(PlacesTest, MemoryPlacesAreSharedByName) {
  auto to = Open("mem://one/dir", Access::kWrite);
  ASSERT_TRUE(to->backend->Put(to->Key("k"), AsBytes("x"), {}));
  auto from = Open("mem://one", Access::kRead);
  EXPECT_EQ(*ReadAll(*from->backend, "dir/k", 10), "x");
  EXPECT_FALSE(Open("mem://two", Access::kRead)->backend->Stat("dir/k"));
}

TEST_F(PlacesTest, AStoreIsFoundUpwardsAndLockedOnce) {
  MakeStore("store");
  const std::string uri = "managed://" + dir_.File("store") + "/project/cp/chk-7";
  auto reading = Open(uri, Access::kRead);
  ASSERT_TRUE(reading) << reading.error().message();
  EXPECT_EQ(reading->prefix, "cp/chk-7");
  auto writing = Open(uri, Access::kWrite);
  ASSERT_TRUE(writing) << "a store that is open for reading is opened again: "
                       << writing.error().message();
  ASSERT_TRUE(writing->backend->Put(writing->Key("k"), AsBytes("x"), {}));
  auto again = Open("managed://" + dir_.File("store") + "/other/k", Access::kWrite);
  EXPECT_TRUE(again) << "one process must not lock itself out";
  auto reading_again = Open(uri, Access::kRead);
  EXPECT_EQ(*ReadAll(*reading_again->backend, reading_again->Key("k"), 10), "x");

  auto store = places_.ManagedStore(*ParseLocation(uri), Access::kWrite);
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->Info()->files, 1u);
  EXPECT_EQ(*places_.ManagedStore(*ParseLocation("/x"), Access::kRead), nullptr);
}

TEST_F(PlacesTest, StoresHaveNames) {
  MakeStore("store");
  auto place = Open("managed://backup/project/key", Access::kWrite);
  ASSERT_TRUE(place) << place.error().message();
  EXPECT_EQ(place->prefix, "key");
  auto unknown = Open("managed://nobody/project/key", Access::kRead);
  EXPECT_EQ(unknown.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(unknown.error().message().find("nobody"), std::string::npos);
  EXPECT_EQ(Open("managed://backup", Access::kRead).error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(PlacesTest, AStoreInABucketIsFoundUpwardsByItsObject) {
  const std::string uri = "managed+mem://b/at/store/project/cp/chk-7";
  EXPECT_EQ(Open(uri, Access::kRead).error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(places_.InitStore(*ParseLocation("managed+mem://b/at/store")));
  auto reading = Open(uri, Access::kRead);
  ASSERT_TRUE(reading) << reading.error().message();
  EXPECT_EQ(reading->prefix, "cp/chk-7");
  EXPECT_EQ(reading->backend->Describe(), "managed+mem://b/at/store/project");
  auto writing = Open(uri, Access::kWrite);
  ASSERT_TRUE(writing) << writing.error().message();
  ASSERT_TRUE(writing->backend->Put(writing->Key("k"), AsBytes("x"), {}));
  auto reading_again = Open(uri, Access::kRead);
  EXPECT_EQ(*ReadAll(*reading_again->backend, reading_again->Key("k"), 10), "x");
  const auto at = places_.FindStore(*ParseLocation(uri), Access::kRead);
  ASSERT_TRUE(at);
  EXPECT_EQ(at->uri, "managed+mem://b/at/store");
  EXPECT_EQ(at->key, "cp/chk-7");
  const auto packs = Open("mem://b/at/store/packs/project", Access::kRead);
  int objects = 0;
  ASSERT_TRUE(packs->backend->List(packs->prefix, [&](const ObjectMeta&) -> Result<void> {
    ++objects;
    return {};
  }));
  EXPECT_EQ(objects, 1);
  EXPECT_EQ(Open("managed+mem://b/at/store", Access::kRead).error().code(),
            ErrorCode::kInvalidArgument)
      << "a store is no place of a backend";
}

TEST_F(PlacesTest, NoStoreUpwardsIsNotFound) {
  EXPECT_EQ(Open("managed://" + dir_.File("nothing/here"), Access::kRead).error().code(),
            ErrorCode::kNotFound);
}

TEST_F(PlacesTest, RegisteredBackendsComeFirst) {
  auto memory = MakeMemoryBackend(SystemClock(), "registered");
  places_.Register(*ParseLocation("s3://bucket/base"), memory);
  auto place = Open("s3://bucket/base/dir", Access::kWrite);
  ASSERT_TRUE(place);
  ASSERT_TRUE(place->backend->Put(place->Key("k"), AsBytes("x"), {}));
  EXPECT_TRUE(memory->Stat("dir/k"));
  EXPECT_EQ(Open("s3://bucket/other", Access::kRead)->backend->Describe(), "s3://bucket");
}

TEST(PlacesBandwidth, IsSharedByAllPlaces) {
  fakes::FakeClock clock;
  fakes::ScratchDir dir;
  Places places(FileIo(), clock, {.bwlimit = BandwidthTable(1000)});
  const auto start = clock.Steady();
  for (const char* name : {"mem://one", "mem://two"}) {
    auto place = places.Open(*ParseLocation(name), Access::kWrite);
    ASSERT_TRUE(place->backend->Put("k", AsBytes(std::string(1000, 'x')), {}));
  }
  EXPECT_GE(clock.Steady() - start, std::chrono::milliseconds(1900));
}

}  // namespace
}  // namespace stateferry::storage
