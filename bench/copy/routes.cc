#include "bench/copy/routes.h"

#include <algorithm>

namespace stateferry::bench {

namespace {

// Flags of every stateferry call.  A home of its own, else a second run would find its transfer
// already done.
constexpr char kFlags[] = " --home \"$DST/home\" --no-progress -q";

std::string Ferry(const std::string& command) { return "exec \"$SELF\" " + command + kFlags; }
std::string FerryFirst(const std::string& command) { return "\"$SELF\" " + command + kFlags; }

constexpr char kFresh[] = "rm -rf \"$DST\"; mkdir -p \"$DST\"";
constexpr char kFreshOut[] = "rm -rf \"$DST/out\" \"$DST/home\"";
// The state after the first checkpoint is kept aside and copied back under the same name: programs
// know repositories by their path.
constexpr char kKeep[] = "; rm -rf \"$TPL\"; mv \"$DST\" \"$TPL\"";
constexpr char kBack[] = "rm -rf \"$DST\"; cp -a \"$TPL\" \"$DST\"";

std::string FreshStore() {
  return std::string(kFresh) + "; " + FerryFirst("store init \"$DST/out\"");
}

Contestant StateferryIntoBucket(std::string name, const std::string& command) {
  return {std::move(name), {}, "", kFresh, Ferry(command + " \"$DST/out\"")};
}
Contestant StateferryIntoStore(const std::string& flags) {
  return {"stateferry",
          {},
          "",
          FreshStore(),
          Ferry("$VERB \"$SNAP\" \"managed://$DST/out/bench/snapshot\" " + flags)};
}

Contestant Cp() { return {"cp", {"cp"}, "", kFresh, "cp -r \"$SRC\" \"$DST/out\"; sync"}; }

Contestant CpAndHash() {
  return {"cp+hash",
          {"cp", "xxhsum"},
          "",
          kFresh,
          R"(cp -r "$SRC" "$DST/out"; sync
hashes() { cd "$1"; find . -type f -print0 | sort -z | xargs -0 xxhsum -q -H2; }
hashes "$SRC" > "$DST/from"; hashes "$DST/out" > "$DST/to"; cmp "$DST/from" "$DST/to")"};
}

Contestant Rsync() {
  return {"rsync", {"rsync"}, "", kFresh, "rsync -a \"$SRC/\" \"$DST/out/\"; sync"};
}

Contestant Rclone() {
  return {"rclone",
          {"rclone"},
          "",
          kFresh,
          R"(rclone --config /dev/null copy --checksum "$SRC" "$DST/out"; sync
rclone --config /dev/null check "$SRC" "$DST/out")"};
}

// restic init is not timed: it spends a second on hashing the password.
std::string ResticAt(const std::string& where) {
  return "export RESTIC_PASSWORD=bench RESTIC_CACHE_DIR=\"$DST/cache\" RESTIC_REPOSITORY=\"$DST/" +
         where + "\"; ";
}
std::string ResticInit(const std::string& where) {
  return std::string(kFresh) + "; " + ResticAt(where) + "restic -q init";
}
std::string ResticBackup(const std::string& where) {
  return ResticAt(where) + "restic -q backup \"$SRC\"; sync";
}
Contestant Restic() { return {"restic", {"restic"}, "", ResticInit("out"), ResticBackup("out")}; }

constexpr char kKopia[] =
    "export KOPIA_PASSWORD=bench KOPIA_CHECK_FOR_UPDATES=false"
    " KOPIA_CONFIG_PATH=\"$DST/kopia.config\" KOPIA_CACHE_DIRECTORY=\"$DST/cache\""
    " KOPIA_LOG_DIR=\"$DST/log\"; ";
std::string KopiaInit() {
  return std::string(kFresh) + "; mkdir -p \"$DST/out\"; " + kKopia +
         "kopia repository create filesystem --path \"$DST/out\"; "
         "kopia policy set --global --compression=zstd-fastest";
}
std::string KopiaSnapshot() {
  return std::string(kKopia) + "kopia snapshot create --no-progress \"$SRC\"; sync";
}
Contestant Kopia() { return {"kopia", {"kopia"}, "", KopiaInit(), KopiaSnapshot()}; }

// Buckets: BENCH_S3 is a bucket ("s3://bench"), which lies in the directory BENCH_S3_DIR of a
// gateway on this machine; bench/acceptance --s3 starts one.  The rest of the environment is that
// of AWS.  What an earlier run has left is put aside in BENCH_GONE where that is set: ext4 gives no
// inode of a deleted file out again for minutes, and looks at all of 10,000 such for each new file.
constexpr char kFreshPrefix[] =
    ": \"${BENCH_S3:?is not set: bench/acceptance --s3 starts a server and sets it}\"; "
    "for old in \"$DST\" \"$BENCH_S3_DIR/to\"; do "
    "if [ -n \"$BENCH_GONE\" ] && [ -e \"$old\" ]; then "
    "mv \"$old\" \"$(mktemp -d \"$BENCH_GONE/XXXXXX\")\"; else rm -rf \"$old\"; fi; done; "
    "mkdir -p \"$DST/out\"; ";
constexpr char kWarmBucket[] = "find \"$BENCH_S3_DIR/from\" -type f -exec cat {} + > /dev/null";
constexpr char kRclone[] =
    "export RCLONE_CONFIG_BENCH_TYPE=s3 RCLONE_CONFIG_BENCH_PROVIDER=Other"
    " RCLONE_CONFIG_BENCH_ENV_AUTH=true RCLONE_CONFIG_BENCH_ENDPOINT=\"$AWS_ENDPOINT_URL_S3\"; "
    "rclone --config /dev/null --transfers 16 --checkers 16 copy ";
constexpr char kMc[] =
    "MC_HOST_bench=\"http://$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY@${AWS_ENDPOINT_URL_S3#http://"
    "}\" "
    "mc --config-dir \"$DST/mc\" --quiet cp --recursive ";
constexpr char kS5cmd[] = "s5cmd --log error --endpoint-url \"$AWS_ENDPOINT_URL_S3\" cp ";

/// Between a directory and a bucket, or inside of a bucket, each program as its manual says.
std::vector<Contestant> BucketContestants(bool from_bucket, bool to_bucket) {
  const std::string prepare =
      from_bucket ? std::string(kFreshPrefix) +
                        FerryFirst("copy \"$SRC\" \"$BENCH_S3/from\" --if-exists skip")
                  : "";
  const std::string fresh = kFreshPrefix + std::string(from_bucket ? kWarmBucket : "");
  const std::string from = from_bucket ? "\"$BENCH_S3/from\"" : "\"$SRC\"";
  const std::string to = to_bucket ? "\"$BENCH_S3/to\"" : "\"$DST/out\"";
  const auto with_slash = [](std::string place, const char* slash) {
    return place.insert(place.size() - 1, slash);
  };
  // rclone and mc have names of their own for the bucket.
  const auto renamed = [](std::string place, const std::string& name) {
    constexpr std::string_view kBucket = "$BENCH_S3";
    const auto at = place.find(kBucket);
    return at == std::string::npos ? place : place.replace(at, kBucket.size(), name);
  };
  const std::string end = to_bucket ? "" : "; sync";
  const std::string rclone = "bench:${BENCH_S3#s3://}", mc = "bench/${BENCH_S3#s3://}";
  return {
      {"stateferry", {}, prepare, fresh, Ferry("copy " + from + " " + to)},
      {"aws-c-s3", {"aws-c-s3"}, prepare, fresh, "aws-c-s3 " + from + " " + to + end},
      {"s5cmd",
       {"s5cmd"},
       prepare,
       fresh,
       kS5cmd + with_slash(from, from_bucket ? "/*" : "/") + " " + with_slash(to, "/") + end},
      {"rclone",
       {"rclone"},
       prepare,
       fresh,
       kRclone + renamed(from, rclone) + " " + renamed(to, rclone) + end},
      {"mc",
       {"mc"},
       prepare,
       fresh,
       kMc + renamed(with_slash(from, "/"), mc) + " " + renamed(with_slash(to, "/"), mc) + end}};
}

void AddBucketRoutes(std::vector<Route>& routes) {
  routes.push_back(
      {"directory-s3", "directory to S3, verified", Source::kTree, BucketContestants(false, true)});
  routes.push_back({"s3-directory", "S3 to a directory, verified", Source::kTree,
                    BucketContestants(true, false)});
  routes.push_back({"s3-s3", "S3 to S3, one server", Source::kTree, BucketContestants(true, true)});
}

std::vector<Route> MakeRoutes() {
  const Contestant into_bucket = StateferryIntoBucket("stateferry", "copy \"$SRC\"");
  std::vector<Route> routes;
  routes.push_back({"bucket-bucket",
                    "bucket to bucket, verified",
                    Source::kTree,
                    {into_bucket, StateferryIntoBucket("stateferry-relocate", "$VERB \"$SNAP\""),
                     Cp(), CpAndHash(), Rsync(), Rclone()}});
  routes.push_back({"bucket-managed-none",
                    "bucket into managed storage, --compress none",
                    Source::kTree,
                    {StateferryIntoStore("--compress none"), Cp(), CpAndHash(), Rsync()}});
  routes.push_back({"bucket-managed",
                    "bucket into managed storage, --compress auto",
                    Source::kTree,
                    {StateferryIntoStore("--compress auto"), Cp(), Restic(), Kopia()}});
  routes.push_back(
      {"next-checkpoint",
       "the next incremental checkpoint into managed storage",
       Source::kNextCheckpoint,
       {{"stateferry",
         {},
         FreshStore() + "; " + FerryFirst("relocate \"$SNAP\" \"managed://$DST/out/bench/chk-1\"") +
             kKeep,
         kBack,
         Ferry("relocate \"$SNAP\" \"managed://$DST/out/bench/chk-2\"")},
        {"restic",
         {"restic"},
         ResticInit("out") + "; restic -q backup \"$SRC\"" + kKeep,
         kBack,
         ResticBackup("out")},
        {"kopia",
         {"kopia"},
         KopiaInit() + "; " + KopiaSnapshot() + kKeep,
         kBack,
         KopiaSnapshot()}}});
  routes.push_back({"managed-bucket",
                    "managed storage to a bucket, verified",
                    Source::kTree,
                    {{"stateferry",
                      {},
                      std::string(kFresh) + "; " + FerryFirst("store init \"$DST/store\"") + "; " +
                          FerryFirst("$VERB \"$SNAP\" \"managed://$DST/store/bench/snapshot\""),
                      kFreshOut,
                      Ferry("$VERB \"managed://$DST/store/bench/snapshot\" \"$DST/out\"")},
                     {"restic",
                      {"restic"},
                      ResticInit("repo") + "; restic -q backup \"$SRC\"",
                      kFreshOut,
                      ResticAt("repo") + "restic -q restore latest --target \"$DST/out\"; sync"}}});
  routes.push_back({"small-files",
                    "small files to a bucket, verified",
                    Source::kSmallFiles,
                    {into_bucket, Cp(), CpAndHash(), Rsync(), Rclone()}});
  routes.push_back({"small-files-managed",
                    "small files into managed storage",
                    Source::kSmallFiles,
                    {StateferryIntoStore(""), Cp(), Restic(), Kopia()}});
  AddBucketRoutes(routes);
  return routes;
}

}  // namespace

const std::vector<Route>& Routes() {
  static const std::vector<Route> routes = MakeRoutes();
  return routes;
}

const Route* FindRoute(std::string_view name) {
  for (const Route& route : Routes())
    if (route.name == name) return &route;
  return nullptr;
}

std::vector<std::string> PeerNames() {
  std::vector<std::string> names;
  for (const Route& route : Routes())
    for (const Contestant& contestant : route.contestants)
      if (!contestant.needs.empty() && std::ranges::find(names, contestant.name) == names.end())
        names.push_back(contestant.name);
  return names;
}

std::string VersionCommand(std::string_view program) {
  const std::string name(program);
  if (name == "restic" || name == "rclone" || name == "s5cmd") return name + " version | head -1";
  return name + " --version 2>&1 | head -1";
}

}  // namespace stateferry::bench
