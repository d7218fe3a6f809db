#include "backends/cpu/cpu_program.h"

#include <cmath>

#include "backends/check_bindings.h"
#include "base/physical_memory.h"
#include "tensor/codecs.h"

namespace trivium::cpu {
namespace {

std::int64_t most_rows(const PlanTensor& tensor, const BatchShape& largest) {
  switch (tensor.rows) {
    case Rows::fixed:
      return tensor.row_count;
    case Rows::tokens:
      return largest.tokens;
    case Rows::sequences:
      return largest.sequences;
    case Rows::outputs:
      return largest.outputs;
  }
  return 0;
}

// A level holds eight bits.
int levels_of(const Linear& op) { return op.activation_bits > 8 ? 2 : 1; }

// Rows a task: enough work that waking a thread pays.
std::int64_t row_grain(std::int64_t columns) {
  return std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, columns));
}

}  // namespace

CpuProgram::CpuProgram(const Plan& plan, std::vector<std::shared_ptr<const Buffer>> weights,
                       const BatchShape& largest, const KernelTable& kernels)
    : plan_(plan), weights_(std::move(weights)), largest_(largest), kernels_(kernels) {
  for (const auto& weight : weights_)
    if (const auto& file = static_cast<const CpuBuffer&>(*weight).held().file()) files_.insert(file);
  lay_out();
}

// Each activation gets storage from its first to its last use; storage of the same size is handed on.
void CpuProgram::lay_out() {
  const std::size_t count = plan_.tensors().size();
  slot_of_.assign(count, -1);
  rope_table_of_.assign(plan_.nodes().size(), -1);
  std::vector<std::size_t> last_use(count, 0);
  for (std::size_t n = 0; n < plan_.nodes().size(); ++n)
    for (TensorId input : plan_.nodes()[n].inputs)
      if (input != no_tensor) last_use[input] = n;
  for (TensorId output : plan_.outputs()) last_use[output] = plan_.nodes().size();
  std::vector<int> free_slots;
  std::int64_t widest = 0;
  for (std::size_t n = 0; n < plan_.nodes().size(); ++n) {
    const Node& node = plan_.nodes()[n];
    const std::size_t size =
        static_cast<std::size_t>(most_rows(tensor(node.output), largest_) * tensor(node.output).columns);
    const auto fit = std::find_if(free_slots.begin(), free_slots.end(),
                                  [&](int slot) { return slot_sizes_[slot] == size; });
    if (fit != free_slots.end()) {
      slot_of_[node.output] = *fit;
      free_slots.erase(fit);
    } else {
      slot_of_[node.output] = static_cast<int>(slot_sizes_.size());
      slot_sizes_.push_back(size);
    }
    // After the output has its place: no operation writes where it reads.
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const TensorId input = node.inputs[i];
      const bool repeated =
          std::find(node.inputs.begin(), node.inputs.begin() + i, input) != node.inputs.begin() + i;
      if (input != no_tensor && !repeated && slot_of_[input] >= 0 && last_use[input] == n)
        free_slots.push_back(slot_of_[input]);
    }
    if (const auto* op = std::get_if<Rope>(&node.op)) {
      std::size_t table = 0;
      while (table < rope_tables_.size() &&
             (rope_tables_[table].rope->inverse_frequencies != op->inverse_frequencies ||
              rope_tables_[table].rope->attention_scale != op->attention_scale))
        ++table;
      if (table == rope_tables_.size()) rope_tables_.push_back({op, {}, {}});
      rope_table_of_[n] = static_cast<int>(table);
    }
    if (const auto* op = std::get_if<Linear>(&node.op); op && is_blocked(tensor(node.inputs[1]).dtype))
      widest = std::max(widest, tensor(node.inputs[0]).columns * levels_of(*op));
  }
  quantized_size_ = static_cast<std::size_t>(widest * largest_.tokens);
}

std::size_t CpuProgram::scratch_bytes() const {
  std::size_t bytes = quantized_size_ + quantized_size_ / block_columns * (sizeof(float) + 2 * sizeof(std::int32_t));
  for (const std::size_t size : slot_sizes_) bytes += size * sizeof(float);
  return bytes;
}

Status CpuProgram::reserve() {
  // A matrix of few rows may be as wide as its file is long, and every row of a step is as wide.
  if (const std::size_t most = physical_memory_bytes() / 2; scratch_bytes() > most) {
    Error error;
    error.code = ErrorCode::out_of_memory;
    error.message = "The activations of one step take more than half of the memory.";
    error.expected = "at most " + std::to_string(most) + " bytes";
    error.found = std::to_string(scratch_bytes()) + " bytes";
    return error;
  }
  for (const std::size_t size : slot_sizes_) storage_.push_back(std::make_unique_for_overwrite<float[]>(size));
  quantized_ = std::make_unique_for_overwrite<std::int8_t[]>(quantized_size_);
  scales_ = std::make_unique_for_overwrite<float[]>(quantized_size_ / block_columns);
  sums_ = std::make_unique_for_overwrite<std::int32_t[]>(2 * (quantized_size_ / block_columns));
  return {};
}

Status CpuProgram::run(const Bindings& bindings) {
  TRIVIUM_TRY(check_bindings(plan_, largest_, bindings));
  fill_rope_tables(bindings);
  quantized_source_ = no_tensor;
  for (std::size_t n = 0; n < plan_.nodes().size(); ++n) {
    if (bindings.cancelled && bindings.cancelled->load(std::memory_order_relaxed)) {
      Error error;
      error.code = ErrorCode::cancelled;
      error.message = "The step was cancelled.";
      return error;
    }
    run_node(n, bindings);
  }
  for (std::size_t i = 0; i < plan_.outputs().size(); ++i)
    std::copy_n(activation(plan_.outputs()[i]), bindings.outputs[i].size(), bindings.outputs[i].data());
  for (const auto& file : files_) TRIVIUM_TRY(file->check());
  return {};
}

void CpuProgram::fill_rope_tables(const Bindings& bindings) {
  for (RopeTable& table : rope_tables_) {
    const std::size_t half = table.rope->inverse_frequencies.size();
    table.cosines.resize(bindings.positions.size() * half);
    table.sines.resize(table.cosines.size());
    split(std::int64_t(bindings.positions.size()), 16, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t t = first; t < last; ++t)
        for (std::size_t i = 0; i < half; ++i) {
          const double angle = double(bindings.positions[t]) * table.rope->inverse_frequencies[i];
          table.cosines[t * half + i] = float(std::cos(angle) * table.rope->attention_scale);
          table.sines[t * half + i] = float(std::sin(angle) * table.rope->attention_scale);
        }
    });
  }
}

void CpuProgram::run_node(std::size_t index, const Bindings& bindings) {
  const Node& node = plan_.nodes()[index];
  const PlanTensor& out = tensor(node.output);
  const std::int64_t rows = rows_in_step(out, bindings), columns = out.columns;
  // The slot may have held what was quantized last.
  if (quantized_source_ != no_tensor && slot_of_[quantized_source_] == slot_of_[node.output])
    quantized_source_ = no_tensor;
  const auto by_rows = [&](const auto& body) { split(rows, row_grain(columns), body); };
  float* to = activation(node.output);
  if (const auto* op = std::get_if<EmbedRows>(&node.op)) {
    embed_rows(node, *op, bindings);
  } else if (const auto* op = std::get_if<Normalize>(&node.op)) {
    const float *x = activation(node.inputs[0]), *w = vector_or_null(node.inputs[1]),
                *b = vector_or_null(node.inputs[2]);
    by_rows([&](std::int64_t first, std::int64_t last) {
      for (std::int64_t r = first; r < last; ++r)
        kernels_.normalize(*op, x + r * columns, w, b, columns, to + r * columns);
    });
  } else if (const auto* op = std::get_if<Linear>(&node.op)) {
    linear(node, *op, rows);
  } else if (const auto* op = std::get_if<Rope>(&node.op)) {
    rope(node, *op, rope_tables_[rope_table_of_[index]], rows);
  } else if (const auto* op = std::get_if<PagedAttention>(&node.op)) {
    paged_attention(node, *op, bindings);
  } else if (const auto* op = std::get_if<RaggedAttention>(&node.op)) {
    ragged_attention(node, *op, bindings);
  } else if (const auto* op = std::get_if<Pool>(&node.op)) {
    pool(node, op->pooling, bindings);
  } else if (std::holds_alternative<GatherOutputs>(node.op)) {
    const float* x = activation(node.inputs[0]);
    for (std::int64_t r = 0; r < rows; ++r)
      std::copy_n(x + bindings.output_rows[r] * columns, columns, to + r * columns);
  } else if (std::holds_alternative<NormalizeL2>(node.op)) {
    const float* x = activation(node.inputs[0]);
    for (std::int64_t r = 0; r < rows; ++r) {
      double square = 0;
      for (std::int64_t c = 0; c < columns; ++c) square += double(x[r * columns + c]) * x[r * columns + c];
      const float scale = square > 0 ? float(1 / std::sqrt(square)) : 0.0f;
      for (std::int64_t c = 0; c < columns; ++c) to[r * columns + c] = x[r * columns + c] * scale;
    }
  } else {
    const float *a = activation(node.inputs[0]),
                *b = node.inputs.size() > 1 ? activation(node.inputs[1]) : nullptr;
    by_rows([&](std::int64_t first, std::int64_t last) {
      const std::int64_t at = first * columns, count = (last - first) * columns;
      if (const auto* op = std::get_if<Glu>(&node.op))
        kernels_.glu(op->activation, a + at, b + at, count, to + at);
      if (const auto* op = std::get_if<Activate>(&node.op))
        kernels_.activate(op->activation, a + at, count, to + at);
      if (std::holds_alternative<Add>(node.op)) kernels_.add(a + at, b + at, count, to + at);
    });
  }
}

void CpuProgram::embed_rows(const Node& node, const EmbedRows& op, const Bindings& bindings) {
  const CpuBuffer& table = weight(node.inputs[0]);
  const std::int64_t columns = tensor(node.output).columns;
  float* out = activation(node.output);
  split(std::int64_t(bindings.tokens.size()), row_grain(columns), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t t = first; t < last; ++t) {
      std::int32_t id = 0;
      if (op.ids == IdInput::tokens) id = bindings.tokens[t];
      if (op.ids == IdInput::positions) id = bindings.positions[t];
      if (op.ids == IdInput::types && !bindings.types.empty()) id = bindings.types[t];
      float* row = out + t * columns;
      if (table.role == Role::matrix_and_table)
        unpack_row(table.matrix, id, row);
      else
        decode_row(table.table_dtype, table.plain.data() + id * row_bytes(table.table_dtype, columns), row,
                   columns);
      if (op.scale != 1)
        for (std::int64_t c = 0; c < columns; ++c) row[c] *= op.scale;
    }
  });
}

void CpuProgram::linear(const Node& node, const Linear& op, std::int64_t rows) {
  const PackedMatrix& w = weight(node.inputs[1]).matrix;
  const float *x = activation(node.inputs[0]), *bias = vector_or_null(node.inputs[2]);
  float* out = activation(node.output);
  const int levels = is_blocked(w.dtype) ? levels_of(op) : 1;
  const std::int64_t blocks = levels * w.columns / block_columns;
  if (is_blocked(w.dtype) && (quantized_source_ != node.inputs[0] || quantized_levels_ != levels)) {
    split(rows, row_grain(w.columns), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t r = first; r < last; ++r)
        kernels_.quantize_row(x + r * w.columns, w.columns, levels, quantized_.get() + r * levels * w.columns,
                              scales_.get() + r * blocks, sums_.get() + r * 2 * blocks);
    });
    quantized_source_ = node.inputs[0];
    quantized_levels_ = levels;
  }
  const QuantizedRows quantized{quantized_.get(), scales_.get(), sums_.get(), levels};
  // Tasks of about 32 k multiply-adds, at most eight a thread.
  const std::int64_t most_tasks = 8 * ThreadPool::instance().threads();
  const std::int64_t for_work =
      std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(1, rows * levels * w.columns * panel_rows / 16));
  const std::int64_t grain = std::max(for_work, (w.panels() + most_tasks - 1) / most_tasks);
  split(w.panels(), grain, [&](std::int64_t first, std::int64_t last) {
    switch (w.dtype) {
      case DType::f32:
        return kernels_.linear_f32(x, rows, w, first, last, bias, out);
      case DType::f16:
        return kernels_.linear_f16(x, rows, w, first, last, bias, out);
      case DType::bf16:
        return kernels_.linear_bf16(x, rows, w, first, last, bias, out);
      case DType::q8_0:
        return kernels_.linear_q8(quantized, rows, w, first, last, bias, out);
      case DType::q4_0:
        return kernels_.linear_q4(quantized, rows, w, first, last, bias, out);
      case DType::q4_k:
        return kernels_.linear_q4_k(quantized, rows, w, first, last, bias, out);
      case DType::q5_k:
        return kernels_.linear_q5_k(quantized, rows, w, first, last, bias, out);
      case DType::q6_k:
        return kernels_.linear_q6_k(quantized, rows, w, first, last, bias, out);
      case DType::i32:
        return;
    }
  });
}

void CpuProgram::rope(const Node& node, const Rope& op, const RopeTable& table, std::int64_t rows) {
  const float* x = activation(node.inputs[0]);
  float* out = activation(node.output);
  const std::int64_t columns = tensor(node.output).columns;
  const int half = op.rotary_dim / 2;
  const bool interleaved = op.style == RopeStyle::interleaved;
  split(rows, row_grain(columns), [&](std::int64_t first, std::int64_t last) {
    std::copy(x + first * columns, x + last * columns, out + first * columns);
    for (std::int64_t t = first; t < last; ++t)
      for (int head = 0; head < op.heads; ++head) {
        const float *in = x + t * columns + std::int64_t(head) * op.head_dim,
                    *cosine = &table.cosines[t * half], *sine = &table.sines[t * half];
        float* to = out + t * columns + std::int64_t(head) * op.head_dim;
        for (int i = 0; i < half; ++i) {
          const int a = interleaved ? 2 * i : i, b = interleaved ? a + 1 : i + half;
          to[a] = in[a] * cosine[i] - in[b] * sine[i];
          to[b] = in[a] * sine[i] + in[b] * cosine[i];
        }
      }
  });
}

void CpuProgram::pool(const Node& node, Pooling pooling, const Bindings& bindings) {
  const float* x = activation(node.inputs[0]);
  float* out = activation(node.output);
  const std::int64_t columns = tensor(node.output).columns;
  split(std::int64_t(bindings.sequences.size()), 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t s = first; s < last; ++s) {
      const SequenceSlice& slice = bindings.sequences[s];
      float* to = out + s * columns;
      if (pooling == Pooling::cls || pooling == Pooling::last) {
        std::copy_n(x + (slice.first_row + (pooling == Pooling::last ? slice.rows - 1 : 0)) * columns,
                    columns, to);
        continue;
      }
      std::fill_n(to, columns, 0.0f);
      for (std::int32_t r = 0; r < slice.rows; ++r)
        kernels_.add(to, x + (slice.first_row + r) * columns, columns, to);
      if (pooling == Pooling::mean)
        for (std::int64_t c = 0; c < columns; ++c) to[c] /= float(slice.rows);
    }
  });
}

}  // namespace trivium::cpu
