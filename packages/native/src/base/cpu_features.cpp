// CPUID and XGETBV, or what the system says of an arm64 processor, read once. Knows no kernels: the backends map an Isa to
// their tables.
#include "base/cpu_features.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#endif
#endif

namespace trivium {
namespace {

#if defined(__x86_64__)
// The bytes are XGETBV: the intrinsic would need this file compiled with -mxsave.
std::uint64_t enabled_register_state() {
  std::uint32_t low = 0, high = 0;
  __asm__ __volatile__(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32) | low;
}

CpuFeatures detect() {
  CpuFeatures found;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  const auto bit = [](unsigned word, int index) { return ((word >> index) & 1) != 0; };
  const bool xgetbv_allowed = bit(c, 27), avx = bit(c, 28), fma = bit(c, 12), f16c = bit(c, 29);
  if (!xgetbv_allowed || !avx) return found;
  const std::uint64_t state = enabled_register_state();
  const bool saves_ymm = (state & 0x06) == 0x06;  // XMM and YMM
  const bool saves_zmm = (state & 0xe6) == 0xe6;  // and opmask, ZMM low and high
  if (!saves_ymm || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  found.fma = fma;
  found.f16c = f16c;
  found.avx2 = bit(b, 5);
  if (!saves_zmm) return found;
  found.avx512f = bit(b, 16);
  found.avx512dq = bit(b, 17);
  found.avx512bw = bit(b, 30);
  found.avx512vl = bit(b, 31);
  found.avx512vnni = bit(c, 11);
  return found;
}
#elif defined(__aarch64__)
#if defined(__linux__)
bool has_neon_dots() { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }
#elif defined(__APPLE__)
bool has_neon_dots() {
  int has = 0;
  std::size_t size = sizeof has;
  // macOS 11 does not know the name; what it runs on has them.
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, nullptr, 0) != 0 || has != 0;
}
#elif defined(_WIN32)
bool has_neon_dots() { return IsProcessorFeaturePresent(PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE) != 0; }
#else
bool has_neon_dots() { return false; }
#endif

CpuFeatures detect() {
  CpuFeatures found;
  found.neon_dots = has_neon_dots();
  return found;
}
#else
CpuFeatures detect() { return {}; }
#endif

// "generic, avx2 or avx512": what this machine has.
std::string usable_sets() {
  std::vector<std::string> names;
  for (const Isa isa : every_isa)
    if (cpu_has(isa)) names.push_back(to_string(isa));
  std::string list = names[0];
  for (std::size_t i = 1; i < names.size(); ++i) list += (i + 1 == names.size() ? " or " : ", ") + names[i];
  return list;
}

Error isa_error(ErrorCode code, std::string message, std::string_view found) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.field = "TRIVIUM_ISA";
  error.expected = usable_sets();
  error.found = found;
  error.remedy = "Unset TRIVIUM_ISA to let the engine choose, or set it to one of: " + error.expected + ".";
  return error;
}

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

const char* to_string(Isa isa) {
  switch (isa) {
    case Isa::generic: return "generic";
    case Isa::neon: return "neon";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
  }
  return "generic";
}

bool cpu_has(Isa isa) {
  const CpuFeatures& cpu = cpu_features();
  const bool avx2 = cpu.avx2 && cpu.fma && cpu.f16c;
  switch (isa) {
    case Isa::generic: return true;
    case Isa::neon: return cpu.neon_dots;
    case Isa::avx2: return avx2;
    case Isa::avx512:
      return avx2 && cpu.avx512f && cpu.avx512bw && cpu.avx512vl && cpu.avx512dq && cpu.avx512vnni;
  }
  return false;
}

Result<Isa> select_isa() {
  const char* asked = std::getenv("TRIVIUM_ISA");
  if (asked == nullptr || *asked == '\0') {
    Isa best = Isa::generic;
    for (const Isa isa : every_isa)
      if (cpu_has(isa)) best = isa;
    return best;
  }
  const std::string_view name = asked;
  if (name == "ref") return Isa::generic;
  for (const Isa isa : every_isa) {
    if (name != to_string(isa)) continue;
    if (cpu_has(isa)) return isa;
    return isa_error(ErrorCode::unsupported, "This processor (or its operating system) cannot run " + std::string(name) + " kernels", name);
  }
  return isa_error(ErrorCode::invalid_argument, "TRIVIUM_ISA names no instruction set the engine knows", name);
}

}  // namespace trivium
