// Recursive descent over one buffer. Finished children leave a shared stack for an exactly sized vector, so that a
// small file cannot ask for more than a fixed multiple of its size. Knows JSON (RFC 8259) and nothing of what the
// values mean; accepts no comments, no trailing commas, no NaN.
#include "formats/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include "base/utf8.h"
#include "formats/errors.h"

namespace trivium {

namespace {

constexpr int most_depth = 128;
constexpr std::size_t most_values = std::size_t{1} << 23;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Infinity when the text is beyond double.
double parse_double(std::string_view text) {
#if defined(__cpp_lib_to_chars)
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc()) return value;
#endif
  return std::strtod(std::string(text).c_str(), nullptr);
}

}  // namespace

// Every parse_* answers false after it has set error_; position_ is then where the problem is.
class JsonParser {
 public:
  JsonParser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Result<Json> run() {
    if (text_.starts_with("\xEF\xBB\xBF")) position_ = 3;
    Json root;
    skip_space();
    if (!parse_value(root, 0)) return error_;
    skip_space();
    if (position_ != text_.size()) {
      fail("text after the end of the value", "the end of the file");
      return error_;
    }
    return root;
  }

 private:
  bool fail(std::string_view problem, std::string_view expected) {
    std::size_t line = 1, line_start = 0;
    for (std::size_t i = 0; i < position_ && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++line;
        line_start = i + 1;
      }
    }
    const std::string place = "line " + std::to_string(line) + ":" + std::to_string(position_ - line_start + 1);
    const std::string_view found =
        position_ < text_.size() ? text_.substr(position_, 16) : std::string_view("the end of the file");
    error_ = bad_format({file_, place}, "not valid JSON: " + std::string(problem), expected, found,
                        "Repair or download the file again; JSON takes no comments and no trailing commas.");
    return false;
  }

  char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  bool take(char c) {
    if (peek() != c || position_ >= text_.size()) return false;
    ++position_;
    return true;
  }
  void skip_space() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n' ||
                                        text_[position_] == '\t' || text_[position_] == '\r')) {
      ++position_;
    }
  }

  bool parse_value(Json& out, int depth) {
    if (++values_ > most_values) return fail("too many values", "at most 8388608 values");
    switch (peek()) {
      case '{': return parse_object(out, depth);
      case '[': return parse_array(out, depth);
      case '"':
        out.kind_ = Json::Kind::string;
        return parse_string(out.content_.emplace<std::string>());
      case 't': return parse_word("true", out, Json::Kind::boolean, true);
      case 'f': return parse_word("false", out, Json::Kind::boolean, false);
      case 'n': return parse_word("null", out, Json::Kind::null, false);
      default: return parse_number(out);
    }
  }

  bool parse_word(std::string_view word, Json& out, Json::Kind kind, bool boolean) {
    if (text_.substr(position_, word.size()) != word) return fail("unknown word", "a value");
    position_ += word.size();
    out.kind_ = kind;
    out.boolean_ = boolean;
    return true;
  }

  bool parse_number(Json& out) {
    const std::size_t start = position_;
    const auto digits = [&] {
      const std::size_t first = position_;
      while (is_digit(peek())) ++position_;
      return position_ > first;
    };
    take('-');
    if (!is_digit(peek())) return fail("unexpected character", "a value");
    if (!take('0')) digits();
    bool whole = true;
    if (take('.')) {
      whole = false;
      if (!digits()) return fail("number without digits after the point", "a digit");
    }
    if (take('e') || take('E')) {
      whole = false;
      if (!take('+')) take('-');
      if (!digits()) return fail("number without an exponent", "a digit");
    }
    const std::string_view text = text_.substr(start, position_ - start);
    out.kind_ = Json::Kind::number;
    out.number_ = parse_double(text);
    if (!std::isfinite(out.number_)) {
      position_ = start;
      return fail("number out of range", "a number within double precision");
    }
    store_integer(out, text, whole);
    return true;
  }

  // 3, and also 3.0 and 3e2: what is an integer by value counts as one.
  static void store_integer(Json& out, std::string_view text, bool whole) {
    if (whole) {
      const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out.integer_);
      out.exact_ = code == std::errc() && end == text.data() + text.size();
    } else if (std::fabs(out.number_) <= 0x1p53 && out.number_ == std::trunc(out.number_)) {
      out.integer_ = static_cast<std::int64_t>(out.number_);
      out.exact_ = true;
    }
  }

  bool parse_hex(char32_t& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(peek());
      if (digit < 0) return fail("bad \\u escape", "four hexadecimal digits");
      unit = unit * 16 + static_cast<char32_t>(digit);
      ++position_;
    }
    return true;
  }

  bool parse_unicode_escape(std::string& out) {
    char32_t unit = 0;
    if (!parse_hex(unit)) return false;
    if (unit >= 0xDC00 && unit < 0xE000) return fail("lone low surrogate", "a surrogate pair");
    if (unit >= 0xD800 && unit < 0xDC00) {
      char32_t low = 0;
      if (!take('\\') || !take('u')) return fail("lone high surrogate", "a surrogate pair");
      if (!parse_hex(low)) return false;
      if (low < 0xDC00 || low >= 0xE000) return fail("lone high surrogate", "a surrogate pair");
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, unit);
    return true;
  }

  bool parse_escape(std::string& out) {
    const char c = peek();
    if (position_ >= text_.size()) return fail("string without an end", "a closing quote");
    ++position_;
    switch (c) {
      case '"':
      case '\\':
      case '/': out.push_back(c); return true;
      case 'b': out.push_back('\b'); return true;
      case 'f': out.push_back('\f'); return true;
      case 'n': out.push_back('\n'); return true;
      case 'r': out.push_back('\r'); return true;
      case 't': out.push_back('\t'); return true;
      case 'u': return parse_unicode_escape(out);
      default: --position_; return fail("unknown escape", "one of \" \\ / b f n r t u");
    }
  }

  bool parse_string(std::string& out) {
    if (!take('"')) return fail("unexpected character", "a string");
    while (true) {
      const std::size_t start = position_;
      while (position_ < text_.size() && text_[position_] != '"' && text_[position_] != '\\' &&
             static_cast<unsigned char>(text_[position_]) >= 0x20) {
        ++position_;
      }
      const std::string_view run = text_.substr(start, position_ - start);
      if (const std::size_t bad = find_invalid_utf8(run); bad != std::string_view::npos) {
        position_ = start + bad;
        return fail("bytes that are not UTF-8", "UTF-8");
      }
      out.append(run);
      if (position_ >= text_.size()) return fail("string without an end", "a closing quote");
      if (take('"')) return true;
      if (!take('\\')) return fail("control character in a string", "an escape such as \\n");
      if (!parse_escape(out)) return false;
    }
  }

  bool parse_array(Json& out, int depth) {
    if (depth >= most_depth) return fail("nested too deeply", "at most 128 levels");
    ++position_;
    const std::size_t mark = items_.size();
    skip_space();
    if (!take(']')) {
      while (true) {
        Json item;
        skip_space();
        if (!parse_value(item, depth + 1)) return false;
        items_.push_back(std::move(item));
        skip_space();
        if (take(']')) break;
        if (!take(',')) return fail("array without an end", "',' or ']'");
      }
    }
    const auto first = items_.begin() + static_cast<std::ptrdiff_t>(mark);
    out.kind_ = Json::Kind::array;
    out.content_.emplace<std::vector<Json>>(std::make_move_iterator(first), std::make_move_iterator(items_.end()));
    items_.erase(first, items_.end());
    return true;
  }

  bool parse_object(Json& out, int depth) {
    if (depth >= most_depth) return fail("nested too deeply", "at most 128 levels");
    ++position_;
    const std::size_t mark = members_.size();
    skip_space();
    if (!take('}')) {
      while (true) {
        Json::Member member;
        skip_space();
        if (!parse_string(member.first)) return false;
        skip_space();
        if (!take(':')) return fail("key without a value", "':'");
        skip_space();
        if (!parse_value(member.second, depth + 1)) return false;
        members_.push_back(std::move(member));
        skip_space();
        if (take('}')) break;
        if (!take(',')) return fail("object without an end", "',' or '}'");
      }
    }
    const auto first = members_.begin() + static_cast<std::ptrdiff_t>(mark);
    out.kind_ = Json::Kind::object;
    auto& members = out.content_.emplace<std::vector<Json::Member>>(std::make_move_iterator(first),
                                                                    std::make_move_iterator(members_.end()));
    members_.erase(first, members_.end());
    return check_keys(members);
  }

  bool check_keys(const std::vector<Json::Member>& members) {
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const auto& member : members) keys.push_back(member.first);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    return twice == keys.end() || fail("key " + printable(*twice) + " is there twice", "each key once");
  }

  std::string_view text_, file_;
  std::size_t position_ = 0;
  std::size_t values_ = 0;
  std::vector<Json> items_;            // of the arrays that are still open
  std::vector<Json::Member> members_;  // of the objects that are still open
  Error error_;
};

Result<Json> Json::parse(std::string_view text, std::string_view file_for_errors) {
  return JsonParser(text, file_for_errors).run();
}

const Json* Json::find(std::string_view key) const {
  for (const Member& member : members()) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

const std::vector<Json>& Json::items() const {
  static const std::vector<Json> none;
  const auto* items = std::get_if<std::vector<Json>>(&content_);
  return items != nullptr ? *items : none;
}

const std::vector<Json::Member>& Json::members() const {
  static const std::vector<Member> none;
  const auto* members = std::get_if<std::vector<Member>>(&content_);
  return members != nullptr ? *members : none;
}

const std::string& Json::string() const {
  static const std::string none;
  const auto* text = std::get_if<std::string>(&content_);
  return text != nullptr ? *text : none;
}

std::string Json::string_or(std::string_view key, std::string fallback) const {
  const Json* value = find(key);
  return value != nullptr && value->is_string() ? value->string() : fallback;
}

double Json::number_or(std::string_view key, double fallback) const {
  const Json* value = find(key);
  return value != nullptr && value->is_number() ? value->number_ : fallback;
}

bool Json::boolean_or(std::string_view key, bool fallback) const {
  const Json* value = find(key);
  return value != nullptr && value->is_boolean() ? value->boolean_ : fallback;
}

std::optional<std::int64_t> Json::integer() const { return exact_ ? std::optional(integer_) : std::nullopt; }

std::optional<std::int64_t> Json::integer_at(std::string_view key) const {
  const Json* value = find(key);
  return value != nullptr ? value->integer() : std::nullopt;
}

}  // namespace trivium
