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

double squared_error(const float* x, int count, const int* levels, double step, double offset) {
  double error = 0;
  for (int i = 0; i < count; ++i) {
    const double left = x[i] - (step * levels[i] - offset);
    error += left * left;
  }
  return error;
}

// The line through (level, x) of least squares, its offset kept at or above 0.
Fit line_through(const float* x, int count, const int* levels, bool with_offset) {
  double sum_l = 0, sum_ll = 0, sum_x = 0, sum_lx = 0;
  for (int i = 0; i < count; ++i) {
    sum_l += levels[i];
    sum_ll += double(levels[i]) * levels[i];
    sum_x += x[i];
    sum_lx += double(levels[i]) * x[i];
  }
  Fit fit;
  const double spread = count * sum_ll - sum_l * sum_l;
  if (with_offset && spread > 0) {
    fit.step = (count * sum_lx - sum_l * sum_x) / spread;
    fit.offset = (fit.step * sum_l - sum_x) / count;
  }
  if (!with_offset || !(spread > 0) || fit.offset < 0) fit = {sum_ll > 0 ? sum_lx / sum_ll : 0, 0, 0};
  fit.error = squared_error(x, count, levels, fit.step, fit.offset);
  return fit;
}

// Sub-blocks with a minimum: levels 0 … most.
Fit fit_from_zero(const float* x, int count, int most) {
  const float low = std::min(0.0f, *std::min_element(x, x + count)), high = *std::max_element(x, x + count);
  const double range = double(high) - low;
  if (range == 0) return {0, -double(low), 0};  // all alike and not above zero: the minimum says it
  if (!(range > 0) || !std::isfinite(range)) return {};
  std::array<int, 32> levels;
  Fit best;
  for (int c = -candidates; c <= candidates; ++c) {
    const double inverse = (most + 0.1 * c) / range;
    for (int i = 0; i < count; ++i) levels[i] = nearest_level((double(x[i]) - low) * inverse, most);
    Fit fit = line_through(x, count, levels.data(), true);
    // No line rises through these levels: the plain one does.
    if (fit.step <= 0) fit = {range / most, -double(low), squared_error(x, count, levels.data(), range / most, -double(low))};
    if (c == -candidates || fit.error < best.error) best = fit;
  }
  return best;
}

// Sub-blocks around zero: levels -32 … 31, the element of largest magnitude on the side that reaches further.
Fit fit_around_zero(const float* x, int count) {
  float extreme = 0;
  for (int i = 0; i < count; ++i)
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  if (extreme == 0 || !std::isfinite(extreme)) return {};
  std::array<int, 32> levels;
  Fit best;
  for (int c = -candidates; c <= candidates; ++c) {
    const double inverse = -(32 + 0.1 * c) / extreme;
    for (int i = 0; i < count; ++i) levels[i] = nearest_signed(double(x[i]) * inverse, -32, 31);
    const Fit fit = line_through(x, count, levels.data(), false);
    if (c == -candidates || fit.error < best.error) best = fit;
  }
  return best;
}

// f16 of largest / most, and its value: what integers are counted in.
double stored_unit(double largest, int most, std::uint16_t& stored) {
  stored = f32_to_f16(static_cast<float>(largest / most));
  return f16_to_f32(stored);
}
double shares(double value, double unit) { return unit != 0 ? value / unit : 0; }

SuperBlock quantize_with_minima(const float* source, int most) {
  std::array<Fit, 8> fits;
  double largest_step = 0, largest_offset = 0;
  for (int s = 0; s < 8; ++s) {
    fits[s] = fit_from_zero(source + 32 * s, 32, most);
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
  double largest = 0;
  for (int s = 0; s < 16; ++s) {
    fits[s] = fit_around_zero(source + 16 * s, 16);
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
