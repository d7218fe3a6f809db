#include "base/mapped_file.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/file.h"
#include "check.h"
#include "system.h"

using namespace trivium;

namespace {

struct Folder {
  std::string path =
      (std::filesystem::temp_directory_path() / ("trivium-mapped-" + std::to_string(system_under_test::process_id()))).string();
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string with(std::size_t bytes) const {
    const std::string file = path + "/bytes";
    CHECK(write_file_atomically(file, std::string(bytes, 'x')).ok());
    return file;
  }
};

std::size_t count_of(const MappedFile& file, char letter) {
  return static_cast<std::size_t>(std::count(file.data(), file.data() + file.size(), std::byte(letter)));
}

}  // namespace

TEST("a mapped file is its bytes, and stays them when its name goes") {
  const Folder folder;
  const std::string path = folder.with(100'000);
  const auto file = MappedFile::open(path);
  REQUIRE(file.ok());
  std::filesystem::remove(path);
  CHECK_EQ((*file)->size(), 100'000u);
  CHECK_EQ(count_of(**file, 'x'), 100'000u);
  CHECK((*file)->check().ok());
}

TEST("what cannot be mapped is an error, and an empty file has no bytes") {
  const Folder folder;
  CHECK(MappedFile::open(folder.path + "/none").error().code == ErrorCode::not_found);
  CHECK(MappedFile::open(folder.path).error().code == ErrorCode::io);
  const auto empty = MappedFile::open(folder.with(0));
  REQUIRE(empty.ok());
  CHECK_EQ((*empty)->size(), 0u);
  CHECK((*empty)->check().ok());
}

#ifndef _WIN32  // which lets nobody touch a file that is mapped

TEST("a file cut while it is mapped reads as zeros in any thread, and is an error from then on") {
  const Folder folder;
  const std::string path = folder.with(1'000'000);
  const auto file = MappedFile::open(path), other = MappedFile::open(path);
  REQUIRE(file.ok() && other.ok());
  std::filesystem::resize_file(path, 300'000);
  std::size_t found = 0, found_by_other = 0;
  std::thread thread([&] { found_by_other = count_of(**other, 'x'); });
  found = count_of(**file, 'x');
  thread.join();
  CHECK_EQ(found, 300'000u);
  CHECK_EQ(found_by_other, 300'000u);
  // Also when it has its length again: what was lost stays lost.
  std::filesystem::resize_file(path, 1'000'000);
  for (const auto& mapped : {*file, *other}) {
    const Status status = mapped->check();
    REQUIRE(!status.ok());
    CHECK(status.error().code == ErrorCode::io);
    CHECK_EQ(status.error().file, path);
  }
  const auto again = MappedFile::open(path);
  REQUIRE(again.ok());
  CHECK_EQ(count_of(**again, 'x'), 300'000u);
  CHECK((*again)->check().ok());
}

TEST("a file written while it is mapped is an error, and one that is only used is not") {
  const Folder folder;
  const std::string path = folder.with(1000);
  const auto long_ago = std::filesystem::last_write_time(path) - std::chrono::hours(1);
  std::filesystem::last_write_time(path, long_ago);
  const auto file = MappedFile::open(path);
  REQUIRE(file.ok());
  (*file)->mark_used();
  CHECK((*file)->check().ok());
  CHECK(std::filesystem::last_write_time(path) == long_ago);
  std::FILE* written = std::fopen(path.c_str(), "r+");
  REQUIRE(written != nullptr);
  std::fputc('y', written);
  std::fclose(written);
  CHECK(!(*file)->check().ok());
}

TEST("a SIGBUS that somebody sends ends the process as ever") {
  const Folder folder;
  const auto file = MappedFile::open(folder.with(1000));
  REQUIRE(file.ok());
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::kill(::getpid(), SIGBUS);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(child > 0 && ::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

TEST("more mappings than can be watched are refused, and one that goes makes room") {
  const Folder folder;
  const std::string path = folder.with(10);
  std::vector<std::shared_ptr<const MappedFile>> held;
  Error refusal;
  while (held.size() < 1000) {
    auto file = MappedFile::open(path);
    if (!file.ok()) {
      refusal = file.error();
      break;
    }
    held.push_back(*file);
  }
  CHECK(held.size() < 1000 && !held.empty());
  CHECK(refusal.code == ErrorCode::unsupported);
  held.pop_back();
  CHECK(MappedFile::open(path).ok());
}

#endif
