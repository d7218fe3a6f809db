// Inverse frequencies of rotary embeddings with every kind of scaling already in them. Formulae: RoFormer
// (arXiv 2104.09864), linear position interpolation (2306.15595), and the frequency bands of Llama 3.1.
#pragma once
#include <vector>

namespace trivium {

struct RopeScaling {
  enum class Kind { none, linear, llama3 } kind = Kind::none;
  double factor = 1;
  double low_frequency_factor = 1, high_frequency_factor = 4;  // llama3
  double original_context = 8192;                              // llama3
};

// (rotary_dim / 2): base^(-2i / rotary_dim), scaled.
std::vector<float> rope_frequencies(double base, int rotary_dim, const RopeScaling& scaling);

}  // namespace trivium
