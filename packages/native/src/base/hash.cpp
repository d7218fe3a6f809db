#include "base/hash.h"

#include <bit>
#include <cstring>

namespace trivium {
namespace {

// The primes of the published algorithm, and its steps below.
constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87, prime2 = 0xC2B2AE3D27D4EB4F, prime3 = 0x165667B19E3779F9,
                        prime4 = 0x85EBCA77C2B2AE63, prime5 = 0x27D4EB2F165667C5;

template <class Word>
Word word_at(const unsigned char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

std::uint64_t mixed(std::uint64_t lane, std::uint64_t word) { return std::rotl(lane + word * prime2, 31) * prime1; }
std::uint64_t joined(std::uint64_t hash, std::uint64_t lane) { return (hash ^ mixed(0, lane)) * prime1 + prime4; }

}  // namespace

std::uint64_t hash64(const void* bytes, std::size_t count, std::uint64_t seed) {
  const auto* at = static_cast<const unsigned char*>(bytes);
  std::size_t left = count;
  std::uint64_t hash = seed + prime5;
  if (left >= 32) {
    std::uint64_t lanes[4] = {seed + prime1 + prime2, seed + prime2, seed, seed - prime1};
    for (; left >= 32; left -= 32, at += 32)
      for (int i = 0; i < 4; ++i) lanes[i] = mixed(lanes[i], word_at<std::uint64_t>(at + 8 * i));
    hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) hash = joined(hash, lane);
  }
  hash += count;
  for (; left >= 8; left -= 8, at += 8) hash = std::rotl(hash ^ mixed(0, word_at<std::uint64_t>(at)), 27) * prime1 + prime4;
  for (; left >= 4; left -= 4, at += 4) hash = std::rotl(hash ^ word_at<std::uint32_t>(at) * prime1, 23) * prime2 + prime3;
  for (; left > 0; --left, ++at) hash = std::rotl(hash ^ *at * prime5, 11) * prime1;
  hash = (hash ^ hash >> 33) * prime2;
  hash = (hash ^ hash >> 29) * prime3;
  return hash ^ hash >> 32;
}

}  // namespace trivium
