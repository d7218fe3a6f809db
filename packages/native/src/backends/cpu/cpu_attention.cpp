// Attention of a step: keys and values into their pages, then every query head over its pages. This backend
// keeps a page's keys transposed, (head_dim, 64) a head, in the bytes PageGeometry gives them: pages are
// copied whole or not at all. Work is cut into stretches of queries that share a key/value head, over all
// sequences of the step at once, so a batch of decoding sequences costs one barrier.
#include <cstring>
#include <utility>

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

// Keys of one position into their column of a page's head, values into their row.
void write_plain(DType dtype, std::byte* keys, std::byte* values, std::int64_t slot, const float* k, const float* v,
                 int head_dim) {
  const std::size_t element = info(dtype).block_bytes;
  for (int d = 0; d < head_dim; ++d) {
    write_element(dtype, keys + (std::size_t(d) * page_tokens + slot) * element, k[d]);
    write_element(dtype, values + (std::size_t(slot) * head_dim + d) * element, v[d]);
  }
}

// The same in eight bits, as KeyBlock has them: rounded as Q8_0 is everywhere.
void write_bytes(std::byte* keys, std::byte* values, std::int64_t slot, const float* k, const float* v, int head_dim) {
  const std::int64_t groups = head_dim / block_columns;
  const std::size_t plane = std::size_t(page_tokens) * head_dim;
  std::byte packed[2 + block_columns];  // scale and levels of a block of Q8_0
  for (std::int64_t g = 0; g < groups; ++g) {
    encode_row(DType::q8_0, k + g * block_columns, packed, block_columns);
    std::memcpy(keys + plane + (g * page_tokens + slot) * 2, packed, 2);
    for (int d = 0; d < block_columns; ++d) keys[(g * block_columns + d) * page_tokens + slot] = packed[2 + d];
    encode_row(DType::q8_0, v + g * block_columns, packed, block_columns);
    std::memcpy(values + plane + (slot * groups + g) * 2, packed, 2);
    std::memcpy(values + slot * head_dim + g * block_columns, packed + 2, block_columns);
  }
}

// Queries of one sequence that share a key/value head, numbered row-major: query i is row i / group, head i %
// group.
struct Stretch {
  const SequenceSlice* slice;
  int kv_head;
  std::int64_t first, last;
};

constexpr std::int64_t task_products = 1 << 18;  // multiply-adds that pay for waking a thread

std::vector<Stretch> stretches_of(const Bindings& bindings, const Attention& op, bool whole_heads) {
  std::vector<Stretch> stretches;
  const std::int64_t group = op.heads / op.kv_heads;
  for (const SequenceSlice& slice : bindings.sequences) {
    const std::int64_t queries = slice.rows * group;
    const std::int64_t keys = std::int64_t(slice.position) + slice.rows;
    const std::int64_t cost = std::max<std::int64_t>(1, keys * op.head_dim * 2 * most_queries);
    const std::int64_t length =
        whole_heads ? queries : most_queries * std::max<std::int64_t>(1, task_products / cost);
    for (int kv_head = 0; kv_head < op.kv_heads; ++kv_head)
      for (std::int64_t first = 0; first < queries; first += length)
        stretches.push_back({&slice, kv_head, first, std::min(queries, first + length)});
  }
  return stretches;
}

// Stretches a task: the small ones of a decoding batch go together.
std::int64_t stretch_grain(const Bindings& bindings, const Attention& op, std::size_t stretches) {
  std::int64_t products = 0;
  for (const SequenceSlice& slice : bindings.sequences)
    products += (std::int64_t(slice.position) + slice.rows) * slice.rows * op.heads * op.head_dim * 2;
  const std::int64_t tasks = std::max<std::int64_t>(1, products / task_products);
  return std::max<std::int64_t>(1, (std::int64_t(stretches) + tasks - 1) / tasks);
}

}  // namespace

// Queries [first, last) of a stretch, four at a time; seen(row) is the range of positions that row sees.
template <class Seen>
void CpuProgram::attend_stretch(const Attention& op, const float* q, float* out, std::int64_t first_row,
                                int kv_head, std::int64_t first, std::int64_t last, const AttentionKeys& all,
                                const Seen& seen) {
  const std::int64_t group = op.heads / op.kv_heads, columns = std::int64_t(op.heads) * op.head_dim;
  AttentionQuery queries[most_queries];
  for (std::int64_t i = first; i < last; i += most_queries) {
    const int count = static_cast<int>(std::min<std::int64_t>(most_queries, last - i));
    for (int j = 0; j < count; ++j) {
      const std::int64_t row = (i + j) / group, head = kv_head * group + (i + j) % group;
      const std::int64_t at = (first_row + row) * columns + head * op.head_dim;
      const auto [begin, end] = seen(row);
      queries[j] = {q + at, out + at, begin, end};
    }
    kernels_.attend(queries, count, all, op.head_dim, op.scale);
  }
}

void CpuProgram::store_keys(const Node& node, const PagedAttention& op, const Bindings& bindings) {
  const float *k = activation(node.inputs[1]), *v = activation(node.inputs[2]);
  const KvView& kv = bindings.kv;
  const DType dtype = kv.geometry.dtype;
  const std::int64_t columns = std::int64_t(op.kv_heads) * op.head_dim;
  const auto store_row = [&](const SequenceSlice& slice, std::int64_t row) {
    const std::int64_t position = slice.position + row, slot = position % page_tokens;
    std::byte* page = kv.pages[slice.pages[position / page_tokens]];
    for (int head = 0; head < op.kv_heads; ++head) {
      const std::int64_t from = (slice.first_row + row) * columns + std::int64_t(head) * op.head_dim;
      std::byte* keys = page + kv.geometry.key_offset(op.layer, head);
      std::byte* values = page + kv.geometry.value_offset(op.layer, head);
      if (dtype == DType::q8_0)
        write_bytes(keys, values, slot, k + from, v + from, op.head_dim);
      else
        write_plain(dtype, keys, values, slot, k + from, v + from, op.head_dim);
    }
  };
  split(std::int64_t(bindings.tokens.size()), 16, [&](std::int64_t first, std::int64_t last) {
    for (const SequenceSlice& slice : bindings.sequences)
      for (std::int64_t r = std::max<std::int64_t>(first, slice.first_row);
           r < std::min<std::int64_t>(last, slice.first_row + slice.rows); ++r)
        store_row(slice, r - slice.first_row);
  });
}

void CpuProgram::paged_attention(const Node& node, const PagedAttention& op, const Bindings& bindings) {
  store_keys(node, op, bindings);
  const float* q = activation(node.inputs[0]);
  float* out = activation(node.output);
  const KvView& kv = bindings.kv;
  const std::vector<Stretch> stretches = stretches_of(bindings, op, false);
  split(std::int64_t(stretches.size()), stretch_grain(bindings, op, stretches.size()),
        [&](std::int64_t first, std::int64_t last) {
          std::vector<KeyBlock> blocks;  // of every page of the sequence
          for (std::int64_t s = first; s < last; ++s) {
            const Stretch& stretch = stretches[s];
            const SequenceSlice& slice = *stretch.slice;
            blocks.clear();
            for (std::int64_t p = 0; p * page_tokens < std::int64_t(slice.position) + slice.rows; ++p) {
              const std::byte* page = kv.pages[slice.pages[p]];
              blocks.push_back({page + kv.geometry.key_offset(op.layer, stretch.kv_head),
                                page + kv.geometry.value_offset(op.layer, stretch.kv_head)});
            }
            attend_stretch(op, q, out, slice.first_row, stretch.kv_head, stretch.first, stretch.last,
                           {blocks.data(), kv.geometry.dtype, op.head_dim}, [&](std::int64_t row) {
                             const std::int64_t end = slice.position + row + 1;
                             return std::pair(
                                 op.window > 0 ? std::max<std::int64_t>(0, end - op.window) : std::int64_t(0),
                                 end);
                           });
          }
        });
}

void CpuProgram::ragged_attention(const Node& node, const RaggedAttention& op, const Bindings& bindings) {
  const float *q = activation(node.inputs[0]), *k = activation(node.inputs[1]),
              *v = activation(node.inputs[2]);
  float* out = activation(node.output);
  const std::int64_t kv_columns = std::int64_t(op.kv_heads) * op.head_dim;
  // A stretch is a whole head of a sequence: its keys are transposed once for all queries.
  const std::vector<Stretch> stretches = stretches_of(bindings, op, true);
  split(std::int64_t(stretches.size()), stretch_grain(bindings, op, stretches.size()),
        [&](std::int64_t first, std::int64_t last) {
          std::vector<float> transposed;  // (blocks, head_dim, 64)
          std::vector<KeyBlock> blocks;
          for (std::int64_t s = first; s < last; ++s) {
            const SequenceSlice& slice = *stretches[s].slice;
            const int kv_head = stretches[s].kv_head;
            const std::int64_t count = (slice.rows + page_tokens - 1) / page_tokens,
                               block = std::int64_t(op.head_dim) * page_tokens;
            transposed.assign(std::size_t(count * block), 0.0f);
            blocks.clear();
            for (std::int64_t t = 0; t < slice.rows; ++t) {
              const std::int64_t from =
                  (slice.first_row + t) * kv_columns + std::int64_t(kv_head) * op.head_dim;
              float* keys = transposed.data() + t / page_tokens * block;
              if (t % page_tokens == 0)
                blocks.push_back(
                    {reinterpret_cast<const std::byte*>(keys), reinterpret_cast<const std::byte*>(v + from)});
              for (int d = 0; d < op.head_dim; ++d) keys[d * page_tokens + t % page_tokens] = k[from + d];
            }
            attend_stretch(op, q, out, slice.first_row, kv_head, stretches[s].first, stretches[s].last,
                           {blocks.data(), DType::f32, kv_columns}, [&](std::int64_t) {
                             return std::pair(std::int64_t(0), std::int64_t(slice.rows));
                           });
          }
        });
}

}  // namespace trivium::cpu
