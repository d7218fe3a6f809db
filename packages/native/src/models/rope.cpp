#include "models/rope.h"

#include <cmath>
#include <numbers>

namespace trivium {
namespace {

// Long waves are stretched, short ones kept, those between blended.
double llama3_scaled(double frequency, const RopeScaling& scaling) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  const double longest_kept = scaling.original_context / scaling.high_frequency_factor;
  const double shortest_stretched = scaling.original_context / scaling.low_frequency_factor;
  if (wavelength < longest_kept) return frequency;
  if (wavelength > shortest_stretched) return frequency / scaling.factor;
  const double blend = (scaling.original_context / wavelength - scaling.low_frequency_factor) /
                       (scaling.high_frequency_factor - scaling.low_frequency_factor);
  return (1 - blend) * frequency / scaling.factor + blend * frequency;
}

}  // namespace

std::vector<float> rope_frequencies(double base, int rotary_dim, const RopeScaling& scaling) {
  std::vector<float> frequencies(rotary_dim / 2);
  for (int i = 0; i < rotary_dim / 2; ++i) {
    double frequency = std::pow(base, -2.0 * i / rotary_dim);
    if (scaling.kind == RopeScaling::Kind::linear) frequency /= scaling.factor;
    if (scaling.kind == RopeScaling::Kind::llama3) frequency = llama3_scaled(frequency, scaling);
    frequencies[i] = static_cast<float>(frequency);
  }
  return frequencies;
}

}  // namespace trivium
