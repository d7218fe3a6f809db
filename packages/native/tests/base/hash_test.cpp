// XXH64 against the values of PyPI's xxhash 3 for the bytes (7 i + 3) mod 256.
#include "base/hash.h"

#include <string>

#include "check.h"

using namespace trivium;

TEST("hash64 is XXH64, at every length that its loops tell apart and with a seed") {
  std::string bytes(1000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + 3);
  struct Known {
    std::size_t length;
    std::uint64_t plain, seeded;
  };
  for (const auto& [length, plain, seeded] : {Known{0, 0xef46db3751d8e999, 0x51e24c0e9077a48c}, {1, 0x1f25c8d0bc1f4bb6, 0x20f9f4e3fba1be06},
                                              {3, 0x31d2363f52e564c9, 0x076b77199119d7dd}, {4, 0x9bb64b7d66ee9fda, 0x27a7e5587a8a5c2e},
                                              {8, 0xdab99d95c6f90092, 0x841e06da64a07ce8}, {31, 0xa2aa5f33cc4a6119, 0x6ba872e910fbce5c},
                                              {32, 0x23c3c17ef790fd97, 0x25cc07da699894a9}, {33, 0x50a7cfc7ba588784, 0xbf84912d4dea9670},
                                              {63, 0x5e3e54b431c7493c, 0x737629700e723da5}, {64, 0x0eb64b3ef6eeb01f, 0xfded24eb11992703},
                                              {100, 0xa61f8d4c170fe531, 0xfe1fce732c97c212}, {1000, 0x5f235fa033f1a3fb, 0x86fe41ff40ab90db}}) {
    CHECK_EQ(hash64(bytes.data(), length), plain);
    CHECK_EQ(hash64(bytes.data(), length, 0x0123456789abcdef), seeded);
  }
}
