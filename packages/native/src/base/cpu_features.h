// What this processor and its operating system can run, and which kernel set is to be used.
#pragma once
#include "base/result.h"

namespace trivium {

struct CpuFeatures {
  bool avx2 = false, fma = false, f16c = false;
  bool avx512f = false, avx512bw = false, avx512vl = false, avx512dq = false, avx512vnni = false;
  bool neon = false;
};

// Each flag is true only when the operating system also saves the registers it needs.
const CpuFeatures& cpu_features();

// The kernel sets, in the order of preference. avx2: AVX2, FMA and F16C. avx512: those and F, BW, VL, DQ, VNNI.
enum class Isa { generic, avx2, avx512 };

const char* to_string(Isa isa);  // "generic", "avx2", "avx512"
bool cpu_has(Isa isa);
// The best set this machine has, or the one TRIVIUM_ISA names ("generic", "ref" (the same), "avx2", "avx512").
// An `unsupported` error when the processor lacks it, `invalid_argument` for another word.
Result<Isa> select_isa();

}  // namespace trivium
