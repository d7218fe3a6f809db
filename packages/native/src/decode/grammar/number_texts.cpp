// A text is compared with a bound while it is written: digit by digit against the bound's own, and by the number of its
// digits before the point once that is known.
#include "decode/grammar/number_texts.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>

namespace trivium::grammar {
namespace {

constexpr int most_digits = 15, most_integer_digits = 18;
constexpr double exact_integers = 9007199254740992;  // 2^53: below, every integer is a double
constexpr std::size_t states_for_one = 4;            // of digits, in the room of one of the budget

// A bound that is not negative: digits before the point without leading zeros ("0" for none), and behind it.
struct Decimal {
  std::string whole = "0", fraction;
  bool zero() const { return whole == "0" && fraction.empty(); }
};

// Of |value|; with more digits than texts have it is rounded up or down, towards the side that texts may be on.
Decimal decimal_of(double value, bool round_up) {
  char buffer[400];
  const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::fixed);
  std::string text(buffer, end);
  const std::size_t point = text.find('.');
  Decimal decimal{text.substr(0, point), point == std::string::npos ? "" : text.substr(point + 1)};
  const std::size_t room = decimal.whole.size() >= most_digits ? 0 : most_digits - decimal.whole.size();
  if (decimal.fraction.size() > room) {
    decimal.fraction.resize(room);
    if (round_up) {
      std::string digits = decimal.whole + decimal.fraction;
      std::size_t i = digits.size();
      while (i > 0 && digits[i - 1] == '9') digits[--i] = '0';
      if (i == 0) digits.insert(0, "1");
      else ++digits[i - 1];
      decimal.whole = digits.substr(0, digits.size() - room);
      decimal.fraction = digits.substr(digits.size() - room);
    }
  }
  while (!decimal.fraction.empty() && decimal.fraction.back() == '0') decimal.fraction.pop_back();
  return decimal;
}

enum Order : int { less, equal, greater };

// How what has been written compares with one bound.
struct Comparison {
  int digits = 0;         // before the point; beyond the bound's own their number decides
  Order lexical = equal;  // while before the point: of the digits so far with as many of the bound's
  int behind = -1;        // digits behind the point compared so far, -1 before it; while `lexical` is equal

  auto key() const { return std::tuple(digits, int(lexical), behind); }
  void digit(const Decimal& bound, char c) {
    if (behind < 0) {
      if (digits < int(bound.whole.size()) && lexical == equal) lexical = order(c, bound.whole[std::size_t(digits)]);
      digits = std::min(digits + 1, int(bound.whole.size()) + 1);
      return;
    }
    if (lexical != equal) return;
    lexical = order(c, behind < int(bound.fraction.size()) ? bound.fraction[std::size_t(behind)] : '0');
    behind = std::min(behind + 1, int(bound.fraction.size()));
  }
  void point(const Decimal& bound) {
    lexical = whole_order(bound);
    digits = 0;
    behind = 0;
  }
  Order result(const Decimal& bound) const {
    const Order so_far = behind < 0 ? whole_order(bound) : lexical;
    const bool rest = behind < int(bound.fraction.size()) && (behind >= 0 || !bound.fraction.empty());
    if (so_far != equal || !rest) return so_far;
    return less;  // fractions end with a digit that is not 0
  }

 private:
  static Order order(char a, char b) { return a < b ? less : a > b ? greater : equal; }
  Order whole_order(const Decimal& bound) const {
    const int length = int(bound.whole.size());
    return digits < length ? less : digits > length ? greater : lexical;
  }
};

struct Bound { Decimal decimal; bool exclusive; };

struct Writing {
  Comparison low, high;
  int used = 0;          // digits
  int remainder = 0;
  bool zero = false;     // before the point there is a 0 and nothing else may be
  bool point = false, digit = false;  // a point; a digit since the beginning or the point
  auto key() const { return std::tuple(low.key(), high.key(), used, remainder, zero, point, digit); }
};

// Rounding to doubles keeps the order of integers, so more digits do no harm where no two must be told apart.
int digits_of(const NumberBounds& bounds) {
  const auto exact = [](bool exclusive, const std::optional<double>& bound) { return !exclusive || !bound || std::fabs(*bound) < exact_integers; };
  const bool plain = bounds.integer && bounds.multiple_of == 0 && exact(bounds.low_exclusive, bounds.low) && exact(bounds.high_exclusive, bounds.high);
  return plain ? most_integer_digits : most_digits;
}

// Texts of x >= 0 between the bounds, with `minus` before them.
bool add_half(CodeAutomaton& into, bool minus, const std::optional<Bound>& low, const std::optional<Bound>& high,
              const NumberBounds& bounds, AutomatonBudget& budget) {
  const int most = digits_of(bounds);
  std::map<decltype(Writing().key()), std::uint32_t> known;
  std::vector<std::pair<Writing, std::uint32_t>> open;
  const auto id_of = [&](const Writing& writing) {
    const auto [at, fresh] = known.try_emplace(writing.key(), 0);
    if (fresh) {
      at->second = into.add_state();
      open.emplace_back(writing, at->second);
    }
    return at->second;
  };
  const auto within_bounds = [&](const Writing& writing) {
    const Order left = low ? writing.low.result(low->decimal) : greater;
    const Order right = high ? writing.high.result(high->decimal) : less;
    return (left == greater || (left == equal && !low->exclusive)) && (right == less || (right == equal && !high->exclusive));
  };
  const std::uint32_t first = id_of({});
  if (minus)
    into.states[into.start].edges.push_back({'-', '-', first});
  else
    into.states[into.start].epsilons.push_back(first);
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (into.states.size() > budget.states * states_for_one) return false;
    const auto [now, id] = open[i];
    into.states[id].accepts = now.digit && within_bounds(now) && now.remainder == 0;
    if (!now.zero || now.point) {
      for (char c = '0'; c <= '9' && now.used < most; ++c) {
        Writing next = now;
        next.used++;
        next.zero = !now.point && !now.digit && c == '0';
        next.digit = true;
        if (bounds.multiple_of > 0) next.remainder = int((now.remainder * 10 + (c - '0')) % bounds.multiple_of);
        if (low) next.low.digit(low->decimal, c);
        if (high) next.high.digit(high->decimal, c);
        const std::uint32_t target = id_of(next);
        into.states[id].edges.push_back({char32_t(c), char32_t(c), target});
      }
    }
    if (!bounds.integer && now.digit && !now.point && now.used < most) {
      Writing next = now;
      next.point = true;
      next.digit = next.zero = false;
      if (low) next.low.point(low->decimal);
      if (high) next.high.point(high->decimal);
      const std::uint32_t target = id_of(next);
      into.states[id].edges.push_back({'.', '.', target});
    }
    if (!budget.spend((into.states[id].edges.size() + 1) * AutomatonBudget::an_edge)) return false;
  }
  return true;
}

}  // namespace

std::optional<CodeAutomaton> number_texts(const NumberBounds& bounds, AutomatonBudget& budget) {
  CodeAutomaton texts;
  texts.start = texts.add_state();
  const auto bound = [](std::optional<double> value, bool exclusive, bool round_up) -> std::optional<Bound> {
    if (!value) return std::nullopt;
    return Bound{decimal_of(*value, round_up), exclusive};
  };
  // x >= 0, and below it y = -x > 0 between the bounds' negatives. A bound that was rounded inwards is never too wide.
  if (!bounds.high || *bounds.high > 0 || (*bounds.high == 0 && !bounds.high_exclusive)) {
    const bool positive_low = bounds.low && (*bounds.low > 0 || (*bounds.low == 0 && bounds.low_exclusive));
    const auto low = positive_low ? bound(bounds.low, bounds.low_exclusive, true) : std::nullopt;
    if (!add_half(texts, false, low, bound(bounds.high, bounds.high_exclusive, false), bounds, budget)) return std::nullopt;
  }
  if (!bounds.low || *bounds.low < 0) {
    const bool negative_high = bounds.high && *bounds.high < 0;
    const auto low = negative_high ? bound(bounds.high, bounds.high_exclusive, true) : std::optional(Bound{Decimal(), true});
    if (!add_half(texts, true, low, bound(bounds.low, bounds.low_exclusive, false), bounds, budget)) return std::nullopt;
  }
  return trimmed(std::move(texts));
}

bool leave_room(const NumberBounds& bounds) {
  if (!bounds.low || !bounds.high) return true;
  if (!bounds.integer) return *bounds.low < *bounds.high || within(bounds, *bounds.low);
  const double step = double(std::max<std::int64_t>(bounds.multiple_of, 1));
  double least = std::ceil(*bounds.low / step) * step;
  if (bounds.low_exclusive && least == *bounds.low) least += step;
  return within(bounds, least);
}

bool within(const NumberBounds& bounds, double value) {
  if (bounds.integer && value != std::trunc(value)) return false;
  if (bounds.low && (bounds.low_exclusive ? value <= *bounds.low : value < *bounds.low)) return false;
  if (bounds.high && (bounds.high_exclusive ? value >= *bounds.high : value > *bounds.high)) return false;
  return bounds.multiple_of == 0 || std::fmod(value, double(bounds.multiple_of)) == 0;
}

std::string number_text(double value) {
  if (value == 0) return "0";
  char buffer[400];
  const bool whole = value == std::trunc(value) && std::fabs(value) < 1e21;
  const auto [end, code] = whole ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed)
                                 : std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end);
}

}  // namespace trivium::grammar
