// Attention as its definition: a softmax over the keys a query sees. Keys and values go through the page's
// dtype first, as they do in a real cache, so that a step sees exactly what later steps will see.
#include "backends/ref/ref_attention.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "tensor/codecs.h"

namespace trivium::ref {
namespace {

using RowReader = std::function<void(std::int64_t position, float* destination)>;  // one head of one position

void attend(const Attention& op, const float* query, std::int64_t first, std::int64_t end,
            const RowReader& key, const RowReader& value, float* out) {
  std::vector<float> row(op.head_dim);
  std::vector<double> scores(end - first);
  double largest = -INFINITY;
  for (std::int64_t p = first; p < end; ++p) {
    key(p, row.data());
    double dot = 0;
    for (int d = 0; d < op.head_dim; ++d) dot += double(query[d]) * row[d];
    scores[p - first] = dot * op.scale;
    largest = std::max(largest, scores[p - first]);
  }
  std::vector<double> sum(op.head_dim, 0.0);
  double total = 0;
  for (std::int64_t p = first; p < end; ++p) {
    const double weight = std::exp(scores[p - first] - largest);
    total += weight;
    value(p, row.data());
    for (int d = 0; d < op.head_dim; ++d) sum[d] += weight * row[d];
  }
  for (int d = 0; d < op.head_dim; ++d) out[d] = float(sum[d] / total);
}

void store(const PagedAttention& op, const KvView& kv, const SequenceSlice& slice, Matrix k, Matrix v) {
  const std::size_t row = row_bytes(kv.geometry.dtype, op.head_dim);
  for (std::int32_t r = 0; r < slice.rows; ++r) {
    const std::int32_t position = slice.position + r;
    std::byte* page = kv.pages[slice.pages[position / page_tokens]];
    for (int head = 0; head < op.kv_heads; ++head) {
      const std::size_t at = std::size_t(position % page_tokens) * row;
      const std::int64_t column = std::int64_t(head) * op.head_dim;
      encode_row(kv.geometry.dtype, k.row(slice.first_row + r) + column,
                 page + kv.geometry.key_offset(op.layer, head) + at, op.head_dim);
      encode_row(kv.geometry.dtype, v.row(slice.first_row + r) + column,
                 page + kv.geometry.value_offset(op.layer, head) + at, op.head_dim);
    }
  }
}

}  // namespace

void paged_attention(const PagedAttention& op, Matrix q, Matrix k, Matrix v, Matrix out,
                     const Bindings& bindings) {
  const KvView& kv = bindings.kv;
  const std::size_t row = row_bytes(kv.geometry.dtype, op.head_dim);
  for (const SequenceSlice& slice : bindings.sequences) {
    store(op, kv, slice, k, v);
    for (int head = 0; head < op.heads; ++head) {
      const int kv_head = head / (op.heads / op.kv_heads);
      const auto reader = [&](std::size_t offset) {
        return [&, offset](std::int64_t position, float* destination) {
          const std::byte* page = kv.pages[slice.pages[position / page_tokens]];
          decode_row(kv.geometry.dtype, page + offset + (position % page_tokens) * row, destination,
                     op.head_dim);
        };
      };
      const RowReader key = reader(kv.geometry.key_offset(op.layer, kv_head));
      const RowReader value = reader(kv.geometry.value_offset(op.layer, kv_head));
      for (std::int32_t r = 0; r < slice.rows; ++r) {
        const std::int64_t end = std::int64_t(slice.position) + r + 1;
        const std::int64_t first = op.window > 0 ? std::max<std::int64_t>(0, end - op.window) : 0;
        const std::int64_t column = std::int64_t(head) * op.head_dim;
        attend(op, q.row(slice.first_row + r) + column, first, end, key, value,
               out.row(slice.first_row + r) + column);
      }
    }
  }
}

void ragged_attention(const RaggedAttention& op, Matrix q, Matrix k, Matrix v, Matrix out,
                      const Bindings& bindings) {
  for (const SequenceSlice& slice : bindings.sequences)
    for (int head = 0; head < op.heads; ++head) {
      const std::int64_t kv_column = std::int64_t(head / (op.heads / op.kv_heads)) * op.head_dim;
      const auto reader = [&](Matrix matrix) {
        return [&, matrix](std::int64_t position, float* destination) {
          std::copy_n(matrix.row(slice.first_row + position) + kv_column, op.head_dim, destination);
        };
      };
      for (std::int32_t r = 0; r < slice.rows; ++r) {
        const std::int64_t column = std::int64_t(head) * op.head_dim;
        attend(op, q.row(slice.first_row + r) + column, 0, slice.rows, reader(k), reader(v),
               out.row(slice.first_row + r) + column);
      }
    }
}

}  // namespace trivium::ref
