#include "models/pack_temporaries.h"

#include <string_view>

#include "base/file.h"
#include "base/process.h"

namespace trivium {
namespace {

// 16 hexadecimal digits and ".pack", as pack_path() names files.
bool is_pack_name(const std::string& name) {
  constexpr std::string_view ending = ".pack";
  constexpr std::size_t digits = 16;
  return name.size() == digits + ending.size() && name.ends_with(ending) &&
         name.find_first_not_of("0123456789abcdef") == digits;
}

}  // namespace

void remove_abandoned_packs(const std::string& folder, bool own) {
  for (const std::string& name : names_in(folder)) {
    const auto temporary = temporary_of(name);
    if (!temporary || !is_pack_name(temporary->target)) continue;
    const bool abandoned = temporary->process == process_id() ? own : !process_lives(temporary->process);
    if (abandoned) remove_file(folder + "/" + name);
  }
}

bool is_written_elsewhere(const std::string& pack, std::uint64_t below) {
  const std::string folder = folder_of(pack);
  for (const std::string& name : names_in(folder)) {
    const auto temporary = temporary_of(name);
    if (temporary && folder + "/" + temporary->target == pack && temporary->process != process_id() && temporary->process < below &&
        process_lives(temporary->process))
      return true;
  }
  return false;
}

}  // namespace trivium
