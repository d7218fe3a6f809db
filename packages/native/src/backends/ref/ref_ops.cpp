#include "backends/ref/ref_ops.h"

#include <algorithm>
#include <cmath>

#include "backends/ref/ref_attention.h"

namespace trivium::ref {
namespace {

constexpr Matrix absent{};

void embed_rows(const EmbedRows& op, Matrix table, Matrix out, const Bindings& bindings) {
  for (std::int64_t t = 0; t < out.rows; ++t) {
    std::int32_t id = 0;
    if (op.ids == IdInput::tokens) id = bindings.tokens[t];
    if (op.ids == IdInput::positions) id = bindings.positions[t];
    if (op.ids == IdInput::types && !bindings.types.empty()) id = bindings.types[t];
    for (std::int64_t c = 0; c < out.columns; ++c) out.row(t)[c] = table.row(id)[c] * op.scale;
  }
}

void normalize(const Normalize& op, Matrix x, Matrix weight, Matrix bias, Matrix out) {
  for (std::int64_t r = 0; r < x.rows; ++r)
    for (std::int64_t start = 0; start < x.columns; start += op.group) {
      const float* in = x.row(r) + start;
      double mean = 0, square = 0;
      if (op.kind == NormKind::layer) {
        for (std::int64_t c = 0; c < op.group; ++c) mean += in[c];
        mean /= double(op.group);
      }
      for (std::int64_t c = 0; c < op.group; ++c) square += (in[c] - mean) * (in[c] - mean);
      const double scale = 1 / std::sqrt(square / double(op.group) + op.epsilon);
      for (std::int64_t c = 0; c < op.group; ++c)
        out.row(r)[start + c] =
            float((in[c] - mean) * scale * weight.data[c] + (bias.data ? bias.data[c] : 0.0f));
    }
}

void linear(Matrix x, Matrix weight, Matrix bias, Matrix out) {
  for (std::int64_t r = 0; r < x.rows; ++r)
    for (std::int64_t n = 0; n < weight.rows; ++n) {
      double sum = bias.data ? bias.data[n] : 0.0;
      for (std::int64_t k = 0; k < x.columns; ++k) sum += double(x.row(r)[k]) * weight.row(n)[k];
      out.row(r)[n] = float(sum);
    }
}

void rope(const Rope& op, Matrix x, Matrix out, const Bindings& bindings) {
  std::copy(x.data, x.data + x.rows * x.columns, out.data);
  const int half = op.rotary_dim / 2;
  for (std::int64_t t = 0; t < x.rows; ++t)
    for (int head = 0; head < op.heads; ++head)
      for (int i = 0; i < half; ++i) {
        const bool interleaved = op.style == RopeStyle::interleaved;
        const std::int64_t first = std::int64_t(head) * op.head_dim + (interleaved ? 2 * i : i);
        const std::int64_t second = first + (interleaved ? 1 : half);
        const double angle = double(bindings.positions[t]) * op.inverse_frequencies[i];
        const double cosine = std::cos(angle) * op.attention_scale,
                     sine = std::sin(angle) * op.attention_scale;
        const double a = x.row(t)[first], b = x.row(t)[second];
        out.row(t)[first] = float(a * cosine - b * sine);
        out.row(t)[second] = float(a * sine + b * cosine);
      }
}

double activated(Activation activation, double x) {
  switch (activation) {
    case Activation::silu:
      return x / (1 + std::exp(-x));
    case Activation::gelu_erf:
      return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case Activation::gelu_tanh:
      return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case Activation::tanh:
      return std::tanh(x);
  }
  return x;
}

void pool(Pooling pooling, Matrix x, Matrix out, const Bindings& bindings) {
  for (std::int64_t s = 0; s < out.rows; ++s) {
    const SequenceSlice& slice = bindings.sequences[s];
    for (std::int64_t c = 0; c < out.columns; ++c) {
      if (pooling == Pooling::cls || pooling == Pooling::last) {
        out.row(s)[c] = x.row(slice.first_row + (pooling == Pooling::last ? slice.rows - 1 : 0))[c];
        continue;
      }
      double sum = 0;
      for (std::int32_t r = 0; r < slice.rows; ++r) sum += x.row(slice.first_row + r)[c];
      out.row(s)[c] = float(pooling == Pooling::mean ? sum / slice.rows : sum);
    }
  }
}

void normalize_l2(Matrix x, Matrix out) {
  for (std::int64_t r = 0; r < x.rows; ++r) {
    double square = 0;
    for (std::int64_t c = 0; c < x.columns; ++c) square += double(x.row(r)[c]) * x.row(r)[c];
    const double scale = square > 0 ? 1 / std::sqrt(square) : 0;
    for (std::int64_t c = 0; c < x.columns; ++c) out.row(r)[c] = float(x.row(r)[c] * scale);
  }
}

}  // namespace

void run_node(const Node& node, std::vector<Matrix>& views, const Bindings& bindings) {
  const auto in = [&](std::size_t i) {
    return i < node.inputs.size() && node.inputs[i] != no_tensor ? views[node.inputs[i]] : absent;
  };
  Matrix out = views[node.output];
  const std::int64_t count = out.rows * out.columns;
  if (const auto* op = std::get_if<EmbedRows>(&node.op)) {
    embed_rows(*op, in(0), out, bindings);
  } else if (const auto* op = std::get_if<Normalize>(&node.op)) {
    normalize(*op, in(0), in(1), in(2), out);
  } else if (std::holds_alternative<Linear>(node.op)) {
    linear(in(0), in(1), in(2), out);
  } else if (const auto* op = std::get_if<Rope>(&node.op)) {
    rope(*op, in(0), out, bindings);
  } else if (const auto* op = std::get_if<PagedAttention>(&node.op)) {
    paged_attention(*op, in(0), in(1), in(2), out, bindings);
  } else if (const auto* op = std::get_if<RaggedAttention>(&node.op)) {
    ragged_attention(*op, in(0), in(1), in(2), out, bindings);
  } else if (const auto* op = std::get_if<Glu>(&node.op)) {
    for (std::int64_t i = 0; i < count; ++i)
      out.data[i] = float(activated(op->activation, in(0).data[i]) * in(1).data[i]);
  } else if (const auto* op = std::get_if<Activate>(&node.op)) {
    for (std::int64_t i = 0; i < count; ++i) out.data[i] = float(activated(op->activation, in(0).data[i]));
  } else if (std::holds_alternative<Add>(node.op)) {
    for (std::int64_t i = 0; i < count; ++i) out.data[i] = in(0).data[i] + in(1).data[i];
  } else if (std::holds_alternative<GatherOutputs>(node.op)) {
    for (std::int64_t r = 0; r < out.rows; ++r)
      std::copy_n(in(0).row(bindings.output_rows[r]), out.columns, out.row(r));
  } else if (const auto* op = std::get_if<Pool>(&node.op)) {
    pool(op->pooling, in(0), out, bindings);
  } else if (std::holds_alternative<NormalizeL2>(node.op)) {
    normalize_l2(in(0), out);
  }
}

}  // namespace trivium::ref
