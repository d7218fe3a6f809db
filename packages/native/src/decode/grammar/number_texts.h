// Texts of JSON numbers within bounds, as automata over digits. Texts are plain decimals; with bounds they have at most 15
// digits (integers 18, where no two must be told apart), so that the double that a reader makes of a text stands on the same side of a bound as the text does. -0 is never
// written. Refuses to know schemas.
#pragma once
#include <compare>
#include <optional>

#include "decode/grammar/code_automaton.h"

namespace trivium::grammar {

struct NumberBounds {
  bool integer = false;
  std::optional<double> low, high;
  bool low_exclusive = false, high_exclusive = false;
  std::int64_t multiple_of = 0;  // 0: any; else `integer` is meant too

  bool free() const { return !low && !high && multiple_of == 0; }
  auto operator<=>(const NumberBounds&) const = default;
};

inline constexpr std::int64_t largest_multiple = 2'500;  // has room with any bounds

// Nothing when it would take more than the budget. The language is empty when no text is within the bounds.
std::optional<CodeAutomaton> number_texts(const NumberBounds& bounds, AutomatonBudget& budget);
// Whether a number lies within the bounds; with exponents texts could say more of them than they do.
bool leave_room(const NumberBounds& bounds);
bool within(const NumberBounds& bounds, double value);
// The shortest text that reads as the number again.
std::string number_text(double value);

}  // namespace trivium::grammar
