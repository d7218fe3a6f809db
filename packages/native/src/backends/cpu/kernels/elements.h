// Element types a kernel may load besides float: distinct types, so that overloads choose the conversion.
#pragma once
#include <cstdint>

namespace trivium::cpu {

struct Half {
  std::uint16_t bits;
};
struct Brain {
  std::uint16_t bits;
};

}  // namespace trivium::cpu
