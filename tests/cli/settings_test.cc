#include "cli/settings.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/option_values.h"

namespace stateferry::cli {
namespace {

using testing::HasSubstr;

class SettingsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/settings-XXXXXX";
    dir_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(dir_ / "work");
    std::filesystem::create_directories(dir_ / "user/stateferry");
    environment_.working_directory = dir_ / "work";
    environment_.variables["XDG_CONFIG_HOME"] = dir_ / "user";
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  void Local(const std::string& text) { std::ofstream(dir_ / "work/stateferry.yaml") << text; }
  void User(const std::string& text) {
    std::ofstream(dir_ / "user/stateferry/config.yaml") << text;
  }

  Result<Settings> Load(const std::string& profile = "", const std::string& config = "") {
    return LoadSettings(
        FileIo(), environment_,
        {.config_flag = config, .profile_flag = profile, .known = AllKnownOptions()});
  }
  /// The value that counts for `name` of copy, with its origin.
  std::string Value(const std::string& name,
                    const std::map<std::string, std::vector<std::string>>& flags = {},
                    const std::string& profile = "") {
    auto settings = Load(profile);
    if (!settings) return settings.error().message();
    auto values = OptionValues::Resolve(TableOf(FindCommand("copy")), flags, *settings);
    if (!values) return values.error().message();
    const std::string origin = values->Origin(name);
    return values->Text(name) + " from " + origin.substr(origin.rfind('/') + 1);
  }

  std::filesystem::path dir_;
  Environment environment_;
};

TEST_F(SettingsTest, EachLayerBeatsTheNext) {
  EXPECT_EQ(Value("transfers"), "0 from default");
  User("transfers: 1\n");
  EXPECT_EQ(Value("transfers"), "1 from config.yaml:1");
  Local("# here\ntransfers: 2\n");
  EXPECT_EQ(Value("transfers"), "2 from stateferry.yaml:2");
  environment_.variables["STATEFERRY_TRANSFERS"] = "3";
  EXPECT_EQ(Value("transfers"), "3 from STATEFERRY_TRANSFERS");
  EXPECT_EQ(Value("transfers", {{"transfers", {"4"}}}), "4 from --transfers");
  EXPECT_EQ(Value("transfers", {{"transfers", {"4", "5"}}}), "5 from --transfers");
}

TEST_F(SettingsTest, ProfilesBeatTheTopLevelOfTheirFile) {
  User("transfers: 1\nprofiles:\n  fast:\n    transfers: 16\n  slow:\n    bwlimit: 1MiB/s\n");
  EXPECT_EQ(Value("transfers", {}, "fast"), "16 from config.yaml:4");
  EXPECT_EQ(Value("transfers", {}, "slow"), "1 from config.yaml:1");
  Local("transfers: 2\n");
  EXPECT_EQ(Value("transfers", {}, "fast"), "2 from stateferry.yaml:1");
  Local("profile: slow\n");
  EXPECT_EQ(Value("bwlimit"), "1MiB/s from config.yaml:6");
  const auto missing = Load("fats");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().hint(), "did you mean fast?");
}

TEST_F(SettingsTest, AConfigFlagReplacesBothFiles) {
  User("transfers: 1\n");
  Local("transfers: 2\n");
  std::ofstream(dir_ / "other.yaml") << "bwlimit: 5MiB\n";
  const auto settings = Load("", dir_ / "other.yaml");
  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->Find("transfers"));
  EXPECT_TRUE(settings->Find("bwlimit"));
  EXPECT_EQ(Load("", dir_ / "absent.yaml").error().code(), ErrorCode::kNotFound);
}

TEST_F(SettingsTest, NamesFileAndLineOfWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"a: [1\n", "stateferry.yaml:2: not valid YAML"},
      {"bwlimit: 1MiB\nbwlimt: 2\n", "stateferry.yaml:2: 'bwlimt' is not a setting"},
      {"- a\n- b\n", "stateferry.yaml:1: expected KEY: VALUE lines"},
      {"transfers: [1, 2]\n", "stateferry.yaml:1: transfers is not a list"},
      {"transfers: {a: 1}\n", "stateferry.yaml:1: transfers needs a value"},
      {"transfers:\n", "stateferry.yaml:1: transfers needs a value"},
      {"stores: x\n", "stateferry.yaml:1: stores needs names"},
      {"profiles:\n  a: 1\n", "stateferry.yaml:2: a profile is NAME"},
      {"profiles:\n  a:\n    bad: 1\n", "stateferry.yaml:3: 'bad' is not a setting"},
      {"config: x\n", "stateferry.yaml:1: 'config' is not a setting"},
  };
  for (const auto& [text, message] : cases) {
    Local(text);
    const auto settings = Load();
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(settings.error().message(), HasSubstr(message));
  }
  Local(std::string(100'000, '['));
  EXPECT_FALSE(Load());
}

TEST_F(SettingsTest, NamesWhereABadValueStands) {
  Local("transfers: many\n");
  EXPECT_THAT(Value("transfers"), HasSubstr("stateferry.yaml:1: transfers: 'many' is not a whole"));
  Local("");
  environment_.variables["STATEFERRY_PART_SIZE"] = "12x";
  EXPECT_THAT(Value("part-size"),
              HasSubstr("STATEFERRY_PART_SIZE: part-size: '12x' is not a size"));
  EXPECT_THAT(Value("part-size", {{"part-size", {"-1"}}}), HasSubstr("--part-size: '-1' is not"));
}

TEST_F(SettingsTest, WarnsOfVariablesThatAreNearlySettings) {
  environment_.variables["STATEFERRY_BWLIMT"] = "1";
  environment_.variables["STATEFERRY_FLINK_CACHE"] = "/somebody/elses";
  const auto settings = Load();
  ASSERT_TRUE(settings);
  ASSERT_EQ(settings->warnings.size(), 1u);
  EXPECT_THAT(settings->warnings[0], HasSubstr("did you mean STATEFERRY_BWLIMIT?"));
}

TEST_F(SettingsTest, ReadsStoresOfAllFiles) {
  User("stores:\n  main: /srv/user\n  other: /srv/other\n");
  Local("stores:\n  main: stores/local\n");
  const auto stores = Load()->Stores();
  EXPECT_EQ(stores.at("main"), environment_.working_directory + "/stores/local");
  EXPECT_EQ(stores.at("other"), "/srv/other");
}

TEST_F(SettingsTest, ReadsPlacesInBuckets) {
  User(R"(transfers: 1
places:
  backup:
    prefix: [s3a://backup/a, oss://other]
    endpoint: https://minio:9000
    region: eu
    style: path
    sse: AES256
    tag.team: state
    access-key-id: BACKUP
    secret-access-key-file: keys/backup
    session-token-variable: BACKUP_TOKEN
  prod:
    profile: production
  run:
    credential-process: get-keys --for prod
)");
  const auto settings = Load();
  ASSERT_TRUE(settings) << settings.error().message();
  const auto places = settings->Places();
  ASSERT_EQ(places.size(), 3u);
  const auto& backup = places.at("backup");
  EXPECT_THAT(backup.origin, testing::EndsWith("config.yaml:3"));
  ASSERT_EQ(backup.prefixes.size(), 2u);
  EXPECT_EQ(backup.prefixes[0].ToString(), "s3://backup/a");
  EXPECT_EQ(backup.options, (std::map<std::string, std::string>{{"endpoint", "https://minio:9000"},
                                                                {"region", "eu"},
                                                                {"sse", "AES256"},
                                                                {"style", "path"},
                                                                {"tag.team", "state"}}));
  ASSERT_TRUE(backup.keys);
  EXPECT_EQ(backup.keys->id.text.Reveal(), "BACKUP");
  EXPECT_EQ(backup.keys->secret.file, dir_ / "user/stateferry/keys/backup");
  EXPECT_EQ(backup.keys->token.variable, "BACKUP_TOKEN");
  EXPECT_EQ(places.at("run").credential_process, "get-keys --for prod");
  EXPECT_EQ(places.at("prod").options.at("profile"), "production");
  EXPECT_THAT(settings->warnings, testing::IsEmpty()) << "no secret is in the file";
}

TEST_F(SettingsTest, OfOnePlaceTheStrongestFileCounts) {
  User("places:\n  a: {region: user, prefix: s3://x}\n  b: {region: user, prefix: s3://y}\n");
  Local("places:\n  a: {region: local}\n  c: {region: local, prefix: s3://y}\n");
  const auto places = Load()->Places();
  EXPECT_EQ(places.at("a").options.at("region"), "local");
  EXPECT_EQ(places.at("b").prefixes.size(), 0u) << "s3://y is c's";
  EXPECT_EQ(places.at("c").prefixes.size(), 1u);
}

TEST_F(SettingsTest, SaysWhatIsWrongWithAPlaceAndNoSecret) {
  const std::pair<const char*, const char*> cases[] = {
      {"places: x\n", "stateferry.yaml:1: places needs names with settings below it"},
      {"places:\n  a: 1\n", "stateferry.yaml:2: a place is NAME: with settings below it"},
      {"places:\n  a:\n    regoin: x\n", "stateferry.yaml:3: 'regoin' is not a setting of a place"},
      {"places:\n  a:\n    secret-access-key: [HIDDEN]\n", "secret-access-key needs a value"},
      {"places:\n  a:\n    region:\n", "stateferry.yaml:3: region needs a value"},
      {"places:\n  a:\n    secret-access-key: HIDDEN\n",
       "access-key-id and secret-access-key belong"},
      {"places:\n  a:\n    session-token: HIDDEN\n", "access-key-id and secret-access-key belong"},
      {"places:\n  a:\n    secret-access-key: HIDDEN\n    secret-access-key-file: f\n",
       "stateferry.yaml:4: secret-access-key is said in two ways"},
      {"places:\n  a: {access-key-id: i, secret-access-key: HIDDEN, profile: p}\n",
       "three ways to say one thing"},
      {"places:\n  a: {credential-process: HIDDEN, profile: p}\n", "three ways to say one thing"},
      {"places:\n  a: {endpoint: 'https://u:HIDDEN@h'}\n", "endpoint of a place holds credentials"},
      {"places:\n  a: {prefix: /srv/x}\n", "is not s3://BUCKET/KEY or oss://BUCKET/KEY"},
      {"places:\n  a: {prefix: 's3://b?region=r'}\n", "is not s3://BUCKET/KEY or oss://BUCKET/KEY"},
      {"places:\n  a: {prefix: 's3://I:HIDDEN@b'}\n", "stateferry.yaml:2: prefix: what stands"},
      {"places:\n  a: {prefix: s3://b}\n  c: {prefix: s3a://b/}\n",
       "stateferry.yaml:3: s3://b/ is a prefix of the place a, too"},
      {"places:\n  a: {prefix: s3://b}\n  a: {prefix: s3://c}\n",
       "stateferry.yaml:3: the place a is there twice"},
  };
  for (const auto& [text, message] : cases) {
    Local(text);
    const auto settings = Load();
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code(), ErrorCode::kInvalidArgument) << text;
    EXPECT_THAT(settings.error().message(), HasSubstr(message));
    EXPECT_THAT(settings.error().message() + settings.error().hint(),
                testing::Not(HasSubstr("HIDDEN")));
  }
  Local("places:\n  a:\n    secret_access_key: HIDDEN\n");
  EXPECT_EQ(Load().error().hint(), "did you mean secret-access-key?");
}

TEST_F(SettingsTest, WarnsOfKeysThatOthersMayRead) {
  const std::string path = dir_ / "user/stateferry/config.yaml";
  User("places:\n  a: {access-key-id: i, secret-access-key: HIDDEN}\n");
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  auto settings = Load();
  ASSERT_TRUE(settings);
  ASSERT_EQ(settings->warnings.size(), 1u);
  EXPECT_THAT(settings->warnings[0], HasSubstr("chmod 600 " + path));
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  EXPECT_THAT(Load()->warnings, testing::IsEmpty());
}

TEST_F(SettingsTest, TheWorkingDirectoryRunsNoProgram) {
  const std::string text = "places:\n  a:\n    credential-process: x\n";
  Local(text);
  const auto refused = Load();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(refused.error().message(), HasSubstr("stateferry.yaml:2: place a: "));
  EXPECT_TRUE(Load("", dir_ / "work/stateferry.yaml"));
  Local("");
  User(text);
  EXPECT_TRUE(Load());
}

TEST_F(SettingsTest, TheWorkingDirectoryLeadsNoSecretsElsewhere) {
  const std::pair<const char*, const char*> cases[] = {
      {"access-key-id-variable: AWS_SECRET_ACCESS_KEY, secret-access-key: a",
       "reads no variable or file for keys"},
      {"access-key-id: i, secret-access-key-file: /home/me/.ssh/id", "reads no variable or file"},
      {"access-key-id: i, secret-access-key: s, session-token-variable: T",
       "reads no variable or file"},
      {"profile: production", "chooses no profile of the vendor's tools"},
      {"endpoint: 'https://elsewhere'", "leads the user's own keys to no endpoint or dialect"},
      {"dialect: cos, region: ap-x", "leads the user's own keys to no endpoint or dialect"},
  };
  for (const auto& [said, message] : cases) {
    const std::string text = fmt::format("places:\n  a: {{prefix: s3://prod, {}}}\n", said);
    User("");
    Local(text);
    const auto refused = Load();
    ASSERT_FALSE(refused) << said;
    EXPECT_EQ(refused.error().code(), ErrorCode::kRefused) << said;
    EXPECT_THAT(refused.error().message(), HasSubstr("stateferry.yaml:2: place a: "));
    EXPECT_THAT(refused.error().message(), HasSubstr(message));
    EXPECT_THAT(refused.error().hint(), HasSubstr("--config "));
    EXPECT_TRUE(Load("", dir_ / "work/stateferry.yaml")) << said;
    Local("");
    User(text);
    EXPECT_TRUE(Load()) << said;
  }
  User("");
  Local(
      "places:\n"
      "  a: {endpoint: 'https://h', access-key-id: i, secret-access-key: s, session-token: t}\n"
      "  b: {prefix: s3://b, region: eu-west-1, sse: AES256}\n");
  const auto settings = Load();
  EXPECT_TRUE(settings) << settings.error().message();
}

TEST_F(SettingsTest, AnEditKeepsPlaces) {
  const std::string text =
      "places:\n  a:\n    access-key-id: i\n    secret-access-key: s # c\n    prefix: s3://b\n";
  const auto edited = EditConfig("/c/config.yaml", text, "", "transfers", "3");
  ASSERT_TRUE(edited) << edited.error().message();
  EXPECT_EQ(*edited, "transfers: 3\n" + text);
}

TEST_F(SettingsTest, FindsTheHomeOfTheJournal) {
  environment_.variables["HOME"] = "/home/me";
  EXPECT_EQ(*DefaultHome(environment_), "/home/me/.local/state/stateferry");
  environment_.variables["XDG_STATE_HOME"] = "relative/is/ignored";
  EXPECT_EQ(*DefaultHome(environment_), "/home/me/.local/state/stateferry");
  environment_.variables["XDG_STATE_HOME"] = "/state";
  EXPECT_EQ(*DefaultHome(environment_), "/state/stateferry");
  environment_.variables.clear();
  EXPECT_EQ(DefaultHome(environment_).error().code(), ErrorCode::kNotFound);
}

TEST(EditConfig, KeepsCommentsAndOrder) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      // before, profile, after
      {"", "", "bwlimit: 1MiB\n"},
      {"# mine\ntransfers: 3  # three\n", "", "# mine\nbwlimit: 1MiB\ntransfers: 3  # three\n"},
      {"bwlimit: 9MiB\ntransfers: 3\n", "", "bwlimit: 1MiB\ntransfers: 3\n"},
      {"bwlimit: 5MiB/s   # night only\n", "", "bwlimit: 1MiB   # night only\n"},
      {"home: x\nbwlimit: '9#MiB'\t# night\n", "", "home: x\nbwlimit: 1MiB\t# night\n"},
      {"transfers: 3\n", "fast", "transfers: 3\nprofiles:\n  fast:\n    bwlimit: 1MiB\n"},
      {"profiles:\n    fast:\n        transfers: 3\n", "fast",
       "profiles:\n    fast:\n        bwlimit: 1MiB\n        transfers: 3\n"},
      {"profiles:\n  slow:\n    transfers: 3\n", "fast",
       "profiles:\n  fast:\n    bwlimit: 1MiB\n  slow:\n    transfers: 3\n"},
  };
  for (const auto& [before, profile, after] : cases) {
    const auto edited = EditConfig("c.yaml", before, profile, "bwlimit", "1MiB");
    ASSERT_TRUE(edited) << before << edited.error().message();
    EXPECT_EQ(*edited, after);
  }
  EXPECT_EQ(*EditConfig("c.yaml", "", "", "home", "/a: b's"), "home: '/a: b''s'\n");
}

TEST(EditConfig, RefusesWhatItCannotEdit) {
  for (const char* text : {"{transfers: 3}\n", "bwlimit: |\n  1MiB\n  2\ntransfers: 1\n"}) {
    const auto edited = EditConfig("c.yaml", text, "", "bwlimit", "1MiB");
    ASSERT_FALSE(edited) << *edited;
    EXPECT_EQ(edited.error().code(), ErrorCode::kRefused);
  }
}

TEST(OptionValues, RepeatOnlyWhatBelongsToTheTransfer) {
  const std::map<std::string, std::vector<std::string>> flags = {
      {"map", {"/a=/b", "/c=/d"}}, {"layout", {"tree"}}, {"max-duration", {"5m"}},
      {"paranoid", {"true"}},      {"output", {"json"}}, {"dry-run", {"true"}}};
  const auto values = OptionValues::Resolve(TableOf(FindCommand("relocate")), flags, {});
  ASSERT_TRUE(values);
  EXPECT_THAT(values->RecordedWords(),
              testing::ElementsAre("--layout=tree", "--map=file:/a=file:/b",
                                   "--map=file:/c=file:/d", "--paranoid"));
}

TEST(OptionValues, AMapKeepsTheOptionsOfItsPlaces) {
  const std::string map =
      "--map=s3://old/cp=oss://new/cp?endpoint=http://127.0.0.1:9&profile=p&region=r";
  const auto values =
      OptionValues::Resolve(TableOf(FindCommand("relocate")), {{"map", {map.substr(6)}}}, {});
  ASSERT_TRUE(values) << values.error().message();
  EXPECT_THAT(values->RecordedWords(), testing::ElementsAre(map));
}

}  // namespace
}  // namespace stateferry::cli
