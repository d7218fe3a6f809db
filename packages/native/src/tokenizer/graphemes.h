// Where a user-perceived character ends: the extended grapheme clusters of Unicode's UAX #29, as far as clusters of at
// most five bytes go, which is all that a compiled character map asks about. Knows no tables of its own.
#pragma once
#include <cstddef>
#include <string_view>

namespace trivium {

// The end of the cluster that begins at `at`; at < text.size(), the text well-formed.
std::size_t grapheme_end(std::string_view text, std::size_t at);

}  // namespace trivium
