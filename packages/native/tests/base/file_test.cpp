#include "base/file.h"

#include <filesystem>
#include <fstream>

#include "check.h"
#include "system.h"

using namespace trivium;
using namespace system_under_test;

namespace {

struct Folder {
  std::string path = (std::filesystem::temp_directory_path() / ("trivium-base-" + std::to_string(process_id()))).string();
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST("a file is written, replaced and read by position") {
  Folder folder;
  const std::string path = folder.path + "/a.txt";
  REQUIRE(write_file_atomically(path, "first").ok());
  REQUIRE(write_file_atomically(path, "second").ok());
  auto text = read_file(path, 100);
  REQUIRE(text.ok());
  CHECK_EQ(*text, "second");
  auto file = File::open(path);
  REQUIRE(file.ok());
  char part[3] = {};
  CHECK(file->read_at(3, part, 3).ok());
  CHECK_EQ(std::string(part, 3), "ond");
  CHECK_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}), 1);
  CHECK(read_file(path, 3).error().code == ErrorCode::bad_format);
}

TEST("errors name the file, the cause and a remedy") {
  Folder folder;
  const auto missing = File::open(folder.path + "/none");
  REQUIRE(!missing.ok());
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(!missing.error().remedy.empty() && !missing.error().found.empty() && !missing.error().file.empty());
  CHECK(File::open(folder.path).error().code == ErrorCode::io);
  CHECK(File::open(device).error().code == ErrorCode::io);
  CHECK(!write_file_atomically(folder.path + "/none/file", "x").ok());
}

TEST("a file that becomes shorter while it is open is an io error") {
  Folder folder;
  const std::string path = folder.path + "/b";
  REQUIRE(write_file_atomically(path, "0123456789").ok());
  auto file = File::open(path);
  REQUIRE(file.ok());
  std::filesystem::resize_file(path, 4);
  char bytes[10];
  const Status status = file->read_at(0, bytes, 10);
  REQUIRE(!status.ok());
  CHECK(status.error().code == ErrorCode::io);
}

TEST("a full disk leaves the old file and no temporary one") {
  Folder folder;
  const std::string path = folder.path + "/c";
  REQUIRE(write_file_atomically(path, "old").ok());
  const Status status = [&] {
    FullDisk disk(1000);
    return write_file_atomically(path, std::string(5000, 'x'));
  }();
  REQUIRE(!status.ok());
  CHECK(status.error().code == ErrorCode::io);
  CHECK_EQ(status.error().file, path);
  CHECK_EQ(*read_file(path, 100), "old");
  CHECK_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}), 1);
}
