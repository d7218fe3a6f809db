// XXH64: a fast 64-bit hash that finds accidents and not forgery. The same on every machine that reads its bytes in little-endian order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trivium {

std::uint64_t hash64(const void* bytes, std::size_t count, std::uint64_t seed = 0);
inline std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0) { return hash64(text.data(), text.size(), seed); }

}  // namespace trivium
