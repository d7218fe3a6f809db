// Inverse frequencies of rotary embeddings with every kind of scaling already in them. Formulae: RoFormer
// (arXiv 2104.09864), linear position interpolation (2306.15595), the frequency bands of Llama 3.1, and YaRN
// (2309.00071) with the rounding and defaults of Hugging Face transformers.
#pragma once
#include <optional>
#include <vector>

namespace trivium {

struct RopeScaling {
  enum class Kind { none, linear, llama3, yarn } kind = Kind::none;
  double factor = 1;
  double original_context = 8192;                              // llama3, yarn: tokens
  double low_frequency_factor = 1, high_frequency_factor = 4;  // llama3
  double beta_fast = 32, beta_slow = 1;                        // yarn: turns within the original context
  bool whole_bounds = true;                                    // yarn: the ramp begins and ends at whole channels
  std::optional<double> attention_factor;                      // yarn: absent, from the factor and these two
  double mscale = 0, mscale_all_dim = 0;                       // yarn: 0: absent
};

// (rotary_dim / 2): base^(-2i / rotary_dim), scaled.
std::vector<float> rope_frequencies(double base, int rotary_dim, const RopeScaling& scaling);
// What cosines and sines are multiplied by: 1 unless YaRN's.
float rope_attention_scale(const RopeScaling& scaling);

}  // namespace trivium
