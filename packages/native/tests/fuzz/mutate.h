// Mutations of byte strings, the same for the same seed on every machine. Knows two shapes of structure: runs of
// little-endian fields and JSON text.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace fuzz {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(next() % bound); }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }

 private:
  std::uint64_t state_;
};

std::string mutate_bytes(std::string input, const std::string& other, Random& random);   // flips, runs, cuts, splices
std::string mutate_fields(std::string input, Random& random);                            // counts, lengths, offsets
std::string mutate_json(std::string input, Random& random);                              // tokens of JSON
// A safetensors file: its JSON header, then the length in front of it made right again (mostly).
std::string mutate_safetensors_header(const std::string& input, Random& random);

}  // namespace fuzz
