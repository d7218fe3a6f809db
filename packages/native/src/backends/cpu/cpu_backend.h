#pragma once
#include "backends/backend.h"

namespace trivium {
namespace cpu {
struct KernelTable;
}

Result<std::shared_ptr<Backend>> make_cpu_backend();  // with the kernels of select_isa()
std::shared_ptr<Backend> make_cpu_backend(const cpu::KernelTable& kernels);

}  // namespace trivium
