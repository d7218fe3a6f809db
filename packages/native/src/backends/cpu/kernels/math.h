// Elementary functions over a vector type: the same polynomial in every lane, so a tail computed in a padded
// vector has the value it would have anywhere else. Errors: exp below 2e-7 relative, erf below 2e-7 absolute.
#pragma once

namespace trivium::cpu {

// 2^(x log2 e) with the fraction in [-1/2, 1/2] by a polynomial of degree 6. Bounds come first: V::min and V::max answer their
// second operand where one is no number.
template <class V>
inline typename V::Reg vector_exp(typename V::Reg x) {
  x = V::min(V::set(88.3f), V::max(V::set(-87.3f), x));
  const auto n = V::round(V::mul(x, V::set(1.44269504f)));
  auto r = V::fma(n, V::set(-0.693359375f), x);
  r = V::fma(n, V::set(2.12194440e-4f), r);
  auto p = V::set(1.0f / 720);
  p = V::fma(p, r, V::set(1.0f / 120));
  p = V::fma(p, r, V::set(1.0f / 24));
  p = V::fma(p, r, V::set(1.0f / 6));
  p = V::fma(p, r, V::set(0.5f));
  p = V::fma(p, r, V::set(1.0f));
  p = V::fma(p, r, V::set(1.0f));
  return V::mul(p, V::power_of_two(n));
}

// Abramowitz and Stegun 7.1.26.
template <class V>
inline typename V::Reg vector_erf(typename V::Reg x) {
  const auto magnitude = V::max(x, V::sub(V::set(0.0f), x));
  const auto t = V::div(V::set(1.0f), V::fma(V::set(0.3275911f), magnitude, V::set(1.0f)));
  auto p = V::set(1.061405429f);
  p = V::fma(p, t, V::set(-1.453152027f));
  p = V::fma(p, t, V::set(1.421413741f));
  p = V::fma(p, t, V::set(-0.284496736f));
  p = V::fma(p, t, V::set(0.254829592f));
  const auto tail = V::mul(V::mul(p, t), vector_exp<V>(V::sub(V::set(0.0f), V::mul(magnitude, magnitude))));
  return V::copy_sign(V::sub(V::set(1.0f), tail), x);
}

template <class V>
inline typename V::Reg vector_sigmoid(typename V::Reg x) {
  return V::div(V::set(1.0f), V::add(V::set(1.0f), vector_exp<V>(V::sub(V::set(0.0f), x))));
}

}  // namespace trivium::cpu
