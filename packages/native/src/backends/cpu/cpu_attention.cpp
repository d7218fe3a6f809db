// Attention of a step: keys and values into their pages, then every query head over its pages. This backend keeps a
// page's keys transposed, (head_dim, 64) a head, in the bytes PageGeometry gives them.
#include <cstring>

#include "backends/cpu/cpu_program.h"
#include "tensor/codecs.h"

namespace trivium::cpu {
namespace {

void write_element(DType dtype, std::byte* at, float value) {
  if (dtype == DType::f32) {
    std::memcpy(at, &value, 4);
  } else {
    const std::uint16_t bits = f32_to_f16(value);
    std::memcpy(at, &bits, 2);
  }
}

}  // namespace

void CpuProgram::store_keys(const Node& node, const PagedAttention& op, const Bindings& bindings) {
  const float *k = activation(node.inputs[1]), *v = activation(node.inputs[2]);
  const KvView& kv = bindings.kv;
  const std::size_t element = info(kv.geometry.dtype).block_bytes;
  const std::int64_t columns = std::int64_t(op.kv_heads) * op.head_dim;
  for (const SequenceSlice& slice : bindings.sequences)
    split(slice.rows, 16, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t r = first; r < last; ++r) {
        const std::int64_t position = slice.position + r;
        std::byte* page = kv.pages[slice.pages[position / page_tokens]];
        const std::int64_t slot = position % page_tokens;
        for (int head = 0; head < op.kv_heads; ++head) {
          const std::int64_t from = (slice.first_row + r) * columns + std::int64_t(head) * op.head_dim;
          std::byte* keys = page + kv.geometry.key_offset(op.layer, head);
          std::byte* values = page + kv.geometry.value_offset(op.layer, head);
          for (int d = 0; d < op.head_dim; ++d) {
            write_element(kv.geometry.dtype, keys + (std::size_t(d) * page_tokens + slot) * element, k[from + d]);
            write_element(kv.geometry.dtype, values + (std::size_t(slot) * op.head_dim + d) * element, v[from + d]);
          }
        }
      }
    });
}

void CpuProgram::paged_attention(const Node& node, const PagedAttention& op, const Bindings& bindings) {
  store_keys(node, op, bindings);
  const float* q = activation(node.inputs[0]);
  float* out = activation(node.output);
  const KvView& kv = bindings.kv;
  const std::int64_t columns = std::int64_t(op.heads) * op.head_dim;
  const int group = op.heads / op.kv_heads;
  for (const SequenceSlice& slice : bindings.sequences) {
    // A task is one row and one key/value head: its query heads share the pages in cache.
    split(std::int64_t(slice.rows) * op.kv_heads, slice.position + slice.rows > 256 ? 1 : 8, [&](std::int64_t first, std::int64_t last) {
      std::vector<KeyBlock> blocks;
      for (std::int64_t task = first; task < last; ++task) {
        const std::int64_t row = task / op.kv_heads;
        const int kv_head = int(task % op.kv_heads);
        const std::int64_t end = slice.position + row + 1;
        const std::int64_t begin = op.window > 0 ? std::max<std::int64_t>(0, end - op.window) : 0;
        blocks.clear();
        for (std::int64_t p = begin / page_tokens; p * page_tokens < end; ++p) {
          const std::byte* page = kv.pages[slice.pages[p]];
          blocks.push_back({page + kv.geometry.key_offset(op.layer, kv_head), page + kv.geometry.value_offset(op.layer, kv_head),
                            op.head_dim, int(std::max<std::int64_t>(0, begin - p * page_tokens)),
                            int(std::min<std::int64_t>(page_tokens, end - p * page_tokens))});
        }
        for (int i = 0; i < group; ++i) {
          const std::int64_t at = (slice.first_row + row) * columns + std::int64_t(kv_head * group + i) * op.head_dim;
          kernels_.attend(q + at, blocks.data(), int(blocks.size()), kv.geometry.dtype, op.head_dim, op.scale, out + at);
        }
      }
    });
  }
}

void CpuProgram::ragged_attention(const Node& node, const RaggedAttention& op, const Bindings& bindings) {
  const float *q = activation(node.inputs[0]), *k = activation(node.inputs[1]), *v = activation(node.inputs[2]);
  float* out = activation(node.output);
  const std::int64_t columns = std::int64_t(op.heads) * op.head_dim, kv_columns = std::int64_t(op.kv_heads) * op.head_dim;
  const int group = op.heads / op.kv_heads;
  // One task a sequence and key/value head: it transposes the keys once for all queries.
  split(std::int64_t(bindings.sequences.size()) * op.kv_heads, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<float> transposed;  // (blocks, head_dim, 64)
    std::vector<KeyBlock> blocks;
    for (std::int64_t task = first; task < last; ++task) {
      const SequenceSlice& slice = bindings.sequences[task / op.kv_heads];
      const int kv_head = int(task % op.kv_heads);
      const int count = (slice.rows + page_tokens - 1) / page_tokens;
      transposed.assign(std::size_t(count) * op.head_dim * page_tokens, 0.0f);
      blocks.clear();
      for (int b = 0; b < count; ++b) {
        float* keys = transposed.data() + std::size_t(b) * op.head_dim * page_tokens;
        const std::int64_t begin = std::int64_t(b) * page_tokens;
        const int rows = int(std::min<std::int64_t>(page_tokens, slice.rows - begin));
        for (int t = 0; t < rows; ++t) {
          const float* row = k + (slice.first_row + begin + t) * kv_columns + std::int64_t(kv_head) * op.head_dim;
          for (int d = 0; d < op.head_dim; ++d) keys[d * page_tokens + t] = row[d];
        }
        const float* values = v + (slice.first_row + begin) * kv_columns + std::int64_t(kv_head) * op.head_dim;
        blocks.push_back({reinterpret_cast<const std::byte*>(keys), reinterpret_cast<const std::byte*>(values), kv_columns, 0, rows});
      }
      for (std::int32_t r = 0; r < slice.rows; ++r)
        for (int i = 0; i < group; ++i) {
          const std::int64_t at = (slice.first_row + r) * columns + std::int64_t(kv_head * group + i) * op.head_dim;
          kernels_.attend(q + at, blocks.data(), count, DType::f32, op.head_dim, op.scale, out + at);
        }
    }
  });
}

}  // namespace trivium::cpu
