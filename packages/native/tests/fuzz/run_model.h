// The last part of a file's way: a model that was taken is loaded into the engine and asked for something.
#pragma once
#include "targets.h"

namespace fuzz {

// What a request that was accepted did not keep.
Outcome run_model(const std::string& path);

}  // namespace fuzz
