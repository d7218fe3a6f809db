// A loop of known length written out before the optimiser sees it, so that arrays of registers stay in
// registers.
#pragma once
#include <utility>

namespace trivium::cpu {

template <int Count, class Body>
[[gnu::always_inline]] inline void unrolled(const Body& body) {
  [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    (body(std::integral_constant<int, I>{}), ...);
  }
  (std::make_integer_sequence<int, Count>{});
}

}  // namespace trivium::cpu
