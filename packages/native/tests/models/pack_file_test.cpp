#include "models/pack_file.h"

#include <algorithm>
#include <filesystem>

#include "check.h"
#include "system.h"

using namespace trivium;

namespace {

struct Folder {
  std::string path =
      (std::filesystem::temp_directory_path() / ("trivium-pack-file-" + std::to_string(system_under_test::process_id()))).string();
  std::string file = path + "/a.pack";
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  bool is_empty() const { return std::filesystem::is_empty(path); }
};

std::vector<std::byte> bytes_from(std::size_t first, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>((first + i) * 31 >> 3);
  return bytes;
}

// Weights that share pieces and one that has several of its own.
const std::vector<std::size_t> sizes = {100, 0, 64, std::size_t(9) << 20, 1};

Status write(const std::string& path, const std::string& key) {
  TRIVIUM_TRY_ASSIGN(PackFileWriter writer, PackFileWriter::create(path, key));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    TRIVIUM_TRY(writer.begin("w" + std::to_string(i), sizes[i]));
    const auto bytes = bytes_from(i, sizes[i]);
    // In portions that fit nothing.
    for (std::size_t from = 0; from < bytes.size(); from += 1'000'003)
      TRIVIUM_TRY(writer.append(std::span(bytes).subspan(from, std::min<std::size_t>(1'000'003, bytes.size() - from))));
  }
  return writer.commit();
}

}  // namespace

TEST("a pack file gives back its weights, on cache lines") {
  const Folder folder;
  REQUIRE(write(folder.file, "key").ok());
  const auto pack = PackFile::open(folder.file, "key");
  REQUIRE(pack.ok());
  CHECK_EQ(pack->weights(), sizes.size());
  std::vector<double> shares;
  CHECK(pack->verify([&](double share) -> Status {
    shares.push_back(share);
    return {};
  }).ok());
  CHECK(!shares.empty() && shares.back() == 1 && std::is_sorted(shares.begin(), shares.end()));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto weight = pack->weight(i, "w" + std::to_string(i));
    REQUIRE(weight.ok());
    const auto expected = bytes_from(i, sizes[i]);
    CHECK(std::equal(expected.begin(), expected.end(), weight->data(), weight->data() + weight->size()));
    CHECK_EQ(reinterpret_cast<std::uintptr_t>(weight->data()) % 64, 0u);
  }
}

TEST("another key, another label and one weight more are errors") {
  const Folder folder;
  REQUIRE(write(folder.file, "key").ok());
  CHECK(PackFile::open(folder.file, "kez").error().code == ErrorCode::bad_format);
  CHECK(PackFile::open(folder.file, "").error().code == ErrorCode::bad_format);
  const auto pack = PackFile::open(folder.file, "key");
  REQUIRE(pack.ok());
  CHECK(pack->weight(0, "w1").error().code == ErrorCode::bad_format);
  CHECK(pack->weight(sizes.size(), "w5").error().code == ErrorCode::bad_format);
}

TEST("verifying stops where it is told to") {
  const Folder folder;
  REQUIRE(write(folder.file, "key").ok());
  const auto pack = PackFile::open(folder.file, "key");
  REQUIRE(pack.ok());
  const Status status = pack->verify([](double) -> Status { return Error{ErrorCode::cancelled, "", "", "", "", "", ""}; });
  REQUIRE(!status.ok());
  CHECK(status.error().code == ErrorCode::cancelled);
}

TEST("what is not finished, for a full disk or otherwise, leaves nothing behind") {
  const Folder folder;
  {
    auto writer = PackFileWriter::create(folder.file, "key");
    REQUIRE(writer.ok() && writer->begin("w", 5).ok());
  }
  CHECK(folder.is_empty());
  {
    const system_under_test::FullDisk disk(5'000'000);
    CHECK(!write(folder.file, "key").ok());
  }
  CHECK(folder.is_empty());
}
