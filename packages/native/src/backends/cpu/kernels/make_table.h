// Every kernel of a vector type and its integer dots, as one table.
#pragma once
#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/attention.h"
#include "backends/cpu/kernels/elementwise.h"
#include "backends/cpu/kernels/linear_blocked.h"
#include "backends/cpu/kernels/linear_float.h"

namespace trivium::cpu {

template <class V, class Dots>
KernelTable make_table(const char* name) {
  return {
      .name = name,
      .linear_f32 = LinearFloat<V, float>::run,
      .linear_f16 = LinearFloat<V, Half>::run,
      .linear_bf16 = LinearFloat<V, Brain>::run,
      .linear_q8 = LinearBlocked<V, Dots, Q8Block>::run,
      .linear_q4 = LinearBlocked<V, Dots, Q4Block>::run,
      .linear_q4_k = LinearBlocked<V, Dots, Q4SuperBlock>::run,
      .linear_q5_k = LinearBlocked<V, Dots, Q5SuperBlock>::run,
      .linear_q6_k = LinearBlocked<V, Dots, Q6SuperBlock>::run,
      .quantize_row = Elementwise<V>::quantize_row,
      .normalize = Elementwise<V>::normalize,
      .glu = Elementwise<V>::glu,
      .activate = Elementwise<V>::activate,
      .add = Elementwise<V>::add,
      .attend = AttentionKernel<V>::run,
  };
}

}  // namespace trivium::cpu
