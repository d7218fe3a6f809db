// Kernels for ARMv8 with dot products: eight lanes in two registers, so that chains of sums come in pairs. Lanes are added in
// the order of AVX2.
#include <arm_neon.h>

#include <bit>
#include <cstring>

#include "backends/cpu/kernels/make_table.h"

namespace trivium::cpu {
namespace {

struct Neon {
  static constexpr int width = 8;
  struct Reg {
    float32x4_t low, high;
  };

  static Reg set(float v) { return {vdupq_n_f32(v), vdupq_n_f32(v)}; }
  static Reg load(const float* p) { return {vld1q_f32(p), vld1q_f32(p + 4)}; }
  static Reg load_part(const float* p, int n) {
    float lane[width] = {};
    std::memcpy(lane, p, n * sizeof(float));
    return load(lane);
  }
  static Reg keep(Reg a, int n) {
    constexpr std::int32_t lanes[width] = {0, 1, 2, 3, 4, 5, 6, 7};
    const int32x4_t end = vdupq_n_s32(n);
    const auto kept = [&](float32x4_t v, const std::int32_t* lane) {
      return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), vcltq_s32(vld1q_s32(lane), end)));
    };
    return {kept(a.low, lanes), kept(a.high, lanes + 4)};
  }
  static void store(float* p, Reg a) {
    vst1q_f32(p, a.low);
    vst1q_f32(p + 4, a.high);
  }
  static void store_part(float* p, Reg a, int n) {
    float lane[width];
    store(lane, a);
    std::memcpy(p, lane, n * sizeof(float));
  }
  static float to_float(float v) { return v; }
  static float to_float(Half v) { return std::bit_cast<__fp16>(v.bits); }
  static Reg load_f16(const std::uint16_t* p) {
    const float16x8_t halves = vreinterpretq_f16_u16(vld1q_u16(p));
    return {vcvt_f32_f16(vget_low_f16(halves)), vcvt_high_f32_f16(halves)};
  }
  static Reg load_bytes(const std::uint8_t* p) {
    const uint16x8_t wide = vmovl_u8(vld1_u8(p));
    return {vcvtq_f32_u32(vmovl_u16(vget_low_u16(wide))), vcvtq_f32_u32(vmovl_high_u16(wide))};
  }
  static Reg load_bytes(const std::int8_t* p) {
    const int16x8_t wide = vmovl_s8(vld1_s8(p));
    return {vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide))), vcvtq_f32_s32(vmovl_high_s16(wide))};
  }
  static Reg load_element(const float* p) { return load(p); }
  static Reg load_element(const Half* p) { return load_f16(&p->bits); }
  static Reg load_element(const Brain* p) {
    const uint16x8_t upper = vld1q_u16(&p->bits);
    return {vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(upper), 16)),
            vreinterpretq_f32_u32(vshll_high_n_u16(upper, 16))};
  }
  static Reg add(Reg a, Reg b) { return {vaddq_f32(a.low, b.low), vaddq_f32(a.high, b.high)}; }
  static Reg sub(Reg a, Reg b) { return {vsubq_f32(a.low, b.low), vsubq_f32(a.high, b.high)}; }
  static Reg mul(Reg a, Reg b) { return {vmulq_f32(a.low, b.low), vmulq_f32(a.high, b.high)}; }
  static Reg div(Reg a, Reg b) { return {vdivq_f32(a.low, b.low), vdivq_f32(a.high, b.high)}; }
  // FMIN and FMAX would answer what is no number, whichever operand it is.
  static Reg min(Reg a, Reg b) {
    return {vbslq_f32(vcltq_f32(a.low, b.low), a.low, b.low), vbslq_f32(vcltq_f32(a.high, b.high), a.high, b.high)};
  }
  static Reg max(Reg a, Reg b) {
    return {vbslq_f32(vcgtq_f32(a.low, b.low), a.low, b.low), vbslq_f32(vcgtq_f32(a.high, b.high), a.high, b.high)};
  }
  static Reg fma(Reg a, Reg b, Reg c) {
    return {vfmaq_f32(c.low, a.low, b.low), vfmaq_f32(c.high, a.high, b.high)};
  }
  static Reg round(Reg a) { return {vrndnq_f32(a.low), vrndnq_f32(a.high)}; }
  static Reg copy_sign(Reg magnitude, Reg sign) {
    const uint32x4_t bit = vdupq_n_u32(0x80000000u);
    return {vbslq_f32(bit, sign.low, magnitude.low), vbslq_f32(bit, sign.high, magnitude.high)};
  }
  static Reg power_of_two(Reg n) {
    const auto power = [](float32x4_t v) {
      return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtnq_s32_f32(v), vdupq_n_s32(127)), 23));
    };
    return {power(n.low), power(n.high)};
  }
  static float sum(Reg a) {
    const float32x4_t fours = vaddq_f32(a.low, a.high);
    return vpadds_f32(vadd_f32(vget_low_f32(fours), vget_high_f32(fours)));
  }
  // The sums of eight registers, each over its lanes.
  static void sums_of_eight(const Reg (&a)[8], float* out) {
    for (int i = 0; i < 8; i += 4) {
      const float32x4_t low = vpaddq_f32(vpaddq_f32(a[i].low, a[i + 1].low), vpaddq_f32(a[i + 2].low, a[i + 3].low)),
                        high = vpaddq_f32(vpaddq_f32(a[i].high, a[i + 1].high), vpaddq_f32(a[i + 2].high, a[i + 3].high));
      vst1q_f32(out + i, vaddq_f32(low, high));
    }
  }
  static float largest(Reg a) { return vmaxvq_f32(vmaxq_f32(a.low, a.high)); }
  // Of values without a sign, by their bits: what is no number is larger than all.
  static Reg larger(Reg a, Reg b) {
    const auto of = [](float32x4_t one, float32x4_t other) {
      return vreinterpretq_f32_s32(vmaxq_s32(vreinterpretq_s32_f32(one), vreinterpretq_s32_f32(other)));
    };
    return {of(a.low, b.low), of(a.high, b.high)};
  }
  static float largest_of_unsigned(Reg a) {
    return std::bit_cast<float>(vmaxvq_s32(vmaxq_s32(vreinterpretq_s32_f32(a.low), vreinterpretq_s32_f32(a.high))));
  }
  // Rounds in[0, 32) * inverse to int8; sums (2) are those of its halves. What is no number becomes -128.
  static void quantize_block(const float* in, float inverse, std::int8_t* values, std::int32_t* sums) {
    // The conversion alone would make 0 of what is no number; the larger of two numbers here is the one that is a number.
    const auto four = [&](int k) {
      return vcvtnq_s32_f32(vmaxnmq_f32(vmulq_n_f32(vld1q_f32(in + k), inverse), vdupq_n_f32(-128.0f)));
    };
    const auto eight = [&](int k) { return vqmovn_high_s32(vqmovn_s32(four(k)), four(k + 4)); };
    for (int half = 0; half < 2; ++half) {
      const int8x16_t bytes = vqmovn_high_s16(vqmovn_s16(eight(16 * half)), eight(16 * half + 8));
      vst1q_s8(values + 16 * half, bytes);
      sums[half] = vaddlvq_s8(bytes);
    }
  }
};

// SDOT adds to each of four lanes the products of four bytes: of weights as they lie, four rows of the panel a register, and
// of one group of the activations, a lane of the register that holds sixteen.
struct NeonDots {
  struct Int {
    int32x4_t rows[2];
  };
  static Neon::Reg to_float(Int a) { return {vcvtq_f32_s32(a.rows[0]), vcvtq_f32_s32(a.rows[1])}; }

  // Chosen by counting instructions. Blocks: 12 registers of dots, 12 of sums, 6 of activations. Parts of super-blocks come
  // as whole panels: 16 of dots, 4 of activations, and sums wait in memory meanwhile.
  template <class Block>
  static constexpr TileShape shape = Block::columns == block_columns ? TileShape{6, 1} : TileShape{4, 2};

  struct Groups {
    int8x16_t even, odd;
  };
  // dots += sixteen columns. levels(pair, q) are those of groups 2 pair and 2 pair + 1, of rows 4 q to 4 q + 3.
  template <int Rows, int Registers, class Levels>
  [[gnu::always_inline]] static void add_columns(const std::int8_t* x, std::int64_t stride, const Levels& levels,
      Int (&dots)[Rows][Registers]) {
    int8x16_t columns[Rows];
    unrolled<Rows>([&](auto r) { columns[r] = vld1q_s8(x + r * stride); });
    unrolled<2>([&](auto pair) {
      unrolled<2 * Registers>([&](auto q) {
        const Groups groups = levels(pair, q);
        const auto add = [&](auto r, int8x16_t group, auto lane) {
          int32x4_t& dot = dots[r][q / 2].rows[q % 2];
          dot = vdotq_laneq_s32(dot, group, columns[r], decltype(lane)::value);
        };
        unrolled<Rows>([&](auto r) { add(r, groups.even, std::integral_constant<int, 2 * pair>{}); });
        unrolled<Rows>([&](auto r) { add(r, groups.odd, std::integral_constant<int, 2 * pair + 1>{}); });
      });
    });
  }

  template <int Rows, int Registers, class Start>
  [[gnu::always_inline]] static void begin(Int (&dots)[Rows][Registers], const Start& start) {
    unrolled<Rows>([&](auto r) {
      const int32x4_t value = vdupq_n_s32(start(r));
      unrolled<Registers>([&](auto p) { dots[r][p] = {{value, value}}; });
    });
  }
  static constexpr auto zero = [](int) { return 0; };

  static uint8x16_t bytes_at(const std::uint8_t (*lanes)[4]) { return vld1q_u8(*lanes); }
  static int8x16_t as_signed(uint8x16_t levels) { return vreinterpretq_s8_u8(levels); }

  template <int Rows, int Registers>
  [[gnu::always_inline]] static void block(const Q8Block& w, int part, const std::int8_t* x, std::int64_t stride,
      const std::int32_t*, std::int64_t, Int (&dots)[Rows][Registers]) {
    const uint8x16_t flip = vdupq_n_u8(0x80);  // + 128 becomes a sign
    begin(dots, zero);
    unrolled<2>([&](auto half) {
      const auto levels = [&](int pair, int q) -> Groups {
        const auto group = [&](int g) { return as_signed(veorq_u8(bytes_at(&w.values[g][8 * part + 4 * q]), flip)); };
        return {group(4 * half + 2 * pair), group(4 * half + 2 * pair + 1)};
      };
      add_columns(x + 16 * half, stride, levels, dots);
    });
  }

  template <int Rows, int Registers>
  [[gnu::always_inline]] static void nibbles(const std::uint8_t (&values)[4][panel_rows][4], int part,
      const std::int8_t* x, std::int64_t stride, Int (&dots)[Rows][Registers]) {
    unrolled<2>([&](auto half) {
      const auto levels = [&](int pair, int q) -> Groups {
        const uint8x16_t both = bytes_at(&values[2 * half + pair][8 * part + 4 * q]);
        return {as_signed(vandq_u8(both, vdupq_n_u8(15))), as_signed(vshrq_n_u8(both, 4))};
      };
      add_columns(x + 16 * half, stride, levels, dots);
    });
  }

  template <int Rows, int Registers>
  [[gnu::always_inline]] static void block(const Q4Block& w, int part, const std::int8_t* x, std::int64_t stride,
      const std::int32_t* sums, std::int64_t sums_stride, Int (&dots)[Rows][Registers]) {
    begin(dots, [&](int r) { return -8 * (sums[r * sums_stride] + sums[r * sums_stride + 1]); });
    nibbles(w.values, part, x, stride, dots);
  }

  // The columns of a super-block that share a scale.
  template <int, int Rows>
  [[gnu::always_inline]] static void piece(const Q4SuperBlock::Part& w, const std::int8_t* x, std::int64_t stride,
      const std::int32_t*, std::int64_t, Int (&dots)[Rows][2]) {
    begin(dots, zero);
    nibbles(w.values, 0, x, stride, dots);
  }

  // Levels whose upper bits lie in `high` from bit At on: over the nibbles of an even group, and of an odd one.
  template <int Bits, int At>
  static int8x16_t even_levels(uint8x16_t both, uint8x16_t high) {
    if constexpr (At > 0) high = vshrq_n_u8(high, At);
    return as_signed(vsliq_n_u8(both, vandq_u8(high, vdupq_n_u8((1 << Bits) - 1)), 4));
  }
  template <int Bits, int At>
  static int8x16_t odd_levels(uint8x16_t both, uint8x16_t high) {
    if constexpr (At > 4) high = vshrq_n_u8(high, At - 4);
    if constexpr (At < 4) high = vshlq_n_u8(high, 4 - At);
    return as_signed(vsraq_n_u8(vandq_u8(high, vdupq_n_u8(((1 << Bits) - 1) << 4)), both, 4));
  }

  template <int, int Rows>
  [[gnu::always_inline]] static void piece(const Q5SuperBlock::Part& w, const std::int8_t* x, std::int64_t stride,
      const std::int32_t*, std::int64_t, Int (&dots)[Rows][2]) {
    begin(dots, zero);
    unrolled<2>([&](auto half) {
      const auto levels = [&](auto pair, int q) -> Groups {
        const uint8x16_t both = bytes_at(&w.values[2 * half + pair][4 * q]), high = bytes_at(&w.high[4 * q]);
        constexpr int group = 4 * half + 2 * pair;
        return {even_levels<1, group>(both, high), odd_levels<1, group + 1>(both, high)};
      };
      add_columns(x + 16 * half, stride, levels, dots);
    });
  }

  // Levels lie 32 above what they mean.
  template <int Half, int Rows>
  [[gnu::always_inline]] static void piece(const Q6SuperBlock::Part& w, const std::int8_t* x, std::int64_t stride,
      const std::int32_t* sums, std::int64_t sums_stride, Int (&dots)[Rows][2]) {
    begin(dots, [&](int r) { return -32 * sums[r * sums_stride + Half]; });
    const auto levels = [&](auto pair, int q) -> Groups {
      const uint8x16_t both = bytes_at(&w.values[2 * Half + pair][4 * q]), high = bytes_at(&w.high[Half][4 * q]);
      return {even_levels<2, 4 * pair>(both, high), odd_levels<2, 4 * pair + 2>(both, high)};
    };
    add_columns(x + 16 * Half, stride, levels, dots);
  }
};

}  // namespace

const KernelTable* neon_kernels() {
  static const KernelTable table = make_table<Neon, NeonDots>("cpu-neon");
  return &table;
}

}  // namespace trivium::cpu
