// Norms, activations and sums, written once over a vector type. Sums over a row run in `width` lanes that are
// added in lane order at the end; a tail is padded with what does not change the sum.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "backends/cpu/kernels/math.h"
#include "plan/plan.h"

namespace trivium::cpu {

template <class V>
struct Elementwise {
  using Reg = typename V::Reg;
  static constexpr int width = V::width;

  static Reg load(const float* x, std::int64_t left) {
    return left >= width ? V::load(x) : V::load_part(x, int(left));
  }
  static void store(float* x, Reg value, std::int64_t left) {
    left >= width ? V::store(x, value) : V::store_part(x, value, int(left));
  }

  static void normalize(const Normalize& op, const float* x, const float* weight, const float* bias,
                        std::int64_t columns, float* out) {
    const std::int64_t group = op.group;
    for (std::int64_t start = 0; start < columns; start += group) {
      const float* in = x + start;
      float mean = 0;
      if (op.kind == NormKind::layer) {
        Reg sum = V::set(0);
        for (std::int64_t c = 0; c < group; c += width) sum = V::add(sum, load(in + c, group - c));
        mean = V::sum(sum) / float(group);
      }
      Reg square = V::set(0);
      for (std::int64_t c = 0; c < group; c += width) {
        // Lanes past the end are zero after the mean is taken away from the real ones only.
        Reg d = V::sub(load(in + c, group - c), V::set(mean));
        if (group - c < width) d = V::keep(d, int(group - c));
        square = V::fma(d, d, square);
      }
      const float scale = 1.0f / std::sqrt(V::sum(square) / float(group) + op.epsilon);
      for (std::int64_t c = 0; c < group; c += width) {
        const std::int64_t left = group - c;
        const Reg d = V::mul(V::sub(load(in + c, left), V::set(mean)), V::set(scale));
        const Reg w = load(weight + c, left);
        store(out + start + c, bias ? V::fma(d, w, load(bias + c, left)) : V::mul(d, w), left);
      }
    }
  }

  static Reg activated(Activation activation, Reg x) {
    switch (activation) {
      case Activation::silu:
        return V::mul(x, vector_sigmoid<V>(x));
      case Activation::gelu_erf:
        return V::mul(V::mul(V::set(0.5f), x),
                      V::add(V::set(1.0f), vector_erf<V>(V::mul(x, V::set(0.70710678f)))));
      case Activation::gelu_tanh: {
        // x * (1 + tanh(u)) / 2 = x * sigmoid(2u)
        const Reg cube = V::mul(V::mul(x, x), x);
        const Reg u = V::mul(V::set(0.79788456f), V::fma(V::set(0.044715f), cube, x));
        return V::mul(x, vector_sigmoid<V>(V::add(u, u)));
      }
      case Activation::tanh:  // 2 sigmoid(2x) - 1: exact to about 1e-7 absolute, near 0 too
        return V::fma(V::set(2.0f), vector_sigmoid<V>(V::add(x, x)), V::set(-1.0f));
    }
    return x;
  }

  static void glu(Activation activation, const float* gate, const float* up, std::int64_t count, float* out) {
    for (std::int64_t i = 0; i < count; i += width)
      store(out + i, V::mul(activated(activation, load(gate + i, count - i)), load(up + i, count - i)),
            count - i);
  }

  static void activate(Activation activation, const float* x, std::int64_t count, float* out) {
    for (std::int64_t i = 0; i < count; i += width)
      store(out + i, activated(activation, load(x + i, count - i)), count - i);
  }

  static void add(const float* a, const float* b, std::int64_t count, float* out) {
    for (std::int64_t i = 0; i < count; i += width)
      store(out + i, V::add(load(a + i, count - i), load(b + i, count - i)), count - i);
  }

  static void quantize_row(const float* x, std::int64_t columns, int levels, std::int8_t* values, float* scales,
                           std::int32_t* sums) {
    const std::int64_t blocks = columns / 32;
    for (std::int64_t b = 0; b < blocks; ++b) {
      const float* in = x + b * 32;
      if (levels == 1) {
        scales[b] = quantize_closest(in, values + b * 32, sums + b * 2);
        continue;
      }
      scales[b] = quantize_plain(in, values + b * 32, sums + b * 2);
      float rest[32];
      for (int k = 0; k < 32; k += width)
        V::store(rest + k, V::fma(V::load_bytes(values + b * 32 + k), V::set(-scales[b]), V::load(in + k)));
      scales[blocks + b] = quantize_plain(rest, values + columns + b * 32, sums + 2 * (blocks + b));
    }
  }

 private:
  struct Levels {
    float inverse;  // levels a unit
    float scale;    // units a level
  };

  // No number where one of the values is none: so is the scale then, and every product with them.
  static float largest_of(const float* in) {
    Reg largest = V::set(0);
    for (int k = 0; k < 32; k += width) largest = V::larger(largest, V::copy_sign(V::load(in + k), V::set(0)));
    return V::largest_of_unsigned(largest);
  }

  static Levels plain_levels(float top) { return {top > 0 ? 127.0f / top : 0.0f, top / 127.0f}; }

  // 32 values to symmetric int8, round to nearest even; returns their scale.
  static float quantize_plain(const float* in, std::int8_t* values, std::int32_t* sums) {
    const Levels levels = plain_levels(largest_of(in));
    V::quantize_block(in, levels.inverse, values, sums);
    return levels.scale;
  }

  // As quantize_plain, a little closer. How far rounding is off is chance, so the largest value is tried
  // at four levels (127 to 124), each with the scale that fits its levels best (least squares: <x, q> / <q, q>), and the
  // closest is taken: a sixth less error than 127 alone, for some 3 % of the time of a product.
  static float quantize_closest(const float* in, std::int8_t* values, std::int32_t* sums) {
    const float top = largest_of(in);
    // Squares of what is beyond are no numbers any more.
    const Levels levels = top > 1e-15f && top < 1e15f ? closest_levels(in, top) : plain_levels(top);
    V::quantize_block(in, levels.inverse, values, sums);
    return levels.scale;
  }

  static Levels closest_levels(const float* in, float top) {
    constexpr int tries = 4;
    float inverse[tries];
    Reg dots[2 * tries];  // <x, q>, then <q, q> of each try
    for (int t = 0; t < tries; ++t) {
      inverse[t] = static_cast<float>(127 - t) / top;
      dots[t] = dots[tries + t] = V::set(0);
    }
    for (int k = 0; k < 32; k += width) {
      const Reg x = V::load(in + k);
      for (int t = 0; t < tries; ++t) {
        const Reg q = V::round(V::mul(x, V::set(inverse[t])));
        dots[t] = V::fma(x, q, dots[t]);
        dots[tries + t] = V::fma(q, q, dots[tries + t]);
      }
    }
    float sums[2 * tries];
    V::sums_of_eight(dots, sums);
    // |x - s q|^2 = |x|^2 - <x, q>^2 / <q, q> at the best s, so the largest quotient is the closest.
    Levels best = plain_levels(top);
    float highest = -1;
    for (int t = 0; t < tries; ++t) {
      const float scale = sums[t] / sums[tries + t];
      if (!(scale * sums[t] > highest)) continue;
      highest = scale * sums[t];
      best = {inverse[t], scale};
    }
    return best;
  }
};

}  // namespace trivium::cpu
