#include "formats/file_hash.h"

#include <filesystem>

#include "check.h"
#include "system.h"

using namespace trivium;

namespace {

struct Bytes {
  std::string path =
      (std::filesystem::temp_directory_path() / ("trivium-file-hash-" + std::to_string(system_under_test::process_id()))).string();
  std::string text;
  explicit Bytes(std::size_t count) : text(count, 'x') {}
  ~Bytes() { std::filesystem::remove(path); }
  File open() const {
    CHECK(write_file_atomically(path, text).ok());
    return std::move(*File::open(path));
  }
};

}  // namespace

TEST("a hash of bytes in pieces sees each of them, and none outside") {
  Bytes bytes(5'000'000);
  const std::uint64_t before = *hash_bytes(bytes.open(), 100, 4'500'000);
  for (const std::size_t place : {std::size_t(100), std::size_t(2'000'000), std::size_t(4'499'999)}) {
    bytes.text[place] = 'y';
    CHECK(*hash_bytes(bytes.open(), 100, 4'500'000) != before);
    bytes.text[place] = 'x';
  }
  bytes.text[99] = bytes.text[4'500'000] = 'y';
  CHECK_EQ(*hash_bytes(bytes.open(), 100, 4'500'000), before);
  CHECK_EQ(*hash_bytes(bytes.open(), 7, 7), 0u);
  CHECK(hash_bytes(bytes.open(), 0, std::uint64_t(1) << 40).error().code == ErrorCode::io);
}

TEST("samples see any change of a stretch, the first byte and about the last, and all of a small file") {
  Bytes bytes(5'000'000);
  const auto hash = [&] { return *hash_samples(bytes.open(), 100, bytes.text.size()); };
  const std::uint64_t before = hash();
  for (const auto& [place, count] : {std::pair<std::size_t, std::size_t>{100, 1}, {2'000'000, 100'000}, {4'999'000, 1}}) {
    std::string sound = bytes.text;
    bytes.text.replace(place, count, std::string(count, 'y'));
    CHECK(hash() != before);
    bytes.text = std::move(sound);
  }
  CHECK_EQ(hash(), before);
  bytes.text.resize(200'000);
  const std::uint64_t small = hash();
  bytes.text[123'456] = 'y';
  CHECK(hash() != small);
}
