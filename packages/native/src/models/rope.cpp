#include "models/rope.h"

#include <algorithm>
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

// YaRN's ramp over channels: those below `first` turn often enough to be kept, those above `last` are interpolated.
struct Ramp {
  double first, last;
  double interpolated(int channel) const { return std::clamp((channel - first) / (last - first), 0.0, 1.0); }
};

Ramp yarn_ramp(double base, int rotary_dim, const RopeScaling& scaling) {
  // The channel, not whole, that makes this many turns over the original context.
  const auto channel_of = [&](double turns) {
    return rotary_dim * std::log(scaling.original_context / (turns * 2 * std::numbers::pi)) / (2 * std::log(base));
  };
  double first = channel_of(scaling.beta_fast), last = channel_of(scaling.beta_slow);
  if (scaling.whole_bounds) {
    first = std::floor(first);
    last = std::ceil(last);
  }
  first = std::max(first, 0.0);
  last = std::min(last, rotary_dim - 1.0);
  return {first, first == last ? last + 0.001 : last};
}

double magnitude(double factor, double weight) { return factor <= 1 ? 1 : 0.1 * weight * std::log(factor) + 1; }

}  // namespace

float rope_attention_scale(const RopeScaling& scaling) {
  if (scaling.kind != RopeScaling::Kind::yarn) return 1;
  if (scaling.attention_factor) return static_cast<float>(*scaling.attention_factor);
  if (scaling.mscale != 0 && scaling.mscale_all_dim != 0)
    return static_cast<float>(magnitude(scaling.factor, scaling.mscale) / magnitude(scaling.factor, scaling.mscale_all_dim));
  return static_cast<float>(magnitude(scaling.factor, 1));
}

std::vector<float> rope_frequencies(double base, int rotary_dim, const RopeScaling& scaling) {
  std::vector<float> frequencies(rotary_dim / 2);
  const Ramp ramp = scaling.kind == RopeScaling::Kind::yarn ? yarn_ramp(base, rotary_dim, scaling) : Ramp{0, 1};
  for (int i = 0; i < rotary_dim / 2; ++i) {
    double frequency = std::pow(base, -2.0 * i / rotary_dim);
    if (scaling.kind == RopeScaling::Kind::linear) frequency /= scaling.factor;
    if (scaling.kind == RopeScaling::Kind::llama3) frequency = llama3_scaled(frequency, scaling);
    if (scaling.kind == RopeScaling::Kind::yarn) {
      const double share = ramp.interpolated(i);
      frequency *= share / scaling.factor + (1 - share);
    }
    frequencies[i] = static_cast<float>(frequency);
  }
  return frequencies;
}

}  // namespace trivium
