// float32 to Q4_K, Q5_K and Q6_K. The formats define how levels are read, not how they are chosen; this is our choice:
//
//   1. Each sub-block alone: for nineteen widths of the step around (range / levels), the levels nearest to the values,
//      then the step (and the minimum) that least squares gives for those levels. The best of them is kept.
//   2. The super-block's scales are set so that the largest step and minimum take the largest integer.
//   3. With steps and minima as they are now stored, each value takes its nearest level.
//
// Over normally distributed weights the root mean square of the error is 7.1 % (Q4_K), 3.6 % (Q5_K), 1.7 % (Q6_K) of
// theirs, and over hard shapes no element is off by more than 1.5 steps of the widest sub-block: codecs_test.cpp holds
// both. What f16 scales cannot express (super-blocks all below about 1e-4, infinities) has no promise and does no harm.
// Deterministic: float64 sums in the order of elements.
#include <algorithm>
#include <cmath>

#include "tensor/codecs.h"
#include "tensor/super_blocks.h"

namespace trivium {
namespace {

constexpr int candidates = 9;  // on each side of the plain width, a tenth of a level apart

// The nearest of 0 … most; what is no number becomes 0.
int nearest_level(double value, int most) { return value > 0 ? static_cast<int>(std::min(value + 0.5, double(most))) : 0; }
int nearest_signed(double value, int least, int most) {
  return value < 0 ? -nearest_level(-value, -least) : nearest_level(value, most);
}

// x ≈ step * level - offset, offset >= 0.
struct Fit {
  double step = 0, offset = 0, error = 0;
};

// Two float64 side by side, which every processor here has registers for (GCC's and Clang's vectors).
using Pair [[gnu::vector_size(16)]] = double;

// Of what is not negative and below 2^51.
Pair whole_part(Pair value) {
  const Pair nearest = (value + 0x1p52) - 0x1p52;
  return nearest > value ? nearest - 1.0 : nearest;
}
Pair lower(Pair a, Pair b) { return a < b ? a : b; }

// Four sub-blocks of `Count` elements side by side, each on its own way through the search: branches that would part them
// are choices between values.
constexpr int lanes = 4, pairs = lanes / 2;

template <int Count>
struct SubBlocks {
  Pair x[Count][pairs], levels[Count][pairs], sum_x[pairs] = {};

  explicit SubBlocks(const float* source) {
    for (int i = 0; i < Count; ++i)
      for (int p = 0; p < pairs; ++p) {
        x[i][p] = Pair{source[2 * p * Count + i], source[(2 * p + 1) * Count + i]};
        sum_x[p] += x[i][p];
      }
  }

  // Levels by level(values of x, pair), and the line through (level, x) of least squares, its offset kept at or above 0.
  template <class Level>
  void fit(bool with_offset, const Level& level, Fit (&fits)[lanes]) {
    Pair sum_l[pairs] = {}, sum_ll[pairs] = {}, sum_lx[pairs] = {};
    for (int i = 0; i < Count; ++i)
      for (int p = 0; p < pairs; ++p) {
        const Pair l = level(x[i][p], p);
        levels[i][p] = l;
        sum_l[p] += l;
        sum_ll[p] += l * l;
        sum_lx[p] += l * x[i][p];
      }
    for (int s = 0; s < lanes; ++s) {
      const double l = sum_l[s / 2][s % 2], ll = sum_ll[s / 2][s % 2], lx = sum_lx[s / 2][s % 2], all = sum_x[s / 2][s % 2];
      const double spread = Count * ll - l * l;
      Fit fit;
      if (with_offset && spread > 0) {
        fit.step = (Count * lx - l * all) / spread;
        fit.offset = (fit.step * l - all) / Count;
      }
      if (!with_offset || !(spread > 0) || fit.offset < 0) fit = {ll > 0 ? lx / ll : 0, 0, 0};
      fits[s] = fit;
    }
  }

  // Keeps whichever is nearer, the earlier of equals.
  void keep_best(Fit* best, const Fit (&fits)[lanes], bool first) const {
    Pair step[pairs], offset[pairs], error[pairs] = {};
    for (int p = 0; p < pairs; ++p) {
      step[p] = Pair{fits[2 * p].step, fits[2 * p + 1].step};
      offset[p] = Pair{fits[2 * p].offset, fits[2 * p + 1].offset};
    }
    for (int i = 0; i < Count; ++i)
      for (int p = 0; p < pairs; ++p) {
        const Pair left = x[i][p] - (step[p] * levels[i][p] - offset[p]);
        error[p] += left * left;
      }
    for (int s = 0; s < lanes; ++s)
      if (const double found = error[s / 2][s % 2]; first || found < best[s].error) best[s] = {fits[s].step, fits[s].offset, found};
  }
};

// Sub-blocks with a minimum: levels 0 … most.
void fit_from_zero(const float* source, int most, Fit* best) {
  SubBlocks<32> blocks(source);
  double low[lanes], range[lanes];
  for (int s = 0; s < lanes; ++s) {
    const float* x = source + 32 * s;
    low[s] = std::min(0.0f, *std::min_element(x, x + 32));
    range[s] = double(*std::max_element(x, x + 32)) - low[s];
  }
  const Pair lows[pairs] = {{low[0], low[1]}, {low[2], low[3]}}, zero = {}, highest = zero + double(most);
  Fit fits[lanes];
  for (int c = -candidates; c <= candidates; ++c) {
    const double wide = most + 0.1 * c;
    const Pair inverse[pairs] = {{wide / range[0], wide / range[1]}, {wide / range[2], wide / range[3]}};
    blocks.fit(true, [&](Pair x, int p) {
      const Pair value = (x - lows[p]) * inverse[p];
      return whole_part(value > zero ? lower(value + 0.5, highest) : zero);
    }, fits);
    // No line rises through these levels: the plain one does.
    for (int s = 0; s < lanes; ++s)
      if (fits[s].step <= 0) fits[s] = {range[s] / most, -low[s], 0};
    blocks.keep_best(best, fits, c == -candidates);
  }
  for (int s = 0; s < lanes; ++s) {
    if (range[s] == 0) best[s] = {0, -low[s], 0};  // all alike and not above zero: the minimum says it
    else if (!(range[s] > 0) || !std::isfinite(range[s])) best[s] = {};
  }
}

// Sub-blocks around zero: levels -32 … 31, the element of largest magnitude on the side that reaches further.
void fit_around_zero(const float* source, Fit* best) {
  SubBlocks<16> blocks(source);
  double extreme[lanes] = {};
  for (int s = 0; s < lanes; ++s)
    for (int i = 0; i < 16; ++i)
      if (std::fabs(source[16 * s + i]) > std::fabs(extreme[s])) extreme[s] = source[16 * s + i];
  const Pair zero = {};
  Fit fits[lanes];
  for (int c = -candidates; c <= candidates; ++c) {
    const double wide = -(32 + 0.1 * c);
    const Pair inverse[pairs] = {{wide / extreme[0], wide / extreme[1]}, {wide / extreme[2], wide / extreme[3]}};
    blocks.fit(false, [&](Pair x, int p) {
      const Pair value = x * inverse[p], above = whole_part(value > zero ? lower(value + 0.5, zero + 31.0) : zero);
      return above - whole_part(value < zero ? lower(0.5 - value, zero + 32.0) : zero);
    }, fits);
    blocks.keep_best(best, fits, c == -candidates);
  }
  for (int s = 0; s < lanes; ++s)
    if (extreme[s] == 0 || !std::isfinite(extreme[s])) best[s] = {};
}

// f16 of largest / most, and its value: what integers are counted in.
double stored_unit(double largest, int most, std::uint16_t& stored) {
  stored = f32_to_f16(static_cast<float>(largest / most));
  return f16_to_f32(stored);
}
double shares(double value, double unit) { return unit != 0 ? value / unit : 0; }

SuperBlock quantize_with_minima(const float* source, int most) {
  std::array<Fit, 8> fits;
  for (int s = 0; s < 8; s += lanes) fit_from_zero(source + 32 * s, most, &fits[s]);
  double largest_step = 0, largest_offset = 0;
  for (int s = 0; s < 8; ++s) {
    largest_step = std::max(largest_step, fits[s].step);
    largest_offset = std::max(largest_offset, fits[s].offset);
  }
  SuperBlock block;
  const double unit = stored_unit(largest_step, 63, block.scale), minimum = stored_unit(largest_offset, 63, block.minimum);
  for (int s = 0; s < 8; ++s) {
    block.scales[s] = static_cast<std::int8_t>(nearest_level(shares(fits[s].step, unit), 63));
    block.minima[s] = static_cast<std::uint8_t>(nearest_level(shares(fits[s].offset, minimum), 63));
    const double step = unit * block.scales[s], offset = minimum * block.minima[s];
    for (int i = 32 * s; i < 32 * (s + 1); ++i)
      block.levels[i] = static_cast<std::uint8_t>(nearest_level(shares(source[i] + offset, step), most));
  }
  return block;
}

SuperBlock quantize_around_zero(const float* source) {
  std::array<Fit, 16> fits;
  for (int s = 0; s < 16; s += lanes) fit_around_zero(source + 16 * s, &fits[s]);
  double largest = 0;
  for (int s = 0; s < 16; ++s) {
    if (std::fabs(fits[s].step) > std::fabs(largest)) largest = fits[s].step;
  }
  SuperBlock block;
  const double unit = stored_unit(largest, -128, block.scale);
  for (int s = 0; s < 16; ++s) {
    block.scales[s] = static_cast<std::int8_t>(nearest_signed(shares(fits[s].step, unit), -128, 127));
    const double step = unit * block.scales[s];
    for (int i = 16 * s; i < 16 * (s + 1); ++i)
      block.levels[i] = static_cast<std::uint8_t>(32 + nearest_signed(shares(source[i], step), -32, 31));
  }
  return block;
}

}  // namespace

SuperBlock quantize_super(DType dtype, const float* source) {
  return dtype == DType::q6_k ? quantize_around_zero(source) : quantize_with_minima(source, dtype == DType::q5_k ? 31 : 15);
}

}  // namespace trivium
