// A compiled plan: where each activation lives, which are shared in time, and which rope tables a step needs.
// Runs nodes in order, splitting rows, panels and heads among the pool.
#pragma once
#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "backends/backend.h"
#include "backends/cpu/kernel_table.h"
#include "base/thread_pool.h"

namespace trivium::cpu {

class CpuBuffer final : public Buffer {
 public:
  Role role = Role::vector;
  PackedMatrix matrix;             // matrix, matrix_and_table
  HeldBytes plain;                 // vector: f32 (columns); table: (rows, columns) as in the file
  DType table_dtype = DType::f32;  // of a table's rows

  bool is_matrix() const { return role == Role::matrix || role == Role::matrix_and_table; }
  const HeldBytes& held() const { return is_matrix() ? matrix.bytes : plain; }
  const float* vector() const { return reinterpret_cast<const float*>(plain.data()); }
  std::size_t bytes() const override { return held().size(); }
  std::span<const std::byte> packed() const override { return {held().data(), held().size()}; }
};

class CpuProgram final : public Program {
 public:
  CpuProgram(const Plan& plan, std::vector<std::shared_ptr<const Buffer>> weights, const BatchShape& largest,
             const KernelTable& kernels);
  std::size_t scratch_bytes() const override;
  // Takes the scratch memory, before the first run. No step reads what it has not written: nothing is filled.
  Status reserve();
  Status run(const Bindings& bindings);

 private:
  struct RopeTable {
    const Rope* rope;
    std::vector<float> cosines, sines;  // (tokens, rotary_dim / 2)
  };

  void lay_out();
  void run_node(std::size_t index, const Bindings& bindings);
  void embed_rows(const Node& node, const EmbedRows& op, const Bindings& bindings);
  void linear(const Node& node, const Linear& op, std::int64_t rows);
  void rope(const Node& node, const Rope& op, const RopeTable& table, std::int64_t rows);
  void paged_attention(const Node& node, const PagedAttention& op, const Bindings& bindings);
  void ragged_attention(const Node& node, const RaggedAttention& op, const Bindings& bindings);
  template <class Seen>
  void attend_stretch(const Attention& op, const float* q, float* out, std::int64_t first_row, int kv_head,
                      std::int64_t first, std::int64_t last, const AttentionKeys& all, const Seen& seen);
  void store_keys(const Node& node, const PagedAttention& op, const Bindings& bindings);
  void pool(const Node& node, Pooling pooling, const Bindings& bindings);
  void fill_rope_tables(const Bindings& bindings);

  const PlanTensor& tensor(TensorId id) const { return plan_.tensors()[id]; }
  const CpuBuffer& weight(TensorId id) const {
    return static_cast<const CpuBuffer&>(*weights_[tensor(id).weight]);
  }
  const float* vector_or_null(TensorId id) const {
    return id == no_tensor ? nullptr : weight(id).vector();
  }
  float* activation(TensorId id) { return storage_[slot_of_[id]].get(); }

  Plan plan_;
  std::vector<std::shared_ptr<const Buffer>> weights_;
  std::set<std::shared_ptr<const MappedFile>> files_;  // that weights lie in
  BatchShape largest_;
  const KernelTable& kernels_;
  std::vector<int> slot_of_;                 // activation -> storage, -1 for weights
  std::vector<std::size_t> slot_sizes_;      // floats
  std::vector<std::unique_ptr<float[]>> storage_;  // (largest rows, columns), reused once nobody reads it any more
  std::vector<RopeTable> rope_tables_;       // one for each distinct set of frequencies
  std::vector<int> rope_table_of_;           // node -> table, -1
  std::size_t quantized_size_ = 0;
  std::unique_ptr<std::int8_t[]> quantized_;  // (tokens, levels, widest columns)
  std::unique_ptr<float[]> scales_;           // (tokens, levels, widest columns / 32)
  std::unique_ptr<std::int32_t[]> sums_;      // (tokens, levels, widest columns / 16)
  TensorId quantized_source_ = no_tensor;    // whose rows quantized_ holds: Q, K and V share one pass
  int quantized_levels_ = 0;                 // and how fine
};

// Calls body(first, last) over [0, count) in `grain`-sized tasks; in place when there is only one.
template <class Body>
void split(std::int64_t count, std::int64_t grain, const Body& body) {
  const std::int64_t tasks = (count + grain - 1) / grain;
  if (tasks <= 1) return body(0, count);
  ThreadPool::instance().run(static_cast<std::size_t>(tasks), [&](std::size_t task) {
    const std::int64_t first = std::int64_t(task) * grain;
    body(first, std::min(count, first + grain));
  });
}

}  // namespace trivium::cpu
