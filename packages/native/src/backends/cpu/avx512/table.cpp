// Kernels for AVX-512 with VNNI: sixteen lanes, one register a panel row.
#include <immintrin.h>

#include <bit>

#include "backends/cpu/kernels/make_table.h"

namespace trivium::cpu {
namespace {

struct Avx512 {
  static constexpr int width = 16;
  using Reg = __m512;

  static __mmask16 mask(int n) { return static_cast<__mmask16>((1u << n) - 1); }
  static Reg set(float v) { return _mm512_set1_ps(v); }
  static Reg load(const float* p) { return _mm512_loadu_ps(p); }
  static Reg load_part(const float* p, int n) { return _mm512_maskz_loadu_ps(mask(n), p); }
  static Reg keep(Reg a, int n) { return _mm512_maskz_mov_ps(mask(n), a); }
  static void store(float* p, Reg a) { _mm512_storeu_ps(p, a); }
  static void store_part(float* p, Reg a, int n) { _mm512_mask_storeu_ps(p, mask(n), a); }
  static float to_float(float v) { return v; }
  static float to_float(Half v) { return _cvtsh_ss(v.bits); }
  static Reg load_f16(const std::uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Reg load_bytes(const std::uint8_t* p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }
  static Reg load_bytes(const std::int8_t* p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }
  static Reg load_element(const float* p) { return load(p); }
  static Reg load_element(const Half* p) { return load_f16(&p->bits); }
  static Reg load_element(const Brain* p) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
  static Reg add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm512_sub_ps(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm512_mul_ps(a, b); }
  static Reg div(Reg a, Reg b) { return _mm512_div_ps(a, b); }
  static Reg min(Reg a, Reg b) { return _mm512_min_ps(a, b); }
  static Reg max(Reg a, Reg b) { return _mm512_max_ps(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static Reg round(Reg a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static Reg copy_sign(Reg magnitude, Reg sign) {
    const Reg bit = _mm512_set1_ps(-0.0f);
    return _mm512_or_ps(_mm512_andnot_ps(bit, magnitude), _mm512_and_ps(bit, sign));
  }
  static Reg power_of_two(Reg n) {
    const __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
  }
  static float sum(Reg a) {
    alignas(64) float lane[16];
    _mm512_store_ps(lane, a);
    for (int half = 8; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
    return lane[0];
  }
  // The sums of eight registers, each over its lanes: halves are added first, then as with AVX2.
  static void sums_of_eight(const Reg (&a)[8], float* out) {
    const auto half = [&](int i) {
      return _mm256_add_ps(_mm512_castps512_ps256(a[i]), _mm512_extractf32x8_ps(a[i], 1));
    };
    const __m256 ab = _mm256_hadd_ps(_mm256_hadd_ps(half(0), half(1)), _mm256_hadd_ps(half(2), half(3)));
    const __m256 cd = _mm256_hadd_ps(_mm256_hadd_ps(half(4), half(5)), _mm256_hadd_ps(half(6), half(7)));
    const __m256 low = _mm256_permute2f128_ps(ab, cd, 0x20), high = _mm256_permute2f128_ps(ab, cd, 0x31);
    _mm256_storeu_ps(out, _mm256_add_ps(low, high));
  }
  static float largest(Reg a) { return _mm512_reduce_max_ps(a); }
  // Of values without a sign, by their bits: what is no number is larger than all.
  static Reg larger(Reg a, Reg b) {
    return _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
  }
  static float largest_of_unsigned(Reg a) {
    return std::bit_cast<float>(_mm512_reduce_max_epi32(_mm512_castps_si512(a)));
  }
  // Rounds in[0, 32) * inverse to int8; sums (2) are those of its halves. What is no number becomes -128.
  static void quantize_block(const float* in, float inverse, std::int8_t* values, std::int32_t* sums) {
    for (int i = 0; i < 32; i += 16) {
      const __m128i bytes =
          _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(load(in + i), set(inverse))));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(values + i), bytes);
      sums[i / 16] = _mm512_reduce_add_epi32(_mm512_cvtepi8_epi32(bytes));
    }
  }
};

struct Avx512Dots {
  using Int = __m512i;
  static __m512 to_float(Int a) { return _mm512_cvtepi32_ps(a); }
  static __m512i broadcast(const std::int8_t* p) {
    std::int32_t four;
    __builtin_memcpy(&four, p, 4);
    return _mm512_set1_epi32(four);
  }

  template <class Block>
  static constexpr TileShape shape = {12, 1};

  // What a sum starts from where levels lie Middle above what they mean; `sums` are those of the halves.
  template <int Middle>
  static __m512i surplus(const std::int32_t* sums) {
    return _mm512_set1_epi32(-Middle * (sums[0] + sums[1]));
  }

  // vpdpbusd wants an unsigned side, as the values lie; the surplus of 128 * sum(x) is taken away at the
  // start.
  template <int Rows>
  static void block(const Q8Block& w, int, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t* sums, std::int64_t sums_stride, Int (&dots)[Rows][1]) {
    unrolled<Rows>([&](auto r) { dots[r][0] = surplus<128>(sums + r * sums_stride); });
    unrolled<8>([&](auto g) {
      const __m512i group = _mm512_loadu_si512(w.values[g]);
      unrolled<Rows>([&](auto r) {
        dots[r][0] = _mm512_dpbusd_epi32(dots[r][0], group, broadcast(x + r * stride + 4 * g));
      });
    });
  }

  template <int Rows>
  static void block(const Q4Block& w, int, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t* sums, std::int64_t sums_stride, Int (&dots)[Rows][1]) {
    const __m512i nibble = _mm512_set1_epi8(15);
    unrolled<Rows>([&](auto r) { dots[r][0] = surplus<8>(sums + r * sums_stride); });
    unrolled<4>([&](auto g) {
      const __m512i both = _mm512_loadu_si512(w.values[g]);
      const __m512i even = _mm512_and_si512(both, nibble),
                    odd = _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble);
      unrolled<Rows>([&](auto r) {
        const std::int8_t* values = x + r * stride + 8 * g;
        dots[r][0] = _mm512_dpbusd_epi32(dots[r][0], even, broadcast(values));
        dots[r][0] = _mm512_dpbusd_epi32(dots[r][0], odd, broadcast(values + 4));
      });
    });
  }

  // The columns of a super-block that share a scale. Levels are unsigned as they lie; bits above the nibble
  // come from their plane, and what a shift brings from the neighbour byte is masked away.
  template <int, int Rows>
  static void piece(const Q4SuperBlock::Part& w, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t*, std::int64_t, Int (&dots)[Rows][1]) {
    const __m512i nibble = _mm512_set1_epi8(15);
    unrolled<Rows>([&](auto r) { dots[r][0] = _mm512_setzero_si512(); });
    unrolled<4>([&](auto g) {
      const __m512i both = _mm512_loadu_si512(w.values[g]);
      add_pair<Rows>(_mm512_and_si512(both, nibble), _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble),
                     x + 8 * g, stride, dots);
    });
  }

  template <int, int Rows>
  static void piece(const Q5SuperBlock::Part& w, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t*, std::int64_t, Int (&dots)[Rows][1]) {
    const __m512i nibble = _mm512_set1_epi8(15), fifth = _mm512_set1_epi8(16),
                  high = _mm512_loadu_si512(w.high);
    unrolled<Rows>([&](auto r) { dots[r][0] = _mm512_setzero_si512(); });
    unrolled<4>([&](auto g) {
      const __m512i both = _mm512_loadu_si512(w.values[g]);
      const auto fifth_of = [&](auto group) {  // bit `group` to bit 4
        if constexpr (group < 4)
          return _mm512_and_si512(_mm512_slli_epi16(high, 4 - group), fifth);
        else
          return _mm512_and_si512(_mm512_srli_epi16(high, group - 4), fifth);
      };
      const std::integral_constant<int, 2 * g> even;
      const std::integral_constant<int, 2 * g + 1> odd;
      add_pair<Rows>(_mm512_or_si512(_mm512_and_si512(both, nibble), fifth_of(even)),
                     _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(both, 4), nibble), fifth_of(odd)),
                     x + 8 * g, stride, dots);
    });
  }

  template <int Half, int Rows>
  static void piece(const Q6SuperBlock::Part& w, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t* sums, std::int64_t sums_stride, Int (&dots)[Rows][1]) {
    const __m512i nibble = _mm512_set1_epi8(15), pair = _mm512_set1_epi8(0x30),
                  high = _mm512_loadu_si512(w.high[Half]);
    unrolled<Rows>([&](auto r) { dots[r][0] = _mm512_set1_epi32(-32 * sums[r * sums_stride + Half]); });
    unrolled<2>([&](auto g) {
      const __m512i both = _mm512_loadu_si512(w.values[2 * Half + g]);
      const __m512i even_bits = g == 0 ? _mm512_slli_epi16(high, 4) : high,
                    odd_bits = g == 0 ? _mm512_slli_epi16(high, 2) : _mm512_srli_epi16(high, 2);
      add_pair<Rows>(_mm512_or_si512(_mm512_and_si512(both, nibble), _mm512_and_si512(even_bits, pair)),
                     _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(both, 4), nibble),
                                     _mm512_and_si512(odd_bits, pair)),
                     x + 16 * Half + 8 * g, stride, dots);
    });
  }

  template <int Rows>
  static void add_pair(__m512i even, __m512i odd, const std::int8_t* x, std::int64_t stride,
                       Int (&dots)[Rows][1]) {
    unrolled<Rows>([&](auto r) {
      dots[r][0] = _mm512_dpbusd_epi32(dots[r][0], even, broadcast(x + r * stride));
      dots[r][0] = _mm512_dpbusd_epi32(dots[r][0], odd, broadcast(x + r * stride + 4));
    });
  }
};

}  // namespace

const KernelTable* avx512_kernels() {
  static const KernelTable table = make_table<Avx512, Avx512Dots>("cpu-avx512");
  return &table;
}

}  // namespace trivium::cpu
