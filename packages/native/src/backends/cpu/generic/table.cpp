// Kernels in plain C++ for processors without a folder of their own: lanes that the compiler may vectorise.
// Eight serve; the table of sixteen exists for tests, which so walk the shapes of AVX-512 on machines that
// cannot run it.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "backends/cpu/kernels/make_table.h"
#include "tensor/codecs.h"

namespace trivium::cpu {
namespace {

template <int Lanes>
struct Generic {
  static constexpr int width = Lanes;
  struct Reg {
    float lane[width];
  };

  template <class F>
  static Reg each(F f) {
    Reg r;
    for (int i = 0; i < width; ++i) r.lane[i] = f(i);
    return r;
  }
  static Reg set(float v) {
    return each([&](int) { return v; });
  }
  static Reg load(const float* p) {
    return each([&](int i) { return p[i]; });
  }
  static Reg load_part(const float* p, int n) {
    return each([&](int i) { return i < n ? p[i] : 0.0f; });
  }
  static Reg keep(Reg a, int n) {
    return each([&](int i) { return i < n ? a.lane[i] : 0.0f; });
  }
  static void store(float* p, Reg a) { std::memcpy(p, a.lane, sizeof a.lane); }
  static void store_part(float* p, Reg a, int n) { std::memcpy(p, a.lane, n * sizeof(float)); }
  static float to_float(float v) { return v; }
  static float to_float(Half v) { return f16_to_f32(v.bits); }
  static Reg load_element(const float* p) { return load(p); }
  static Reg load_element(const Half* p) {
    return each([&](int i) { return f16_to_f32(p[i].bits); });
  }
  static Reg load_element(const Brain* p) {
    return each([&](int i) { return bf16_to_f32(p[i].bits); });
  }
  static Reg load_f16(const std::uint16_t* p) {
    return each([&](int i) { return f16_to_f32(p[i]); });
  }
  template <class Byte>
  static Reg load_bytes(const Byte* p) {
    return each([&](int i) { return float(p[i]); });
  }
  static Reg add(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static Reg sub(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  static Reg mul(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  static Reg div(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] / b.lane[i]; });
  }
  static Reg min(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Reg max(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Reg fma(Reg a, Reg b, Reg c) {
    return each([&](int i) { return std::fma(a.lane[i], b.lane[i], c.lane[i]); });
  }
  static Reg round(Reg a) {
    return each([&](int i) { return std::nearbyint(a.lane[i]); });
  }
  static Reg copy_sign(Reg magnitude, Reg sign) {
    return each([&](int i) { return std::copysign(magnitude.lane[i], sign.lane[i]); });
  }
  static Reg power_of_two(Reg n) {
    return each([&](int i) { return std::isnan(n.lane[i]) ? n.lane[i] : std::ldexp(1.0f, int(n.lane[i])); });
  }
  static float sum(Reg a) {
    float total = 0;
    for (float v : a.lane) total += v;
    return total;
  }
  static void sums_of_eight(const Reg (&a)[8], float* out) {
    for (int i = 0; i < 8; ++i) out[i] = sum(a[i]);
  }
  static float largest(Reg a) { return *std::max_element(a.lane, a.lane + width); }
  // Of values without a sign, by their bits: what is no number is larger than all.
  static Reg larger(Reg a, Reg b) {
    return each([&](int i) { return bits(a.lane[i]) > bits(b.lane[i]) ? a.lane[i] : b.lane[i]; });
  }
  static float largest_of_unsigned(Reg a) {
    return *std::max_element(a.lane, a.lane + width, [](float one, float other) { return bits(one) < bits(other); });
  }
  static std::int32_t bits(float v) { return std::bit_cast<std::int32_t>(v); }
  // Rounds in[0, 32) * inverse to int8; sums (2) are those of its halves. What is no number becomes -128.
  static void quantize_block(const float* in, float inverse, std::int8_t* values, std::int32_t* sums) {
    sums[0] = sums[1] = 0;
    for (int k = 0; k < 32; ++k) {
      const float rounded = std::nearbyint(in[k] * inverse);
      values[k] =
          rounded >= -128.0f ? static_cast<std::int8_t>(std::min(rounded, 127.0f)) : std::int8_t{-128};
      sums[k / 16] += values[k];
    }
  }
};

template <int Lanes>
struct GenericDots {
  struct Int {
    std::int32_t lane[Lanes];
  };
  static typename Generic<Lanes>::Reg to_float(Int a) {
    return Generic<Lanes>::each([&](int i) { return float(a.lane[i]); });
  }

  template <class Block>
  static constexpr TileShape shape = {4, panel_rows / Lanes};

  template <int Rows>
  static void block(const Q8Block& w, int, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t* sums, std::int64_t sums_stride,
                    Int (&dots)[Rows][panel_rows / Lanes]) {
    for (int r = 0; r < Rows; ++r)
      for (int n = 0; n < panel_rows; ++n) {
        std::int32_t sum = -128 * (sums[r * sums_stride] + sums[r * sums_stride + 1]);
        for (int k = 0; k < block_columns; ++k) sum += w.values[k / 4][n][k % 4] * x[r * stride + k];
        dots[r][n / Lanes].lane[n % Lanes] = sum;
      }
  }
  template <int Rows>
  static void block(const Q4Block& w, int, const std::int8_t* x, std::int64_t stride,
                    const std::int32_t* sums, std::int64_t sums_stride,
                    Int (&dots)[Rows][panel_rows / Lanes]) {
    for (int r = 0; r < Rows; ++r)
      for (int n = 0; n < panel_rows; ++n) {
        std::int32_t sum = -8 * (sums[r * sums_stride] + sums[r * sums_stride + 1]);
        for (int k = 0; k < block_columns; ++k) {
          const std::uint8_t byte = w.values[k / 8][n][k % 4];
          sum += (k / 4 % 2 == 0 ? byte & 15 : byte >> 4) * x[r * stride + k];
        }
        dots[r][n / Lanes].lane[n % Lanes] = sum;
      }
  }

  // The columns of a super-block that share a scale: levels times activations.
  template <class Part>
  static int nibble(const Part& w, int n, int k) {
    const std::uint8_t byte = w.values[k / 8][n][k % 4];
    return k / 4 % 2 == 0 ? byte & 15 : byte >> 4;
  }
  static int level(const Q4SuperBlock::Part& w, int n, int k) { return nibble(w, n, k); }
  static int level(const Q5SuperBlock::Part& w, int n, int k) {
    return nibble(w, n, k) | (w.high[n][k % 4] >> (k / 4) & 1) << 4;
  }
  static int level(const Q6SuperBlock::Part& w, int n, int k) {
    return (nibble(w, n, k) | (w.high[k / 16][n][k % 4] >> (k / 4 % 4 * 2) & 3) << 4) - 32;
  }
  template <int Piece, class Part, int Rows>
  static void piece(const Part& w, const std::int8_t* x, std::int64_t stride, const std::int32_t*,
                    std::int64_t, Int (&dots)[Rows][panel_rows / Lanes]) {
    constexpr int columns = std::is_same_v<Part, Q6SuperBlock::Part> ? 16 : 32, first = Piece * columns;
    for (int n = 0; n < panel_rows; ++n) {
      std::int32_t levels[columns];
      for (int k = 0; k < columns; ++k) levels[k] = level(w, n, first + k);
      for (int r = 0; r < Rows; ++r) {
        std::int32_t sum = 0;
        for (int k = 0; k < columns; ++k) sum += levels[k] * x[r * stride + first + k];
        dots[r][n / Lanes].lane[n % Lanes] = sum;
      }
    }
  }
};

}  // namespace

const KernelTable& generic_kernels() {
  static const KernelTable table = make_table<Generic<8>, GenericDots<8>>("cpu-generic");
  return table;
}

const KernelTable& wide_generic_kernels() {
  static const KernelTable table = make_table<Generic<16>, GenericDots<16>>("cpu-generic-wide");
  return table;
}

}  // namespace trivium::cpu
