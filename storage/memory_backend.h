#pragma once
// mem://: a real backend whose objects live as long as it does.

#include <memory>
#include <string>

#include "base/clock.h"
#include "storage/backend.h"

namespace stateferry::storage {

std::shared_ptr<Backend> MakeMemoryBackend(Clock& clock, std::string name);

}  // namespace stateferry::storage
