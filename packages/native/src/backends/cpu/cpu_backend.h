#pragma once
#include "backends/backend.h"

namespace trivium {

Result<std::shared_ptr<Backend>> make_cpu_backend();

}  // namespace trivium
