#include "models/pack_temporaries.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "check.h"
#include "system.h"

using namespace trivium;

namespace {

const std::string pack = "0123456789abcdef.pack";

struct Folder {
  std::string path =
      (std::filesystem::temp_directory_path() / ("trivium-temporaries-" + std::to_string(process_id()))).string();
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string make(const std::string& name) const {
    CHECK(write_file_atomically(path + "/" + name, "x").ok());
    return name;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found = names_in(path);
    std::sort(found.begin(), found.end());
    return found;
  }
};

std::string temporary(std::uint64_t process, const std::string& target = pack) {
  return target + ".tmp-" + std::to_string(process) + "-0";
}

}  // namespace

TEST("temporary names say what they will be and who writes them") {
  const auto found = temporary_of("a.tmp-b.tmp-123-4");
  REQUIRE(found.has_value());
  CHECK_EQ(found->target, "a.tmp-b");
  CHECK_EQ(found->process, 123u);
  for (const char* name : {"", "a", "a.tmp", "a.tmp-", "a.tmp-1", "a.tmp-1-", "a.tmp--1", "a.tmp-x-1", "a.tmp-1-x", "a.tmp-1-2x",
                           "a.tmp-99999999999999999999-1"})
    CHECK(!temporary_of(name).has_value());
}

#ifndef _WIN32  // which has no process that is known to have ended

TEST("what writers left that ended is removed, and nothing else") {
  const Folder folder;
  const std::uint64_t dead = system_under_test::ended_process(), parent = static_cast<std::uint64_t>(::getppid());
  REQUIRE(!process_lives(dead) && process_lives(parent) && process_lives(process_id()) && !process_lives(0));
  std::vector<std::string> kept = {pack, temporary(parent), temporary(dead, "mine.pack"), temporary(dead, "0123456789abcdef.index"),
                                   temporary(dead) + ".bak"};
  for (const std::string& name : kept) folder.make(name);
  folder.make(temporary(dead));
  kept.push_back(folder.make(temporary(process_id())));
  std::sort(kept.begin(), kept.end());
  remove_abandoned_packs(folder.path, false);
  CHECK(folder.names() == kept);
  remove_abandoned_packs(folder.path, true);
  std::erase(kept, temporary(process_id()));
  CHECK(folder.names() == kept);
  remove_abandoned_packs(folder.path + "/none", true);
}

TEST("a pack is written elsewhere while another process that lives has its temporary") {
  const Folder folder;
  const std::uint64_t dead = system_under_test::ended_process(), parent = static_cast<std::uint64_t>(::getppid());
  const std::string path = folder.path + "/" + pack;
  folder.make(temporary(dead));
  folder.make(temporary(process_id()));
  folder.make(temporary(parent, "fedcba9876543210.pack"));
  CHECK(!is_written_elsewhere(path));
  folder.make(temporary(parent));
  CHECK(is_written_elsewhere(path));
  CHECK(is_written_elsewhere(path, parent + 1));
  CHECK(!is_written_elsewhere(path, parent));
}

#endif
