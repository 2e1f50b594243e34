#pragma once
// What reader and writer of operator resources agree on.

#include <string>
#include <string_view>
#include <vector>

#include "state/entities/entity.h"
#include "state/manifest/resource_fields.h"

namespace stateferry::state::manifest {

inline constexpr std::string_view kOperatorVersion = "flink.apache.org/v1beta1";
inline constexpr std::string_view kFlinkDeployment = "FlinkDeployment";
inline constexpr std::string_view kBlueGreenDeployment = "FlinkBlueGreenDeployment";
inline constexpr std::string_view kFlinkSessionJob = "FlinkSessionJob";
inline constexpr std::string_view kFlinkStateSnapshot = "FlinkStateSnapshot";
/// When the files of an exported snapshot were made.
inline constexpr std::string_view kCreatedAtAnnotation = "stateferry.created-at";

/// The restore strategy that no field of a resource can say: NONE, to begin with nothing although
/// there are snapshots.
inline constexpr std::string_view kRestoreAnnotation = "stateferry.restore-strategy";
/// How the FlinkDeployments are called that the operator makes of a blue-green one, the first
/// first.
inline constexpr std::string_view kBlueGreenSuffixes[] = {"-blue", "-green"};

/// The field of a body that holds what else a resource says.
inline constexpr std::string_view kKubernetesField = "kubernetes";

/// Where the fields of a job or cluster are: "spec", or inside the template of a blue-green one.
std::string SpecPath(std::string_view resource_kind);
/// The fields that a resource of that kind and the body of its entity share.
std::vector<FieldPair> OperatorFields(std::string_view resource_kind, bool has_job);

/// What a deployment or session cluster is written as.
std::string ResourceKind(const entities::Entity& entity);
/// The fields of a body that its resource says, be it in another way.
std::vector<std::string> SaidByOperator(const entities::Entity& entity);

/// "v1_20" as "flink-1.20"; "" when it is none.
std::string EngineVersion(std::string_view flink_version);
/// The Flink version of "vvr-8.0.5-flink-1.17" or "flink-1.20.5" as "v1_17"; "" when none is named.
std::string FlinkVersion(std::string_view engine_version);

/// Flink's options for how a snapshot is taken over; 1.20 renamed it.
inline constexpr std::string_view kOldClaimMode = "execution.savepoint-restore-mode";
inline constexpr std::string_view kClaimMode = "execution.state-recovery.claim-mode";
/// The one that a Flink version such as "v1_17" knows.
std::string_view ClaimModeOption(std::string_view flink_version);

}  // namespace stateferry::state::manifest
