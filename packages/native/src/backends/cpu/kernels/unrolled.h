// A loop of known length written out before the optimiser sees it, so that arrays of registers stay in
// registers.
#pragma once
#include <utility>

// Clang flattens no deeper than a function's own calls, so it is told where the call stands.
#if defined(__clang__)
#define TRIVIUM_INLINED [[clang::always_inline]]
#else
#define TRIVIUM_INLINED
#endif

namespace trivium::cpu {

template <int Count, class Body>
[[gnu::always_inline]] inline void unrolled(const Body& body) {
  [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    TRIVIUM_INLINED (body(std::integral_constant<int, I>{}), ...);
  }
  (std::make_integer_sequence<int, Count>{});
}

}  // namespace trivium::cpu
