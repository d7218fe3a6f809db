// The kernels of one instruction set. Filled at start from the folder that fits the processor; callers split
// rows, panels and heads among threads, kernels never do.
#pragma once
#include <cstdint>

#include "backends/cpu/kernels/elements.h"
#include "backends/cpu/packed_matrix.h"
#include "plan/plan.h"
#include "tensor/page_geometry.h"

namespace trivium::cpu {

// Activations as the integer kernels read them: one scale a block of 32. A row has one level, or two whose values add up:
// the second is what rounding to the first left, so that a row keeps twice the bits and kernels multiply two rows for it.
struct QuantizedRows {
  const std::int8_t* values;  // (rows, levels, columns)
  const float* scales;        // (rows, levels, columns / 32)
  const std::int32_t* sums;   // (rows, levels, columns / 16): of the values of each half of a block
  int levels = 1;             // 1 or 2
};

// 64 keys of one head, as attention reads them. In q8_0 the bytes lie like the elements of other types, and behind
// them f16 scales of each 32 channels: (head_dim / 32, 64) of keys, (64, head_dim / 32) of values.
struct KeyBlock {
  const std::byte* keys;    // (head_dim, 64): transposed
  const std::byte* values;  // (64, head_dim), rows AttentionKeys::value_stride elements apart
};

// The keys of one head of one sequence.
struct AttentionKeys {
  const KeyBlock* blocks;  // block i holds positions [64 i, 64 i + 64)
  DType dtype;             // f32, f16 or q8_0, of keys and values
  std::int64_t value_stride;
};

inline constexpr int most_queries = 4;
struct AttentionQuery {
  const float* query;       // (head_dim)
  float* out;               // (head_dim)
  std::int64_t begin, end;  // the positions it sees
};

struct KernelTable {
  const char* name;
  // out (rows, panels * 16) for panels [first, last): x (rows, columns) times the panels, plus bias when not
  // null.
  void (*linear_f32)(const float* x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                     std::int64_t last, const float* bias, float* out);
  void (*linear_f16)(const float* x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                     std::int64_t last, const float* bias, float* out);
  void (*linear_bf16)(const float* x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                      std::int64_t last, const float* bias, float* out);
  void (*linear_q8)(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                    std::int64_t last, const float* bias, float* out);
  void (*linear_q4)(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                    std::int64_t last, const float* bias, float* out);
  void (*linear_q4_k)(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                      std::int64_t last, const float* bias, float* out);
  void (*linear_q5_k)(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                      std::int64_t last, const float* bias, float* out);
  void (*linear_q6_k)(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                      std::int64_t last, const float* bias, float* out);
  // One row of QuantizedRows, all its levels.
  void (*quantize_row)(const float* x, std::int64_t columns, int levels, std::int8_t* values, float* scales,
                       std::int32_t* sums);
  void (*normalize)(const Normalize& op, const float* x, const float* weight, const float* bias,
                    std::int64_t columns, float* out);
  void (*glu)(Activation activation, const float* gate, const float* up, std::int64_t count, float* out);
  void (*activate)(Activation activation, const float* x, std::int64_t count, float* out);
  void (*add)(const float* a, const float* b, std::int64_t count, float* out);
  // `count` in [1, most_queries] queries over the same keys.
  void (*attend)(const AttentionQuery* queries, int count, const AttentionKeys& all, int head_dim,
                 float scale);
};

const KernelTable& generic_kernels();
const KernelTable& wide_generic_kernels();  // sixteen lanes, for tests
const KernelTable* neon_kernels();          // nullptr where the folder is not built
const KernelTable* avx2_kernels();
const KernelTable* avx512_kernels();

Result<const KernelTable*> select_kernels();  // by select_isa()

}  // namespace trivium::cpu
