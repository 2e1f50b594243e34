#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "base/hash.h"
#include "state/catalog/memory_catalog.h"
#include "state/catalog/new_project.h"
#include "state/manifest/import_project.h"
#include "state/manifest/manifest_files.h"
#include "tests/fakes/scratch_dir.h"
#include "tests/transfer/transfer_rig.h"

namespace stateferry::state::manifest {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kJob =
    "kind: queue\nname: default-queue\n"
    "---\n"
    "kind: deployment\n"
    "name: orders\n"
    "spec:\n"
    "  engineVersion: vvr-8.0.5-flink-1.17\n"
    "  artifact:\n"
    "    kind: JAR\n"
    "    jarUri: jars/orders.jar\n"
    "  deploymentTarget: {mode: PER_JOB, name: default-queue}\n";
constexpr const char* kJar = "---\nkind: resource-file\nname: jars/orders.jar\n";

class ProjectImport : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(catalog::CreateProject(*catalog_, {.name = "ws/p",
                                                   .region = "r",
                                                   .architecture = "x86",
                                                   .storage = "file://" + dir_.File("bucket")}));
  }

  void Write(const std::string& name, const std::string& text) {
    const std::string path = dir_.File("in/" + name);
    std::filesystem::create_directories(ParentDir(path));
    std::ofstream(path) << text;
  }

  Result<ImportReport> Import(bool dry_run = false) {
    const Format& native = *FindFormat("native");
    auto manifest = ReadManifestFiles(FileIo(), dir_.File("in"), native);
    if (!manifest) return manifest.error();
    ImportRequest request{.project = "ws/p", .dry_run = dry_run};
    if (std::filesystem::exists(dir_.File("in/files"))) request.files_dir = dir_.File("in/files");
    request.replace_files = replace_files_;
    auto report = ImportProject(
        request, FileIo(), *catalog_,
        [&]() -> Result<transfer::TransferEnv> {
          if (between_) between_();
          if (!journal_) {
            SF_TRY(journal_, transfer::Journal::Open(FileIo(), clock_, dir_.File("home"), false));
          }
          return transfer::TransferEnv{places_, *journal_, clock_, quiet_, {}};
        },
        {}, *manifest);
    problems_.clear();
    for (const Problem& problem : manifest->problems)
      problems_.push_back(ToText(problem).substr(dir_.File("in/").size()));
    return report;
  }

  Json Body(const std::string& kind, const std::string& name) {
    const auto record = catalog_->Find("ws/p", {kind, name});
    return record && *record ? (*record)->entity.body : Json();
  }
  std::size_t Entities() { return catalog::ListAll(*catalog_, "ws/p", "")->size(); }

  fakes::ScratchDir dir_;
  fakes::FakeClock clock_;
  transfer::NullProgress quiet_;
  storage::Places places_{FileIo(), clock_, {}};
  std::unique_ptr<catalog::Catalog> catalog_ = catalog::MakeMemoryCatalog(clock_);
  std::unique_ptr<transfer::Journal> journal_;
  std::vector<std::string> problems_;
  bool replace_files_ = false;
  std::function<void()> between_;  ///< after the files were read, before they are copied
};

TEST_F(ProjectImport, CopiesFilesAndNamesTheirPlaceSizeAndHash) {
  Write("a.yaml", std::string(kJob) + kJar);
  Write("files/jars/orders.jar", "bytes");
  const auto report = Import();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(problems_, ElementsAre());
  EXPECT_EQ(report->files, 1u);
  EXPECT_EQ(report->Total().added, 3u);
  const std::string stored = dir_.File("bucket/p/files/jars/orders.jar");
  EXPECT_EQ(Body("deployment", "orders")["artifact"]["jarUri"], "file:" + stored);
  const Json jar = Body("resource-file", "jars/orders.jar");
  EXPECT_EQ(jar["uri"], "file:" + stored);
  EXPECT_EQ(jar["sizeBytes"], 5);
  EXPECT_EQ(jar["hash"], "xxh3-128:" + Xxh3_128(AsBytes("bytes")).ToHex());
  EXPECT_EQ(*FileIo().ReadSmall(stored, 100), "bytes");
}

TEST_F(ProjectImport, TheSameAgainChangesNothing) {
  Write("a.yaml", std::string(kJob) + kJar);
  Write("files/jars/orders.jar", "bytes");
  ASSERT_TRUE(Import());
  const auto again = Import();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->Total().unchanged, 3u);
  EXPECT_EQ(again->Total().changed + again->Total().added, 0u);
  EXPECT_EQ(catalog::Get(*catalog_, "ws/p", {"deployment", "orders"})->version, 1u);
}

TEST_F(ProjectImport, ADryRunWritesNothing) {
  Write("a.yaml", std::string(kJob) + kJar);
  Write("files/jars/orders.jar", "bytes");
  const auto report = Import(true);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->Total().added, 3u);
  EXPECT_EQ(report->files, 1u);
  EXPECT_EQ(Entities(), 0u);
  EXPECT_FALSE(std::filesystem::exists(dir_.File("bucket")));
  EXPECT_FALSE(std::filesystem::exists(dir_.File("home")));
}

TEST_F(ProjectImport, OneProblemAnywhereImportsNothingAtAll) {
  Write("a.yaml", std::string(kJob) + kJar);
  Write("b.yaml", "kind: variable\nname: v\nspec: {kind: Secret}\n");
  Write("files/jars/orders.jar", "bytes");
  ASSERT_TRUE(Import());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("b.yaml:3: variable 'v': ")));
  EXPECT_EQ(Entities(), 0u);
  EXPECT_FALSE(std::filesystem::exists(dir_.File("bucket")));
}

TEST_F(ProjectImport, NamesAndReferencesAreCheckedAcrossFiles) {
  Write("a.yaml", "kind: folder\nname: a\n---\nkind: folder\nname: b/c\n");
  Write("sub/b.yml", "kind: folder\nname: a\n");
  Write("c.yaml",
        "kind: udf-function\nname: f\nspec:\n  udfArtifactName: missing\n  className: a.B\n");
  Write("d.yaml", "kind: folder\nname: x\nproject: ws/other\n");
  ASSERT_TRUE(Import());
  EXPECT_THAT(problems_,
              testing::UnorderedElementsAre(
                  HasSubstr("sub/b.yml:1: folder 'a' is there already: "),
                  HasSubstr("a.yaml:4: folder 'b/c' refers to folder 'b', which is neither here"),
                  HasSubstr("c.yaml:4: udf-function 'f' refers to udf-artifact 'missing'"),
                  HasSubstr("d.yaml:1: there is no project 'ws/other'")));
}

TEST_F(ProjectImport, WhatIsReferredToMayBeInTheCatalogAlready) {
  Write("a.yaml", "kind: folder\nname: a\n");
  ASSERT_TRUE(Import());
  Write("a.yaml", "kind: folder\nname: a/b\n");
  const auto report = Import();
  EXPECT_THAT(problems_, ElementsAre());
  EXPECT_EQ(report->Total().added, 1u);
}

TEST_F(ProjectImport, PathsThatLeaveTheDirectoryAreRefused) {
  Write("files/in.jar", "bytes");
  std::filesystem::create_symlink("/etc/passwd", dir_.File("in/files/link.jar"));
  std::filesystem::create_directory_symlink("/etc", dir_.File("in/files/etc"));
  for (const char* path : {"../a.yaml", "/etc/passwd", "a/../../b", "link.jar", "etc/passwd"}) {
    Write("a.yaml", "kind: udf-artifact\nname: u\nspec:\n  jarUrl: " + std::string(path) + "\n");
    ASSERT_TRUE(Import());
    EXPECT_THAT(problems_, ElementsAre(testing::AllOf(HasSubstr("a.yaml:4: "),
                                                      HasSubstr("leaves the directory"))))
        << path;
  }
  EXPECT_EQ(Entities(), 0u);
}

TEST_F(ProjectImport, ADirectoryOfFilesThatIsALinkLeavesTheDirectory) {
  std::filesystem::create_directory(dir_.File("elsewhere"));
  std::ofstream(dir_.File("elsewhere/in.jar")) << "bytes";
  Write("a.yaml", "kind: udf-artifact\nname: u\nspec:\n  jarUrl: in.jar\n");
  std::filesystem::create_directory_symlink(dir_.File("elsewhere"), dir_.File("in/files"));
  ASSERT_TRUE(Import());
  EXPECT_THAT(problems_, ElementsAre(testing::AllOf(HasSubstr("a.yaml:4: "),
                                                    HasSubstr("leaves the directory"))));
  EXPECT_EQ(Entities(), 0u);
}

TEST_F(ProjectImport, YamlThatIsALinkIsNotFollowed) {
  std::ofstream(dir_.File("outside.yaml")) << "kind: folder\nname: a\n";
  Write("b.yaml", "kind: folder\nname: b\n");
  std::filesystem::create_symlink(dir_.File("outside.yaml"), dir_.File("in/a.yaml"));
  ASSERT_TRUE(Import());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("a.yaml: not a file of its own")));
}

TEST_F(ProjectImport, AMissingFileAndAWrongHashAreProblems) {
  Write("a.yaml",
        "kind: resource-file\nname: in.jar\nspec: {sizeBytes: 4, hash: "
        "'xxh3-128:00000000000000000000000000000000'}\n"
        "---\nkind: udf-artifact\nname: u\nspec:\n  jarUrl: missing.jar\n");
  Write("files/in.jar", "bytes");
  ASSERT_TRUE(Import());
  EXPECT_THAT(problems_,
              ElementsAre(HasSubstr("a.yaml:1: resource-file 'in.jar': 'sizeBytes' is 4, the file"),
                          HasSubstr("a.yaml:1: resource-file 'in.jar': 'hash' is xxh3-128:0000"),
                          HasSubstr("a.yaml:8: udf-artifact 'u': there is no file 'missing.jar'")));
}

TEST_F(ProjectImport, OtherBytesOfTheSameNameAreReplacedOnlyWhenAsked) {
  Write("a.yaml", std::string(kJob) + kJar);
  Write("files/jars/orders.jar", "bytes");
  ASSERT_TRUE(Import());
  Write("files/jars/orders.jar", "other");
  const auto refused = Import();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(refused.error().hint(), HasSubstr("--replace-files"));
  EXPECT_EQ(Body("resource-file", "jars/orders.jar")["hash"],
            "xxh3-128:" + Xxh3_128(AsBytes("bytes")).ToHex());
  replace_files_ = true;
  const auto replaced = Import();
  ASSERT_TRUE(replaced) << replaced.error().message();
  EXPECT_EQ(*FileIo().ReadSmall(dir_.File("bucket/p/files/jars/orders.jar"), 100), "other");
}

TEST_F(ProjectImport, AFileThatChangesMeanwhileStopsTheImport) {
  Write("a.yaml", std::string(kJob) + kJar);
  Write("files/jars/orders.jar", "bytes");
  between_ = [&] { Write("files/jars/orders.jar", "other"); };
  const auto changed = Import();
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(changed.error().message(), "'jars/orders.jar' changed while it was imported");
  EXPECT_EQ(Entities(), 0u);
  between_ = nullptr;
  const auto again = Import();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(Body("resource-file", "jars/orders.jar")["hash"],
            "xxh3-128:" + Xxh3_128(AsBytes("other")).ToHex());
}

TEST_F(ProjectImport, ATornCopyIsReplacedByTheImportThatTheHintNames) {
  Write("a.yaml", std::string(kJob) + kJar);
  Write("files/jars/orders.jar", "bytes");
  between_ = [&] { Write("files/jars/orders.jar", "torn"); };
  const auto changed = Import();
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().hint(), HasSubstr("bucket/p/files/jars/orders.jar holds what"));
  EXPECT_THAT(changed.error().hint(), HasSubstr("--replace-files"));
  between_ = nullptr;
  Write("files/jars/orders.jar", "whole");
  EXPECT_FALSE(Import());
  replace_files_ = true;
  const auto again = Import();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(*FileIo().ReadSmall(dir_.File("bucket/p/files/jars/orders.jar"), 100), "whole");
}

TEST_F(ProjectImport, AFileThatIsReplacedByALinkMeanwhileStopsTheImport) {
  Write("a.yaml", std::string(kJob) + kJar);
  Write("files/jars/orders.jar", "bytes");
  std::ofstream(dir_.File("secret")) << "other";
  between_ = [&] {
    std::filesystem::remove(dir_.File("in/files/jars/orders.jar"));
    std::filesystem::create_symlink(dir_.File("secret"), dir_.File("in/files/jars/orders.jar"));
  };
  EXPECT_FALSE(Import());
  EXPECT_EQ(Entities(), 0u);
}

TEST_F(ProjectImport, APipeOrADeviceIsRefusedBeforeItIsOpened) {
  ASSERT_EQ(::mkfifo(dir_.File("pipe.yaml").c_str(), 0600), 0);
  for (const std::string& path : {dir_.File("pipe.yaml"), std::string("/dev/zero")}) {
    const auto read = ReadManifestFiles(FileIo(), path, *FindFormat("native"));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(read.error().message(), path + " is neither a file nor a directory");
  }
}

TEST_F(ProjectImport, ADocumentWithCountlessProblemsNamesAThousand) {
  std::string text =
      "kind: deployment\nname: d\nspec:\n  engineVersion: flink-1.20\n"
      "  artifact:\n    kind: JAR\n    jarUri: a\n    additionalDependencies:\n";
  for (int i = 0; i < 40'000; ++i) text += "      - 7\n";
  Write("a.yaml", text);
  ASSERT_TRUE(Import());
  ASSERT_EQ(problems_.size(), 1001u);
  EXPECT_THAT(problems_[0], HasSubstr("a.yaml:9: "));
  EXPECT_THAT(problems_[999], HasSubstr("a.yaml:1008: "));
  EXPECT_THAT(problems_[1000], HasSubstr("and more: only the first 1000 problems are listed"));
}

TEST_F(ProjectImport, AHundredMegabytesAreRefusedBeforeTheyAreRead) {
  Write("a.yaml", "");
  std::filesystem::resize_file(dir_.File("in/a.yaml"), 100u << 20);
  ASSERT_TRUE(Import());
  EXPECT_THAT(problems_, ElementsAre("a.yaml: the file has 100 MiB, 64 MiB at most are taken: "
                                     "split it"));
}

TEST_F(ProjectImport, WhatACloneHasNotFinishedIsLeftAlone) {
  const catalog::Change half{.scope = "ws/p",
                             .entity = {{"folder", "a"}, {{"description", "half"}}},
                             .phase = catalog::Phase::kInitializing,
                             .made_by = "clone-1"};
  ASSERT_TRUE(catalog_->Apply(std::span(&half, 1)));
  Write("a.yaml", "kind: folder\nname: a\n");
  ASSERT_TRUE(Import());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("a.yaml:1: folder 'a' is being made by clone-1")));
}

TEST_F(ProjectImport, RegionsWorkspacesAndProjectsComeTheSameWay) {
  Write("a.yaml",
        "kind: project\nname: w2/p\n---\nkind: region\nname: eu\n---\n"
        "kind: workspace\nname: w2\nspec: {region: eu, architecture: arm, storage: {bucket: "
        "'s3://b'}}\n---\nkind: folder\nname: f\nproject: w2/p\n");
  const auto report = Import();
  EXPECT_THAT(problems_, ElementsAre());
  EXPECT_EQ(report->Total().added, 4u);
  EXPECT_TRUE(*catalog_->Find("w2/p", {"folder", "f"}));
}

// Two workspaces may share a storage, but not two projects a directory in it.
TEST_F(ProjectImport, AProjectWhoseDirectoryIsAnothersIsRefused) {
  const std::string bucket = "file://" + dir_.File("bucket");
  const auto workspace = [](const std::string& name, const std::string& storage) {
    return "kind: workspace\nname: " + name +
           "\nspec: {region: r, architecture: arm, storage: {bucket: '" + storage + "'}}\n---\n";
  };
  Write("a.yaml", workspace("lab", bucket) + "kind: project\nname: lab/p\n");
  ASSERT_TRUE(Import());
  EXPECT_THAT(problems_, ElementsAre(AllOf(HasSubstr("a.yaml:1:"), HasSubstr("'lab/p'"),
                                           HasSubstr("'ws/p'"), HasSubstr("bucket/lab"))));
  EXPECT_FALSE(*catalog_->Find("", {"workspace", "lab"}));
  Write("a.yaml", workspace("lab", bucket) + "kind: project\nname: lab/q\n");
  ASSERT_TRUE(Import());
  EXPECT_THAT(problems_, ElementsAre());
  // Later the workspace is told to go there.
  Write("a.yaml", workspace("lab", bucket + "/p") + "kind: region\nname: r\n");
  ASSERT_TRUE(Import());
  EXPECT_THAT(problems_, ElementsAre(AllOf(HasSubstr("a.yaml:1:"), HasSubstr("'lab/q'"))));
}

TEST_F(ProjectImport, OptionsOfTheStorageStayOutOfBodies) {
  const std::vector<catalog::Change> moved{
      {.scope = "",
       .entity = {{"workspace", "ws"},
                  {{"region", "r"},
                   {"architecture", "x86"},
                   {"storage", {{"bucket", "oss://b/ws?region=cn-hangzhou"}}}}},
       .expected_version = 1}};
  ASSERT_TRUE(catalog_->Apply(moved));
  places_.Register(*storage::ParseLocation("oss://b/"), storage::MakeMemoryBackend(clock_, "b"));
  Write("a.yaml", std::string(kJob) + kJar);
  Write("files/jars/orders.jar", "bytes");
  const auto report = Import();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Body("deployment", "orders")["artifact"]["jarUri"],
            "oss://b/ws/p/files/jars/orders.jar");
  EXPECT_EQ(Body("resource-file", "jars/orders.jar")["uri"], "oss://b/ws/p/files/jars/orders.jar");
}

TEST(NewProject, HasADirectoryOfItsOwn) {
  const auto catalog = catalog::MakeMemoryCatalog(SystemClock());
  catalog::NewProject project{
      .name = "a/p", .region = "r", .architecture = "x86", .storage = "managed:///store"};
  ASSERT_TRUE(catalog::CreateProject(*catalog, project));
  project.name = "b/p";
  const auto refused = catalog::CreateProject(*catalog, project);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message(), HasSubstr("'a/p'"));
  EXPECT_THAT(refused.error().hint(), HasSubstr("managed:///store/b"));
  project.name = "b/q";
  EXPECT_TRUE(catalog::CreateProject(*catalog, project));
  project = {.name = "c/x", .region = "r", .architecture = "x86", .storage = "managed:///store/q"};
  EXPECT_FALSE(catalog::CreateProject(*catalog, project));  // below that of b/q
}

TEST(NewProject, NeedsAWorkspaceOrWhatMakesOne) {
  const auto catalog = catalog::MakeMemoryCatalog(SystemClock());
  const auto create = [&](const catalog::NewProject& project) {
    return catalog::CreateProject(*catalog, project);
  };
  EXPECT_EQ(create({.name = "ws/p"}).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(create({.name = "ws"}).error().code(), ErrorCode::kInvalidArgument);
  const catalog::NewProject first{.name = "ws/p",
                                  .region = "r",
                                  .architecture = "x86",
                                  .storage = "managed:///store/ws",
                                  .owner = "alice"};
  EXPECT_TRUE(*create(first));
  EXPECT_EQ(create({.name = "ws/p"}).error().code(), ErrorCode::kConflict);
  EXPECT_FALSE(*create({.name = "ws/q"}));
  EXPECT_EQ(create({.name = "ws/r", .architecture = "arm"}).error().code(), ErrorCode::kConflict);
  const auto workspace = catalog::Get(*catalog, "", {"workspace", "ws"});
  EXPECT_EQ(workspace->entity.body["members"][0]["name"], "alice");
  EXPECT_EQ(workspace->entity.body["storage"]["managed"], "managed:///store/ws");
}

}  // namespace
}  // namespace stateferry::state::manifest
