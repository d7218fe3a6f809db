// Hashes of what lies in a file, read in pieces: a damaged header may claim any length. Tells files apart by accident, not by forgery.
#pragma once
#include <cstdint>

#include "base/file.h"

namespace trivium {

// Of the bytes from `begin` to `end`. An `io` error when the file is shorter.
Result<std::uint64_t> hash_bytes(const File& file, std::uint64_t begin, std::uint64_t end);
// Of 64 blocks of 4 KiB evenly over these bytes, the first and the last among them: 256 KiB however large the file is.
Result<std::uint64_t> hash_samples(const File& file, std::uint64_t begin, std::uint64_t end);

}  // namespace trivium
