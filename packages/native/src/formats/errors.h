// The errors of this room, with every part that a user needs filled in. Names from a file are repaired to UTF-8 and
// shortened before they are shown.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace trivium {

// What file and field are concerned; the remedy defaults to fetching the file again.
struct Place {
  std::string_view file;
  std::string_view field;
};

Error bad_format(Place place, std::string_view problem, std::string_view expected, std::string_view found,
                 std::string_view remedy = "");
Error unsupported_format(Place place, std::string_view problem, std::string_view expected, std::string_view found,
                         std::string_view remedy);
Error unsupported_tensor(std::string_view file, std::string_view tensor, std::string_view type);

std::string printable(std::string_view text);  // valid UTF-8 without control characters, at most 120 bytes
std::string interval(std::int64_t begin, std::int64_t end);  // "[0, 64)"

}  // namespace trivium
