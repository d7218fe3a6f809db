#include "formats/file_hash.h"

#include <algorithm>
#include <vector>

#include "base/hash.h"

namespace trivium {
namespace {

constexpr std::uint64_t piece_bytes = 1 << 20;
constexpr std::uint64_t samples = 64, sample_bytes = 4096;

}  // namespace

Result<std::uint64_t> hash_bytes(const File& file, std::uint64_t begin, std::uint64_t end) {
  std::uint64_t hash = 0;
  std::vector<std::byte> piece(static_cast<std::size_t>(std::min(piece_bytes, end - begin)));
  for (std::uint64_t from = begin; from < end; from += piece_bytes) {
    const auto count = static_cast<std::size_t>(std::min(piece_bytes, end - from));
    TRIVIUM_TRY(file.read_at(from, piece.data(), count));
    hash = hash64(piece.data(), count, hash);
  }
  return hash;
}

Result<std::uint64_t> hash_samples(const File& file, std::uint64_t begin, std::uint64_t end) {
  if (end - begin <= samples * sample_bytes) return hash_bytes(file, begin, end);
  std::uint64_t hash = 0;
  std::byte block[sample_bytes];
  for (std::uint64_t i = 0; i < samples; ++i) {
    TRIVIUM_TRY(file.read_at(begin + (end - begin - sample_bytes) / (samples - 1) * i, block, sample_bytes));
    hash = hash64(block, sample_bytes, hash);
  }
  return hash;
}

}  // namespace trivium
