// Each mutation is small and may be applied several times; none knows what the bytes are for.
#include "mutate.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace fuzz {
namespace {

constexpr std::array<std::uint64_t, 22> telling_numbers{
    0, 1, 2, 3, 7, 31, 32, 33, 255, 256, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000,
    1ull << 40, 1ull << 48, 1ull << 62, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF};

constexpr std::array<std::string_view, 34> telling_tokens{
    "null", "true", "false", "0", "-1", "1e308", "1e999", "-0.0", "9223372036854775807", "9223372036854775808",
    "18446744073709551615", "4294967296", "2147483648", "0.5", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\xff\"", "[]", "{}",
    "[[]]", "{\"a\":{}}", "[0,0]", "[-1,1]", "[1,0]", ",", ":", "\"F32\"", "\"Q8_0\"", "\"..\"", "\"../../x\"", "1.0", "1e9",
    "[1,2,3,4,5,6,7,8,9]"};

std::uint64_t telling_number(const std::string& input, Random& random) {
  switch (random.below(4)) {
    case 0: return input.size() + random.below(65) - 32;
    case 1: return random.below(input.size() + 1);
    default: return telling_numbers[random.below(telling_numbers.size())];
  }
}

void flip_bits(std::string& bytes, Random& random) {
  for (std::size_t i = 1 + random.below(8); i > 0; --i) {
    bytes[random.below(bytes.size())] ^= static_cast<char>(1 << random.below(8));
  }
}

void overwrite_run(std::string& bytes, Random& random) {
  const std::size_t start = random.below(bytes.size()), length = std::min(bytes.size() - start, 1 + random.below(32));
  const bool one_value = random.chance(50);
  const char value = static_cast<char>(random.next());
  for (std::size_t i = 0; i < length; ++i) bytes[start + i] = one_value ? value : static_cast<char>(random.next());
}

void remove_run(std::string& bytes, Random& random) { bytes.erase(random.below(bytes.size()), 1 + random.below(64)); }

void repeat_run(std::string& bytes, Random& random) {
  const std::size_t start = random.below(bytes.size());
  const std::string run = bytes.substr(start, 1 + random.below(64));
  for (std::size_t times = 1 + random.below(4); times > 0; --times) bytes.insert(start, run);
}

void splice(std::string& bytes, const std::string& other, Random& random) {
  if (other.empty()) return;
  const std::string run = other.substr(random.below(other.size()), 1 + random.below(256));
  bytes.replace(random.below(bytes.size()), random.chance(50) ? run.size() : 0, run);
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' || c == 'E';
}

// A number, word or string that begins at or after `from`: [start, end).
std::pair<std::size_t, std::size_t> find_token(const std::string& text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '"') {
      const std::size_t end = text.find('"', i + 1);
      return {i, end == std::string::npos ? text.size() : end + 1};
    }
    if (!is_word(text[i])) continue;
    std::size_t end = i;
    while (end < text.size() && is_word(text[end])) ++end;
    return {i, end};
  }
  return {0, std::min<std::size_t>(1, text.size())};
}

}  // namespace

std::uint64_t Random::next() {  // splitmix64
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

std::string mutate_bytes(std::string input, const std::string& other, Random& random) {
  for (std::size_t times = 1 + random.below(3); times > 0 && !input.empty(); --times) {
    switch (random.below(6)) {
      case 0: flip_bits(input, random); break;
      case 1: overwrite_run(input, random); break;
      case 2: remove_run(input, random); break;
      case 3: repeat_run(input, random); break;
      case 4: splice(input, other, random); break;
      case 5: input.resize(random.below(input.size())); break;
    }
  }
  return input;
}

// Where four or eight bytes look like a count (small, high bytes zero) they probably are one.
std::string mutate_fields(std::string input, Random& random) {
  for (std::size_t times = 1 + random.below(3); times > 0 && input.size() >= 16; --times) {
    const std::size_t width = random.chance(60) ? 8 : 4;
    std::size_t place = random.below(input.size() - 8);
    for (int tries = 0; tries < 200; ++tries) {
      std::uint64_t value = 0;
      std::memcpy(&value, input.data() + place, width);
      if (value < 1 << 20) break;
      place = random.below(input.size() - 8);
    }
    const std::uint64_t number = telling_number(input, random);
    std::memcpy(input.data() + place, &number, width);
  }
  return input;
}

std::string mutate_json(std::string input, Random& random) {
  for (std::size_t times = 1 + random.below(4); times > 0 && !input.empty(); --times) {
    const auto [start, end] = find_token(input, random.below(input.size()));
    const std::string token = input.substr(start, end - start);
    switch (random.below(7)) {
      case 0:
      case 1: input.replace(start, end - start, telling_tokens[random.below(telling_tokens.size())]); break;
      case 2: input.replace(start, end - start, std::to_string(static_cast<std::int64_t>(telling_number(input, random)))); break;
      case 3: {  // another token of the same text: keys and values change places
        const auto [from, to] = find_token(input, random.below(input.size()));
        const std::string donor = input.substr(from, to - from);
        input.replace(start, end - start, donor);
        break;
      }
      case 4: input.erase(start, end - start); break;
      case 5: input.insert(start, token + (random.chance(50) ? "," : ":")); break;
      case 6: {
        const std::size_t depth = 1 + random.below(300);
        const bool objects = random.chance(50);
        std::string nested;
        for (std::size_t i = 0; i < depth; ++i) nested += objects ? "{\"a\":" : "[";
        nested += token;
        if (random.chance(70)) nested.append(depth, objects ? '}' : ']');
        input.replace(start, end - start, nested);
        break;
      }
    }
  }
  return input;
}

std::string mutate_safetensors_header(const std::string& input, Random& random) {
  std::uint64_t length = 0;
  if (input.size() < 8) return input;
  std::memcpy(&length, input.data(), 8);
  if (length > input.size() - 8) return input;
  const std::string header = mutate_json(input.substr(8, static_cast<std::size_t>(length)), random);
  const std::string data = input.substr(8 + static_cast<std::size_t>(length));
  if (random.chance(85)) length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

}  // namespace fuzz
