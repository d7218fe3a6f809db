#include "models/build.h"

namespace trivium {
namespace {

using enum WeightName;

class Builder {
 public:
  Builder(const ModelSpec& spec, const WeightLookup& weights, int activation_bits)
      : spec_(spec), weights_(weights), plan_(activation_bits) {}

  Result<Plan> build() {
    TensorId x = embeddings();
    for (int i = 0; i < static_cast<int>(spec_.layers.size()); ++i) x = layer(x, i);
    if (spec_.head.logits) {
      plan_.output(logits(x));
    } else {
      plan_.output(spec_.head.scores > 0 ? scores(x) : embedding(x));
      plan_.output(plan_.gather_outputs(x));
    }
    return plan_.finish();
  }

 private:
  TensorId matrix(WeightName name, int layer, std::int64_t out, std::int64_t in) {
    return weights_(plan_, name, layer, Shape::of(out, in), Role::matrix, true);
  }
  TensorId vector(WeightName name, int layer, std::int64_t size, bool wanted = true) {
    return wanted ? weights_(plan_, name, layer, Shape::of(size), Role::vector, true) : no_tensor;
  }

  TensorId norm(TensorId x, WeightName weight, WeightName bias, int layer) {
    const bool with_bias = spec_.norm.kind == NormKind::layer;
    return plan_.normalize(x, spec_.norm.kind, vector(weight, layer, spec_.width), vector(bias, layer, spec_.width, with_bias),
                           spec_.norm.epsilon);
  }

  TensorId embeddings() {
    const bool tied = spec_.head.logits && spec_.head.tied;
    const Shape shape = Shape::of(spec_.vocabulary, spec_.width);
    // Writers keep one matrix of two names under either of them.
    if (tied) table_ = weights_(plan_, head, 0, shape, Role::matrix_and_table, false);
    if (table_ == no_tensor) table_ = weights_(plan_, token_embedding, 0, shape, tied ? Role::matrix_and_table : Role::table, true);
    TensorId x = plan_.embed_rows(table_, IdInput::tokens, spec_.embedding.scale);
    if (spec_.embedding.positions) {
      // Rows of the table bound the positions, so its height is the file's: the context may have been set lower.
      const TensorId table = weights_(plan_, position_embedding, 0, Shape::of(0, spec_.width), Role::table, true);
      x = plan_.add(x, plan_.embed_rows(table, IdInput::positions));
    }
    if (spec_.embedding.types > 0) {
      const TensorId table = weights_(plan_, type_embedding, 0, Shape::of(spec_.embedding.types, spec_.width), Role::table, true);
      x = plan_.add(x, plan_.embed_rows(table, IdInput::types));
    }
    return spec_.embedding.norm ? norm(x, embedding_norm, embedding_norm_bias, 0) : x;
  }

  TensorId layer(TensorId x, int i) {
    const LayerSpec& layer = spec_.layers[i];
    if (layer.norms == NormPlacement::before) {
      x = plan_.add(x, attention(norm(x, attention_norm, attention_norm_bias, i), i));
      return plan_.add(x, mlp(norm(x, mlp_norm, mlp_norm_bias, i), i));
    }
    x = norm(plan_.add(x, attention(x, i)), attention_norm, attention_norm_bias, i);
    return norm(plan_.add(x, mlp(x, i)), mlp_norm, mlp_norm_bias, i);
  }

  TensorId attention(TensorId x, int i) {
    const AttentionSpec& a = spec_.layers[i].attention;
    const std::int64_t q_width = std::int64_t(a.heads) * a.head_dim, kv_width = std::int64_t(a.kv_heads) * a.head_dim;
    TensorId q = plan_.linear(x, matrix(query, i, q_width, spec_.width), vector(query_bias, i, q_width, a.bias));
    TensorId k = plan_.linear(x, matrix(key, i, kv_width, spec_.width), vector(key_bias, i, kv_width, a.bias));
    const TensorId v = plan_.linear(x, matrix(value, i, kv_width, spec_.width), vector(value_bias, i, kv_width, a.bias));
    if (a.qk_norm) {
      q = plan_.normalize(q, NormKind::rms, vector(query_norm, i, a.head_dim), no_tensor, spec_.norm.epsilon, a.head_dim);
      k = plan_.normalize(k, NormKind::rms, vector(key_norm, i, a.head_dim), no_tensor, spec_.norm.epsilon, a.head_dim);
    }
    if (a.rope.enabled) {
      const auto turned = [&](TensorId t, int heads) {
        return plan_.rope(t, {heads, a.head_dim, a.rope.rotary_dim, a.rope.style, a.rope.inverse_frequencies, a.rope.attention_scale});
      };
      q = turned(q, a.heads);
      k = turned(k, a.kv_heads);
    }
    const Attention attributes{a.heads, a.kv_heads, a.head_dim, a.scale, a.window, i};
    const TensorId mixed = a.causal ? plan_.paged_attention(q, k, v, attributes) : plan_.ragged_attention(q, k, v, attributes);
    return plan_.linear(mixed, matrix(attention_output, i, spec_.width, q_width),
                        vector(attention_output_bias, i, spec_.width, a.output_bias));
  }

  TensorId gated(TensorId x, int i) {
    const MlpSpec& m = spec_.layers[i].mlp;
    return plan_.linear(x, matrix(gate, i, m.hidden, spec_.width), vector(gate_bias, i, m.hidden, m.bias));
  }

  TensorId mlp(TensorId x, int i) {
    const MlpSpec& m = spec_.layers[i].mlp;
    const TensorId raised = plan_.linear(x, matrix(up, i, m.hidden, spec_.width), vector(up_bias, i, m.hidden, m.bias));
    const TensorId active = m.gated ? plan_.glu(gated(x, i), raised, m.activation) : plan_.activate(raised, m.activation);
    return plan_.linear(active, matrix(down, i, spec_.width, m.hidden), vector(down_bias, i, spec_.width, m.bias));
  }

  TensorId logits(TensorId x) {
    x = plan_.gather_outputs(x);
    if (spec_.head.final_norm) x = norm(x, final_norm, final_norm, 0);
    return plan_.linear(x, spec_.head.tied ? table_ : matrix(head, 0, spec_.vocabulary, spec_.width));
  }

  TensorId embedding(TensorId x) {
    x = plan_.pool(x, spec_.pooling.value_or(Pooling::mean));
    return spec_.normalize ? plan_.normalize_l2(x) : x;
  }

  TensorId scores(TensorId x) {
    x = plan_.pool(x, spec_.pooling.value_or(Pooling::cls));
    if (spec_.head.pooler) {
      const TensorId dense = matrix(pooler, 0, spec_.width, spec_.width);
      x = plan_.activate(plan_.linear(x, dense, vector(pooler_bias, 0, spec_.width)), Activation::tanh);
    }
    return plan_.linear(x, matrix(classifier, 0, spec_.head.scores, spec_.width), vector(classifier_bias, 0, spec_.head.scores));
  }

  const ModelSpec& spec_;
  const WeightLookup& weights_;
  PlanBuilder plan_;
  TensorId table_ = no_tensor;
};

}  // namespace

Result<Plan> build(const ModelSpec& spec, const WeightLookup& weights, int activation_bits) {
  return Builder(spec, weights, activation_bits).build();
}

}  // namespace trivium
