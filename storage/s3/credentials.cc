#include "storage/s3/credentials.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/log.h"
#include "storage/s3/alibaba_profile.h"
#include "storage/s3/alibaba_sts.h"
#include "storage/s3/aws_profile.h"
#include "storage/s3/aws_sts.h"
#include "storage/s3/container_source.h"
#include "storage/s3/imds_source.h"
#include "storage/s3/simple_sources.h"

namespace stateferry::storage::s3 {
namespace {

using Duration = std::chrono::system_clock::duration;

constexpr Duration kAdvisory = std::chrono::minutes(15);
constexpr Duration kMandatory = std::chrono::minutes(10);
constexpr std::chrono::seconds kPauseAfterFailure{30};

enum class Freshness { kFresh, kAgeing, kOld, kExpired };

/// Credentials and the times at which they want to be replaced.
struct Held {
  Credentials credentials;
  SystemTime ageing_from;
  SystemTime old_from;

  static Held From(Credentials credentials, SystemTime now) {
    Held held{std::move(credentials), SystemTime::max(), SystemTime::max()};
    if (held.credentials.expires) {
      const Duration life = std::max(*held.credentials.expires - now, Duration::zero());
      held.ageing_from = *held.credentials.expires - std::min(kAdvisory, life / 2);
      held.old_from = *held.credentials.expires - std::min(kMandatory, life / 3);
    }
    return held;
  }

  Freshness At(SystemTime now) const {
    if (credentials.expires && now >= *credentials.expires) return Freshness::kExpired;
    if (now >= old_from) return Freshness::kOld;
    return now >= ageing_from ? Freshness::kAgeing : Freshness::kFresh;
  }
};

/// Owns what the sources look at.
class OwnedSource final : public CredentialSource {
 public:
  using Make = std::unique_ptr<CredentialSource> (*)(const CredentialSurroundings&,
                                                     const CredentialOptions&);
  OwnedSource(CredentialSurroundings around, const CredentialOptions& options, Make make)
      : around_(std::move(around)), source_(make(around_, options)) {}

  Result<std::optional<Credentials>> Fetch() override { return source_->Fetch(); }
  std::string Describe() const override { return source_->Describe(); }

 private:
  const CredentialSurroundings around_;
  const std::unique_ptr<CredentialSource> source_;
};

/// What the place itself says; null when it says nothing.
std::unique_ptr<CredentialSource> ConfiguredSource(const CredentialSurroundings& around,
                                                   const CredentialOptions& options) {
  if (options.keys) return MakePlaceKeysSource(around, *options.keys, options.described);
  if (!options.credential_process.empty()) {
    return MakeProcessSource(around, options.credential_process);
  }
  return nullptr;
}

std::unique_ptr<CredentialSource> S3Source(const CredentialSurroundings& around,
                                           const CredentialOptions& options) {
  if (auto configured = ConfiguredSource(around, options)) return configured;
  std::vector<std::unique_ptr<CredentialSource>> chain;
  const bool is_named = !options.profile.empty();
  if (!is_named) chain.push_back(MakeEnvironmentSource(around, kAwsVariables));
  chain.push_back(MakeAwsProfileSource(around, options.profile, ProfilePart::kRoles));
  if (!is_named) chain.push_back(MakeWebIdentityFromEnvironment(around));
  chain.push_back(MakeAwsProfileSource(around, options.profile, ProfilePart::kKeys));
  if (!is_named) {
    chain.push_back(MakeContainerSource(around));
    chain.push_back(MakeImdsSource(around));
  }
  return MakeChain(std::move(chain));
}

std::unique_ptr<CredentialSource> OssSource(const CredentialSurroundings& around,
                                            const CredentialOptions& options) {
  if (auto configured = ConfiguredSource(around, options)) return configured;
  std::vector<std::unique_ptr<CredentialSource>> chain;
  const bool is_named = !options.profile.empty();
  if (!is_named) {
    chain.push_back(MakeEnvironmentSource(around, kOssVariables));
    chain.push_back(MakeEnvironmentSource(around, kAlibabaVariables));
    chain.push_back(MakeOidcFromEnvironment(around));
  }
  chain.push_back(MakeOssutilSource(around, options.profile));
  chain.push_back(MakeAliyunCliSource(around, options.profile));
  chain.push_back(MakeAlibabaIniSource(around, options.profile));
  if (!is_named) {
    chain.push_back(MakeEcsRoleSource(around, ""));
    chain.push_back(MakeCredentialsUriSource(around));
  }
  return MakeChain(std::move(chain));
}

}  // namespace

struct CachedCredentials::State {
  State(std::unique_ptr<CredentialSource> from, Clock& time)
      : source(std::move(from)), clock(time) {}

  const std::unique_ptr<CredentialSource> source;  ///< used by the refresher only
  Clock& clock;
  mutable std::mutex mutex;
  // Guarded by mutex.
  std::condition_variable refreshed;
  std::optional<Held> held;
  bool is_refreshing = false;
  std::uint64_t answers = 0;     ///< of the source, so far
  std::optional<Error> failure;  ///< of the last one, when nothing usable was left
  bool is_rejected = false;
  std::optional<std::chrono::steady_clock::time_point> not_before;  ///< after a failure
  std::string described;

  bool MayAsk() const { return !not_before || clock.Steady() >= *not_before; }
  /// Whether what is held may be used without asking; `may_wait`: somebody else is asking already.
  bool IsUsable(bool somebody_asks) const {
    if (!held) return false;
    const Freshness freshness = held->At(clock.Now());
    if (freshness == Freshness::kExpired) return false;
    if (!MayAsk()) return true;
    if (is_rejected) return false;
    if (freshness == Freshness::kFresh) return true;
    return freshness == Freshness::kAgeing && somebody_asks;
  }
  Result<Credentials> Take(Result<std::optional<Credentials>> answer);
};

/// With the mutex held.
Result<Credentials> CachedCredentials::State::Take(Result<std::optional<Credentials>> answer) {
  const SystemTime now = clock.Now();
  if (answer && answer->has_value()) {
    held = Held::From(**std::move(answer), now);
    if (held->At(now) == Freshness::kExpired) {
      return Error(ErrorCode::kPermission, described + " gives credentials that have expired");
    }
    is_rejected = false;
    not_before.reset();
    return held->credentials;
  }
  Error error = answer ? Error(ErrorCode::kPermission, "no credentials; looked at: " + described)
                       : std::move(answer).error();
  if (!held || held->At(now) == Freshness::kExpired) return error;
  not_before = clock.Steady() + kPauseAfterFailure;
  LogWarning("storage", "keeping the old credentials for now: {}", error.message());
  return held->credentials;
}

CachedCredentials::CachedCredentials(std::unique_ptr<CredentialSource> source, Clock& clock)
    : state_(std::make_unique<State>(std::move(source), clock)) {
  state_->described = state_->source->Describe();
}

CachedCredentials::~CachedCredentials() = default;

Result<Credentials> CachedCredentials::Get() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  while (true) {
    if (state.IsUsable(state.is_refreshing)) return state.held->credentials;
    if (!state.is_refreshing) break;
    const std::uint64_t seen = state.answers;
    state.refreshed.wait(lock, [&] { return state.answers != seen; });
    // One failed attempt is enough for all who waited for it.
    if (state.failure) return *state.failure;
  }
  state.is_refreshing = true;
  lock.unlock();
  auto answer = state.source->Fetch();
  const std::string described = state.source->Describe();
  lock.lock();
  state.is_refreshing = false;
  state.described = described;
  auto taken = state.Take(std::move(answer));
  ++state.answers;
  state.failure = taken ? std::nullopt : std::optional<Error>(taken.error());
  lock.unlock();
  state.refreshed.notify_all();
  return taken;
}

void CachedCredentials::Rejected(const Credentials& credentials) {
  const std::lock_guard lock(state_->mutex);
  if (state_->held && state_->held->credentials == credentials) state_->is_rejected = true;
}

std::string CachedCredentials::Describe() const {
  const std::lock_guard lock(state_->mutex);
  return state_->described;
}

std::unique_ptr<CredentialsProvider> MakeS3Credentials(CredentialSurroundings around,
                                                       const CredentialOptions& options) {
  Clock& clock = *around.clock;
  return std::make_unique<CachedCredentials>(
      std::make_unique<OwnedSource>(std::move(around), options, S3Source), clock);
}

std::unique_ptr<CredentialsProvider> MakeOssCredentials(CredentialSurroundings around,
                                                        const CredentialOptions& options) {
  Clock& clock = *around.clock;
  return std::make_unique<CachedCredentials>(
      std::make_unique<OwnedSource>(std::move(around), options, OssSource), clock);
}

}  // namespace stateferry::storage::s3
