// The kernels of one instruction set. Filled at start from the folder that fits the processor; callers split rows,
// panels and heads among threads, kernels never do.
#pragma once
#include <cstdint>

#include "backends/cpu/packed_matrix.h"
#include "backends/cpu/kernels/elements.h"
#include "plan/plan.h"

namespace trivium::cpu {

// Activations as the integer kernels read them: one scale a block of 32.
struct QuantizedRows {
  const std::int8_t* values;   // (rows, columns)
  const float* scales;         // (rows, columns / 32)
  const std::int32_t* sums;    // (rows, columns / 32): sum of the block's values
};

// One page (or stretch of at most 64 keys) of one head, as attention reads it.
struct KeyBlock {
  const std::byte* keys;       // (head_dim, 64) transposed, in the page's dtype
  const std::byte* values;     // (64, head_dim), rows `value_stride` elements apart
  std::int64_t value_stride;
  int first, end;              // the keys this query sees, in [0, 64]
};

struct KernelTable {
  const char* name;
  // out (rows, panels * 16) for panels [first, last): x (rows, columns) times the panels, plus bias when not null.
  void (*linear_f32)(const float* x, std::int64_t rows, const PackedMatrix& w, std::int64_t first, std::int64_t last,
                     const float* bias, float* out);
  void (*linear_f16)(const float* x, std::int64_t rows, const PackedMatrix& w, std::int64_t first, std::int64_t last,
                     const float* bias, float* out);
  void (*linear_bf16)(const float* x, std::int64_t rows, const PackedMatrix& w, std::int64_t first, std::int64_t last,
                      const float* bias, float* out);
  void (*linear_q8)(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first, std::int64_t last,
                    const float* bias, float* out);
  void (*linear_q4)(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first, std::int64_t last,
                    const float* bias, float* out);
  void (*quantize_row)(const float* x, std::int64_t columns, std::int8_t* values, float* scales, std::int32_t* sums);
  void (*normalize)(const Normalize& op, const float* x, const float* weight, const float* bias, std::int64_t columns, float* out);
  void (*glu)(Activation activation, const float* gate, const float* up, std::int64_t count, float* out);
  void (*activate)(Activation activation, const float* x, std::int64_t count, float* out);
  void (*add)(const float* a, const float* b, std::int64_t count, float* out);
  // One query head over key blocks in order; `dtype` f32 or f16 of keys and values. out (head_dim).
  void (*attend)(const float* query, const KeyBlock* blocks, int block_count, DType dtype, int head_dim, float scale, float* out);
};

const KernelTable& generic_kernels();
const KernelTable* avx2_kernels();    // nullptr where the folder is not built
const KernelTable* avx512_kernels();

Result<const KernelTable*> select_kernels();  // by select_isa()

}  // namespace trivium::cpu
