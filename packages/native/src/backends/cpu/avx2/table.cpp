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
  static Reg load_bytes(const std::int8_t* p) {
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
  // The sums of eight registers, each over its lanes.
  static void sums_of_eight(const Reg (&a)[8], float* out) {
    const Reg ab = _mm256_hadd_ps(_mm256_hadd_ps(a[0], a[1]), _mm256_hadd_ps(a[2], a[3]));
    const Reg cd = _mm256_hadd_ps(_mm256_hadd_ps(a[4], a[5]), _mm256_hadd_ps(a[6], a[7]));
    const Reg low = _mm256_permute2f128_ps(ab, cd, 0x20), high = _mm256_permute2f128_ps(ab, cd, 0x31);
    _mm256_storeu_ps(out, _mm256_add_ps(low, high));
  }
  static float largest(Reg a) {
    __m128 top = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    top = _mm_max_ps(top, _mm_movehl_ps(top, top));
    return _mm_cvtss_f32(_mm_max_ss(top, _mm_movehdup_ps(top)));
  }
  // Of values without a sign, by their bits: what is no number is larger than all.
  static Reg larger(Reg a, Reg b) {
    return _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
  }
  static float largest_of_unsigned(Reg a) {
    const __m256i bits = _mm256_castps_si256(a);
    __m128i top = _mm_max_epi32(_mm256_castsi256_si128(bits), _mm256_extracti128_si256(bits, 1));
    top = _mm_max_epi32(top, _mm_shuffle_epi32(top, 0x4E));
    top = _mm_max_epi32(top, _mm_shuffle_epi32(top, 0xB1));
    return _mm_cvtss_f32(_mm_castsi128_ps(top));
  }
  // Rounds in[0, 32) * inverse to int8; sums (2) are those of its halves. What is no number becomes -128.
  static void quantize_block(const float* in, float inverse, std::int8_t* values, std::int32_t* sums) {
    const auto part = [&](int i) {
      return _mm256_cvtps_epi32(_mm256_mul_ps(load(in + 8 * i), set(inverse)));
    };
    const __m256i a = part(0), b = part(1), c = part(2), d = part(3);
    const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
    const __m256i ordered = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), ordered);
    const __m256i fours =
        _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), ordered), _mm256_set1_epi16(1));
    const __m256i pairs =
        _mm256_hadd_epi32(fours, fours);  // of the first half in lanes 0 and 1, of the other in 4 and 5
    sums[0] = _mm256_extract_epi32(pairs, 0) + _mm256_extract_epi32(pairs, 1);
    sums[1] = _mm256_extract_epi32(pairs, 4) + _mm256_extract_epi32(pairs, 5);
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
  // Measured on Zen 3: bytes do best a half panel by six rows at a time, nibbles a whole panel by four.
  template <class Block>
  static constexpr TileShape shape = std::is_same_v<Block, Q8Block> ? TileShape{6, 1} : TileShape{4, 2};

  // What a dot is too large by where levels lie Middle above what they mean.
  template <int Middle>
  static __m256i surplus(std::int32_t sum) {
    return _mm256_set1_epi32(Middle * sum);
  }
  // Pairs of products of two groups, in 16 bits.
  static __m256i products(__m256i even, __m256i odd, __m256i x, __m256i next_x) {
    return _mm256_add_epi16(_mm256_maddubs_epi16(even, x), _mm256_maddubs_epi16(odd, next_x));
  }

  // Nibbles are unsigned as they lie: pairs reach 2 * 15 * 128, so all eight groups add up in 16 bits.
  template <int Rows>
  static void nibbles(const std::uint8_t (&values)[4][panel_rows][4], const std::int8_t* x,
                      std::int64_t stride, Int (&dots)[Rows][2]) {
    const __m256i ones = _mm256_set1_epi16(1), nibble = _mm256_set1_epi8(15);
    unrolled<Rows>([&](auto r) { dots[r][0] = dots[r][1] = _mm256_setzero_si256(); });
    unrolled<4>([&](auto g) {
      __m256i even[2], odd[2];
      unrolled<2>([&](auto p) {
        const __m256i both = bytes_at(values[g][8 * p]);
        even[p] = _mm256_and_si256(both, nibble);
        odd[p] = _mm256_and_si256(_mm256_srli_epi16(both, 4), nibble);
      });
      unrolled<Rows>([&](auto r) {
        const __m256i a = broadcast(x + r * stride + 8 * g), b = broadcast(x + r * stride + 8 * g + 4);
        unrolled<2>([&](auto p) {
          dots[r][p] = settled(_mm256_add_epi16(dots[r][p], products(even[p], odd[p], a, b)));
        });
      });
    });
    unrolled<Rows>(
        [&](auto r) { unrolled<2>([&](auto p) { dots[r][p] = _mm256_madd_epi16(dots[r][p], ones); }); });
  }

  template <int Rows>
  static void block(const Q4Block& w, int, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t* sums, std::int64_t sums_stride, Int (&dots)[Rows][2]) {
    nibbles(w.values, x, stride, dots);
    unrolled<Rows>([&](auto r) {
      const __m256i over = surplus<8>(sums[r * sums_stride] + sums[r * sums_stride + 1]);
      unrolled<2>([&](auto p) { dots[r][p] = _mm256_sub_epi32(dots[r][p], over); });
    });
  }

  // The columns of a super-block that share a scale.
  template <int, int Rows>
  static void piece(const Q4SuperBlock::Part& w, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t*, std::int64_t, Int (&dots)[Rows][2]) {
    nibbles(w.values, x, stride, dots);
  }

  // A bit of each byte moved from `From` to `To`; what crosses from the neighbour byte is to be masked away.
  template <int From, int To>
  static __m256i moved(__m256i bits) {
    if constexpr (From < To)
      return _mm256_slli_epi16(bits, To - From);
    else if constexpr (From > To)
      return _mm256_srli_epi16(bits, From - To);
    else
      return bits;
  }

  // Four groups (4 * 2 * 31 * 128) fit 16 bits.
  template <int, int Rows>
  static void piece(const Q5SuperBlock::Part& w, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t*, std::int64_t, Int (&dots)[Rows][2]) {
    const __m256i ones = _mm256_set1_epi16(1), nibble = _mm256_set1_epi8(15), fifth = _mm256_set1_epi8(16);
    unrolled<Rows>([&](auto r) { dots[r][0] = dots[r][1] = _mm256_setzero_si256(); });
    unrolled<2>([&](auto half) {
      Int sixteens[Rows][2];
      unrolled<2>([&](auto g) {
        constexpr int pair = 2 * half + g;
        __m256i even[2], odd[2];
        unrolled<2>([&](auto p) {
          const __m256i both = bytes_at(w.values[pair][8 * p]), high = bytes_at(w.high[8 * p]);
          even[p] = _mm256_or_si256(_mm256_and_si256(both, nibble),
                                    _mm256_and_si256(moved<2 * pair, 4>(high), fifth));
          odd[p] = _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(both, 4), nibble),
                                   _mm256_and_si256(moved<2 * pair + 1, 4>(high), fifth));
        });
        unrolled<Rows>([&](auto r) {
          const __m256i a = broadcast(x + r * stride + 8 * pair),
                        b = broadcast(x + r * stride + 8 * pair + 4);
          unrolled<2>([&](auto p) {
            const __m256i more = products(even[p], odd[p], a, b);
            sixteens[r][p] = settled(g == 0 ? more : _mm256_add_epi16(sixteens[r][p], more));
          });
        });
      });
      unrolled<Rows>([&](auto r) {
        unrolled<2>([&](auto p) {
          dots[r][p] = _mm256_add_epi32(dots[r][p], _mm256_madd_epi16(sixteens[r][p], ones));
        });
      });
    });
  }

  // Levels lie 32 above what they mean; two groups (2 * 2 * 63 * 128) fit 16 bits.
  template <int Half, int Rows>
  static void piece(const Q6SuperBlock::Part& w, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t* sums, std::int64_t sums_stride, Int (&dots)[Rows][2]) {
    const __m256i ones = _mm256_set1_epi16(1), nibble = _mm256_set1_epi8(15), pair = _mm256_set1_epi8(0x30);
    unrolled<Rows>([&](auto r) {
      dots[r][0] = dots[r][1] =
          _mm256_sub_epi32(_mm256_setzero_si256(), surplus<32>(sums[r * sums_stride + Half]));
    });
    unrolled<2>([&](auto g) {
      __m256i even[2], odd[2];
      unrolled<2>([&](auto p) {
        const __m256i both = bytes_at(w.values[2 * Half + g][8 * p]), high = bytes_at(w.high[Half][8 * p]);
        even[p] =
            _mm256_or_si256(_mm256_and_si256(both, nibble), _mm256_and_si256(moved<4 * g, 4>(high), pair));
        odd[p] = _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(both, 4), nibble),
                                 _mm256_and_si256(moved<4 * g + 2, 4>(high), pair));
      });
      unrolled<Rows>([&](auto r) {
        const std::int8_t* values = x + r * stride + 16 * Half + 8 * g;
        const __m256i a = broadcast(values), b = broadcast(values + 4);
        unrolled<2>([&](auto p) {
          const __m256i more = products(even[p], odd[p], a, b);
          dots[r][p] = settled(_mm256_add_epi32(dots[r][p], _mm256_madd_epi16(more, ones)));
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
};

}  // namespace

const KernelTable* avx2_kernels() {
  static const KernelTable table = make_table<Avx2, Avx2Dots>("cpu-avx2");
  return &table;
}

}  // namespace trivium::cpu
