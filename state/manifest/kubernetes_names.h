#pragma once

#include <set>
#include <string>
#include <string_view>

namespace stateferry::state::manifest {

/// The name itself where the Flink Kubernetes Operator takes it ([a-z]([-a-z0-9]*[a-z0-9])?, 45
/// characters at most) and it is not taken; else one made of it that is legal and free, the same
/// every time.
std::string KubernetesName(std::string_view name, const std::set<std::string>& taken);

}  // namespace stateferry::state::manifest
