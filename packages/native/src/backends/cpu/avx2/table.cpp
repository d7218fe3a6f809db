// Kernels for AVX2, FMA and F16C: eight lanes.
#include <immintrin.h>

#include "backends/cpu/kernels/make_table.h"

namespace trivium::cpu {
namespace {

struct Avx2 {
  static constexpr int width = 8;
  using Reg = __m256;

  static __m256i mask(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static Reg set(float v) { return _mm256_set1_ps(v); }
  static Reg load(const float* p) { return _mm256_loadu_ps(p); }
  static Reg load_part(const float* p, int n) { return _mm256_maskload_ps(p, mask(n)); }
  static Reg keep(Reg a, int n) { return _mm256_and_ps(a, _mm256_castsi256_ps(mask(n))); }
  static void store(float* p, Reg a) { _mm256_storeu_ps(p, a); }
  static void store_part(float* p, Reg a, int n) { _mm256_maskstore_ps(p, mask(n), a); }
  static float to_float(float v) { return v; }
  static float to_float(Half v) { return _cvtsh_ss(v.bits); }
  static Reg load_f16(const std::uint16_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
  static Reg load_element(const float* p) { return load(p); }
  static Reg load_element(const Half* p) { return load_f16(&p->bits); }
  static Reg load_element(const Brain* p) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
  }
  static Reg add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm256_sub_ps(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm256_mul_ps(a, b); }
  static Reg div(Reg a, Reg b) { return _mm256_div_ps(a, b); }
  static Reg min(Reg a, Reg b) { return _mm256_min_ps(a, b); }
  static Reg max(Reg a, Reg b) { return _mm256_max_ps(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  static Reg round(Reg a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static Reg copy_sign(Reg magnitude, Reg sign) {
    const Reg bit = _mm256_set1_ps(-0.0f);
    return _mm256_or_ps(_mm256_andnot_ps(bit, magnitude), _mm256_and_ps(bit, sign));
  }
  static Reg power_of_two(Reg n) {
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
  }
  static float sum(Reg a) {
    alignas(32) float lane[8];
    _mm256_store_ps(lane, a);
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
  static float largest(Reg a) {
    alignas(32) float lane[8];
    _mm256_store_ps(lane, a);
    return *std::max_element(lane, lane + 8);
  }
};

struct Avx2Dots {
  using Int = __m256i;
  static __m256 to_float(Int a) { return _mm256_cvtepi32_ps(a); }
  static __m256i broadcast(const std::int8_t* p) {
    std::int32_t four;
    __builtin_memcpy(&four, p, 4);
    return _mm256_set1_epi32(four);
  }

  // maddubs wants an unsigned side: |x| * sign(w, x). Pairs reach 2 * 127 * 127, below the limit of 16 bits.
  template <int Rows>
  static void block(const Q8Block& w, const std::int8_t* const* x, const std::int32_t*, Int (*dots)[2]) {
    const __m256i ones = _mm256_set1_epi16(1);
    for (int r = 0; r < Rows; ++r) dots[r][0] = dots[r][1] = _mm256_setzero_si256();
    for (int g = 0; g < 8; ++g) {
      const auto* group = reinterpret_cast<const __m256i*>(w.values[g]);
      const __m256i low = _mm256_loadu_si256(group), high = _mm256_loadu_si256(group + 1);
      for (int r = 0; r < Rows; ++r) {
        const __m256i value = broadcast(x[r] + 4 * g), magnitude = _mm256_abs_epi8(value);
        const __m256i a = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(low, value));
        const __m256i b = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(high, value));
        dots[r][0] = _mm256_add_epi32(dots[r][0], _mm256_madd_epi16(a, ones));
        dots[r][1] = _mm256_add_epi32(dots[r][1], _mm256_madd_epi16(b, ones));
      }
    }
  }

  // Nibbles are unsigned as they lie: pairs reach 2 * 15 * 127, so all eight groups add up in 16 bits.
  template <int Rows>
  static void block(const Q4Block& w, const std::int8_t* const* x, const std::int32_t* sums, Int (*dots)[2]) {
    const __m256i ones = _mm256_set1_epi16(1), nibble = _mm256_set1_epi8(15);
    for (int r = 0; r < Rows; ++r) dots[r][0] = dots[r][1] = _mm256_setzero_si256();
    for (int g = 0; g < 4; ++g) {
      const auto* pair = reinterpret_cast<const __m256i*>(w.values[g]);
      for (int p = 0; p < 2; ++p) {
        const __m256i both = _mm256_loadu_si256(pair + p);
        const __m256i even = _mm256_and_si256(both, nibble), odd = _mm256_and_si256(_mm256_srli_epi16(both, 4), nibble);
        for (int r = 0; r < Rows; ++r) {
          dots[r][p] = _mm256_add_epi16(dots[r][p], _mm256_maddubs_epi16(even, broadcast(x[r] + 8 * g)));
          dots[r][p] = _mm256_add_epi16(dots[r][p], _mm256_maddubs_epi16(odd, broadcast(x[r] + 8 * g + 4)));
        }
      }
    }
    for (int r = 0; r < Rows; ++r)
      for (int p = 0; p < 2; ++p)
        dots[r][p] = _mm256_sub_epi32(_mm256_madd_epi16(dots[r][p], ones), _mm256_set1_epi32(8 * sums[r]));
  }
};

}  // namespace

const KernelTable* avx2_kernels() {
  static const KernelTable table = make_table<Avx2, Avx2Dots>("cpu-avx2");
  return &table;
}

}  // namespace trivium::cpu
