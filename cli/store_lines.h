#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "storage/managed/managed_store.h"

namespace stateferry::cli {

std::vector<std::string> StoreInfoLines(const std::string& uri,
                                        const storage::managed::StoreInfo& info);
Json StoreInfoJson(const std::string& uri, const storage::managed::StoreInfo& info);

}  // namespace stateferry::cli
