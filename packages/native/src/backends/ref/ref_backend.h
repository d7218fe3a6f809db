#pragma once
#include "backends/backend.h"

namespace trivium {

std::shared_ptr<Backend> make_ref_backend();

}  // namespace trivium
