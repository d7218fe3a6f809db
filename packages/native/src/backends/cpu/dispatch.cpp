// Chooses the kernels once, by what the processor has or TRIVIUM_ISA says. Where a folder is not built
// (another architecture), its function is the empty one here.
#include "backends/cpu/kernel_table.h"
#include "base/cpu_features.h"

namespace trivium::cpu {

#if !defined(__aarch64__)
const KernelTable* neon_kernels() { return nullptr; }
#endif
#if !defined(__x86_64__)
const KernelTable* avx2_kernels() { return nullptr; }
const KernelTable* avx512_kernels() { return nullptr; }
#endif

Result<const KernelTable*> select_kernels() {
  TRIVIUM_TRY_ASSIGN(const Isa isa, select_isa());
  const KernelTable* table = isa == Isa::avx512 ? avx512_kernels()
                             : isa == Isa::avx2 ? avx2_kernels()
                             : isa == Isa::neon ? neon_kernels()
                                                : nullptr;
  return table ? table : &generic_kernels();
}

}  // namespace trivium::cpu
