// What this processor and its operating system can run, and which kernel set is to be used.
#pragma once
#include "base/result.h"

namespace trivium {

struct CpuFeatures {
  bool avx2 = false, fma = false, f16c = false;
  bool avx512f = false, avx512dq = false, avx512bw = false, avx512vl = false, avx512vnni = false;
  bool neon_dots = false;  // SDOT and UDOT, from ARMv8.2 on
};

// Each flag is true only when the operating system also saves the registers it needs.
const CpuFeatures& cpu_features();

// The kernel sets. avx2: AVX2, FMA and F16C. avx512: those and F, BW, VL, DQ, VNNI. neon: NEON with dot products.
enum class Isa { generic, neon, avx2, avx512 };
// Each is preferred to those before it.
inline constexpr Isa every_isa[] = {Isa::generic, Isa::neon, Isa::avx2, Isa::avx512};

const char* to_string(Isa isa);  // as it is spelled here
bool cpu_has(Isa isa);
// The best set this machine has, or the one TRIVIUM_ISA names (as to_string, or "ref", the same as "generic").
// An `unsupported` error when the processor lacks it, `invalid_argument` for another word.
Result<Isa> select_isa();

}  // namespace trivium
