// Kernels for AVX2, FMA and F16C: eight lanes.
#include <immintrin.h>

#include <type_traits>

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
  static Reg load_f16(const std::uint16_t* p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Reg load_bytes(const std::uint8_t* p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }
  static Reg load_signed(const std::int8_t* p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }
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
    __m128 top = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    top = _mm_max_ps(top, _mm_movehl_ps(top, top));
    return _mm_cvtss_f32(_mm_max_ss(top, _mm_movehdup_ps(top)));
  }
  // Rounds in[0, 32) * inverse to int8 and returns their sum. What is no number becomes -128.
  static std::int32_t quantize_block(const float* in, float inverse, std::int8_t* values) {
    const auto part = [&](int i) {
      return _mm256_cvtps_epi32(_mm256_mul_ps(load(in + 8 * i), set(inverse)));
    };
    const __m256i a = part(0), b = part(1), c = part(2), d = part(3);
    const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
    const __m256i ordered = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), ordered);
    const __m256i pairs =
        _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes), _mm256_set1_epi16(1));
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1)));
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

  // Ends a sum before the next begins: left to itself the compiler starts the products of all rows first, and
  // spills.
  static __m256i settled(__m256i a) {
    __asm__ volatile("" : "+x"(a));
    return a;
  }

  static __m256i bytes_at(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  // Eight integer scales as madd wants them: each in both halves of its lane, so that adding pairs of products
  // of 16 bits scales them too.
  static __m256i paired(__m256i scales) {
    return _mm256_or_si256(_mm256_and_si256(scales, _mm256_set1_epi32(0xFFFF)), _mm256_slli_epi32(scales, 16));
  }
  static __m256i paired_scales(const std::uint8_t* p) {
    return paired(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }
  static __m256i paired_scales(const std::int8_t* p) {
    return paired(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }

  // Measured on Zen 3: bytes do best a half panel by six rows at a time, nibbles a whole panel by four.
  template <class Block>
  static constexpr TileShape shape = std::is_same_v<Block, Q8Block> ? TileShape{6, 1} : TileShape{4, 2};

  // Super-blocks, 32 columns: pairs reach 2 * 15 * 128, so all of Q4_K's groups add up in 16 bits before the
  // scale; two groups of Q5_K (4 * 31 * 128) do.
  template <int Rows>
  static void super_part(const Q4SuperBlock& w, int s, int, const std::int8_t* x, std::int64_t stride,
                         Int (&dots)[Rows][2]) {
    const __m256i nibble = _mm256_set1_epi8(15);
    unrolled<Rows>([&](auto r) { dots[r][0] = dots[r][1] = _mm256_setzero_si256(); });
    unrolled<4>([&](auto g) {
      __m256i even[2], odd[2];
      unrolled<2>([&](auto p) {
        const __m256i both = bytes_at(w.values[s][g][8 * p]);
        even[p] = _mm256_and_si256(both, nibble);
        odd[p] = _mm256_and_si256(_mm256_srli_epi16(both, 4), nibble);
      });
      unrolled<Rows>([&](auto r) {
        const __m256i a = broadcast(x + r * stride + 8 * g), b = broadcast(x + r * stride + 8 * g + 4);
        unrolled<2>([&](auto p) {
          const __m256i products =
              _mm256_add_epi16(_mm256_maddubs_epi16(even[p], a), _mm256_maddubs_epi16(odd[p], b));
          dots[r][p] = settled(_mm256_add_epi16(dots[r][p], products));
        });
      });
    });
    unrolled<2>([&](auto p) {
      const __m256i scale = paired_scales(w.scales[s] + 8 * p);
      unrolled<Rows>([&](auto r) { dots[r][p] = _mm256_madd_epi16(dots[r][p], scale); });
    });
  }

  template <int Rows>
  static void super_part(const Q5SuperBlock& w, int s, int, const std::int8_t* x, std::int64_t stride,
                         Int (&dots)[Rows][2]) {
    const __m256i nibble = _mm256_set1_epi8(15), fifth = _mm256_set1_epi8(16);
    const __m256i scale[2] = {paired_scales(w.scales[s]), paired_scales(w.scales[s] + 8)};
    unrolled<Rows>([&](auto r) { dots[r][0] = dots[r][1] = _mm256_setzero_si256(); });
    unrolled<4>([&](auto g) {
      __m256i even[2], odd[2];
      unrolled<2>([&](auto p) {
        const __m256i both = bytes_at(w.values[s][g][8 * p]), high = bytes_at(w.high[s][8 * p]);
        // Bit 2g to bit 4; what crosses from the neighbour byte is masked away.
        const __m256i even_bit = g <= 2 ? _mm256_slli_epi16(high, 4 - 2 * (g <= 2 ? g : 0)) : _mm256_srli_epi16(high, 2),
                      odd_bit = g <= 1 ? _mm256_slli_epi16(high, 3 - 2 * (g <= 1 ? g : 0))
                                       : _mm256_srli_epi16(high, 2 * (g > 1 ? g : 2) - 3);
        even[p] = _mm256_or_si256(_mm256_and_si256(both, nibble), _mm256_and_si256(even_bit, fifth));
        odd[p] = _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(both, 4), nibble),
                                 _mm256_and_si256(odd_bit, fifth));
      });
      unrolled<Rows>([&](auto r) {
        const __m256i a = broadcast(x + r * stride + 8 * g), b = broadcast(x + r * stride + 8 * g + 4);
        unrolled<2>([&](auto p) {
          const __m256i products =
              _mm256_add_epi16(_mm256_maddubs_epi16(even[p], a), _mm256_maddubs_epi16(odd[p], b));
          dots[r][p] = settled(_mm256_add_epi32(dots[r][p], _mm256_madd_epi16(products, scale[p])));
        });
      });
    });
  }

  // Levels - 32 are signed: |w| * (x with the sign of w), two pairs at most 4 * 32 * 128. Each half of 16 columns
  // has its scale.
  template <int Rows>
  static void super_part(const Q6SuperBlock& w, int s, int, const std::int8_t* x, std::int64_t stride,
                         Int (&dots)[Rows][2]) {
    const __m256i nibble = _mm256_set1_epi8(15), pair = _mm256_set1_epi8(0x30),
                  middle = _mm256_set1_epi8(32);
    unrolled<Rows>([&](auto r) { dots[r][0] = dots[r][1] = _mm256_setzero_si256(); });
    unrolled<2>([&](auto half) {
      const __m256i scale[2] = {paired_scales(w.scales[s][half]), paired_scales(w.scales[s][half] + 8)};
      unrolled<2>([&](auto g) {
        __m256i even[2], odd[2], even_size[2], odd_size[2];
        unrolled<2>([&](auto p) {
          const __m256i both = bytes_at(w.values[s][2 * half + g][8 * p]), high = bytes_at(w.high[s][half][8 * p]);
          const __m256i even_bits = g == 0 ? _mm256_slli_epi16(high, 4) : high,
                        odd_bits = g == 0 ? _mm256_slli_epi16(high, 2) : _mm256_srli_epi16(high, 2);
          even[p] = _mm256_sub_epi8(
              _mm256_or_si256(_mm256_and_si256(both, nibble), _mm256_and_si256(even_bits, pair)), middle);
          odd[p] = _mm256_sub_epi8(_mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(both, 4), nibble),
                                                   _mm256_and_si256(odd_bits, pair)),
                                   middle);
          even_size[p] = _mm256_abs_epi8(even[p]);
          odd_size[p] = _mm256_abs_epi8(odd[p]);
        });
        unrolled<Rows>([&](auto r) {
          const std::int8_t* values = x + r * stride + 16 * half + 8 * g;
          const __m256i a = broadcast(values), b = broadcast(values + 4);
          unrolled<2>([&](auto p) {
            const __m256i products =
                _mm256_add_epi16(_mm256_maddubs_epi16(even_size[p], _mm256_sign_epi8(a, even[p])),
                                 _mm256_maddubs_epi16(odd_size[p], _mm256_sign_epi8(b, odd[p])));
            dots[r][p] = settled(_mm256_add_epi32(dots[r][p], _mm256_madd_epi16(products, scale[p])));
          });
        });
      });
    });
  }

  // maddubs wants an unsigned side: |w| * (x with the sign of w). Pairs reach 2 * 128 * 127, below the limit
  // of 16 bits.
  template <int Rows, int Registers>
  static void block(const Q8Block& w, int part, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t*, std::int64_t, Int (&dots)[Rows][Registers]) {
    const __m256i ones = _mm256_set1_epi16(1), flip = _mm256_set1_epi8(static_cast<char>(0x80));
    unrolled<Rows>(
        [&](auto r) { unrolled<Registers>([&](auto p) { dots[r][p] = _mm256_setzero_si256(); }); });
    unrolled<8>([&](auto g) {
      const auto* group = reinterpret_cast<const __m256i*>(w.values[g]) + part;
      unrolled<Registers>([&](auto p) {
        const __m256i value = _mm256_xor_si256(_mm256_loadu_si256(group + p), flip),
                      magnitude = _mm256_abs_epi8(value);
        unrolled<Rows>([&](auto r) {
          const __m256i pairs =
              _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(broadcast(x + r * stride + 4 * g), value));
          dots[r][p] = settled(_mm256_add_epi32(dots[r][p], _mm256_madd_epi16(pairs, ones)));
        });
      });
    });
  }

  // Nibbles are unsigned as they lie: pairs reach 2 * 15 * 128, so all eight groups add up in 16 bits.
  template <int Rows>
  static void block(const Q4Block& w, int, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t* sums, std::int64_t sums_stride, Int (&dots)[Rows][2]) {
    const __m256i ones = _mm256_set1_epi16(1), nibble = _mm256_set1_epi8(15);
    unrolled<Rows>([&](auto r) { dots[r][0] = dots[r][1] = _mm256_setzero_si256(); });
    unrolled<4>([&](auto g) {
      const auto* pair = reinterpret_cast<const __m256i*>(w.values[g]);
      __m256i even[2], odd[2];
      unrolled<2>([&](auto p) {
        const __m256i both = _mm256_loadu_si256(pair + p);
        even[p] = _mm256_and_si256(both, nibble);
        odd[p] = _mm256_and_si256(_mm256_srli_epi16(both, 4), nibble);
      });
      unrolled<Rows>([&](auto r) {
        const __m256i a = broadcast(x + r * stride + 8 * g), b = broadcast(x + r * stride + 8 * g + 4);
        unrolled<2>([&](auto p) {
          const __m256i products =
              _mm256_add_epi16(_mm256_maddubs_epi16(even[p], a), _mm256_maddubs_epi16(odd[p], b));
          dots[r][p] = settled(_mm256_add_epi16(dots[r][p], products));
        });
      });
    });
    unrolled<Rows>([&](auto r) {
      const __m256i surplus = _mm256_set1_epi32(8 * sums[r * sums_stride]);
      unrolled<2>(
          [&](auto p) { dots[r][p] = _mm256_sub_epi32(_mm256_madd_epi16(dots[r][p], ones), surplus); });
    });
  }
};

}  // namespace

const KernelTable* avx2_kernels() {
  static const KernelTable table = make_table<Avx2, Avx2Dots>("cpu-avx2");
  return &table;
}

}  // namespace trivium::cpu
