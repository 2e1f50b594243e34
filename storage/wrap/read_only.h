#pragma once

#include <memory>

#include "storage/backend.h"

namespace stateferry::storage {

/// Refuses every change with kRefused.
std::shared_ptr<Backend> WithReadOnly(std::shared_ptr<Backend> inner);

}  // namespace stateferry::storage
